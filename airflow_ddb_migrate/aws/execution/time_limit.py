"""How long to wait for a migration: the plan knows, Airflow's defaults do not."""

from airflow_ddb_migrate.aws.execution.request import plan_owner
from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.limits import (
    EXECUTION_DAYS,
    WAIT_FACTOR,
    WAIT_SECONDS,
)

_DAY_SECONDS = 86_400


def time_limit(site: Site) -> float:
    """Return the seconds after which a wait gives up.

    Three times what the plan expects at most, and never less than a day: what takes so much longer
    is not only slow. Without a plan the year that an execution may run.
    """
    longest = float(EXECUTION_DAYS * _DAY_SECONDS)
    record = site.ledger.migration(site.migration_id)
    owner = plan_owner(site, record) if record else site.migration_id
    seconds = plan_fields(site.ledger, owner).get("seconds") or {}
    high = float(seconds.get("high", 0))
    return min(longest, max(WAIT_SECONDS, WAIT_FACTOR * high)) if high else longest
