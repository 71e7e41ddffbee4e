"""Compose what a dry run or a check found, from the ledger and a few objects of the bucket."""

from collections.abc import Iterator
from itertools import chain, zip_longest

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.inspection.totals import InspectionTotals, evenly_chosen, read_totals
from airflow_ddb_migrate.aws.services.bucket import DIFF, Row
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.inspection.dry_run import DryRunReport, Example, choose, example_from
from airflow_ddb_migrate.core.inspection.verify import VerifyReport

_OBJECTS = 5  # that are read, whatever the table's size


def compose_dry_run(site: Site) -> DryRunReport:
    """Return the report of the dry run that is the site's migration, as far as it is.

    :raises LedgerError: nothing was started under this name.
    """
    looked = read_totals(site)
    examples, missing = _examples(site, looked)
    return DryRunReport(
        **looked.fields(),
        read_units=looked.progress.units.read,
        diff_uri=site.bucket.uri(f"{DIFF}/"),
        examples=examples,
        examples_missing=missing,
    )


def compose_verify(site: Site) -> VerifyReport:
    """Return the report of the check that is the site's migration, as far as it is.

    :raises LedgerError: nothing was started under this name.
    """
    return VerifyReport(**read_totals(site).fields())


def _examples(site: Site, looked: InspectionTotals) -> tuple[tuple[Example, ...], str]:
    """Return a few differences, or why there are none: the figures are worth it without them."""
    resource = f"bucket {site.bucket.name}"
    try:
        with aws_call("s3:ListBucket and s3:GetObject", resource):
            rows = list(_rows(site, evenly_chosen(looked.changing, _OBJECTS)))
    except MigrationError as error:
        return (), f"unknown: {error}"
    show_values = looked.record.show_values
    return choose(example_from(row, show_values=show_values) for row in rows), ""


def _rows(site: Site, lanes: tuple[int, ...]) -> Iterator[Row]:
    """Yield the rows of one object of each lane, in turn."""
    objects = [_first_object(site, lane) for lane in lanes]
    turns = zip_longest(*objects)
    return (row for row in chain.from_iterable(turns) if row is not None)


def _first_object(site: Site, lane: int) -> list[Row]:
    path = next(site.bucket.paths(f"{DIFF}/{lane:06d}/"), None)
    return site.bucket.get(path) if path else []
