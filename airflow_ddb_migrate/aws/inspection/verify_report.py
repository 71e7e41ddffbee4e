"""Compose what the check after a migration found, from the ledger."""

from airflow_ddb_migrate.aws.inspection.totals import read
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.inspection.verify import VerifyReport


def compose_verify(site: Site, now: float) -> VerifyReport:
    """Return the report of the check that is the site's migration, as far as it is.

    :raises LedgerError: nothing was started under this name.
    """
    return VerifyReport(**read(site, now).fields())
