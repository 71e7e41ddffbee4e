"""What the site's migration has cost so far."""

from collections.abc import Mapping

from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, CapacitySnapshot
from airflow_ddb_migrate.core.execution.progress import Progress
from airflow_ddb_migrate.core.limits import LAMBDA_MEMORY_MB
from airflow_ddb_migrate.core.names import CAPACITY_DURING, PLAN
from airflow_ddb_migrate.core.plan.bill import Tariff
from airflow_ddb_migrate.core.plan.measured_cost import measured_cost
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.prices import prices_for


def spent(site: Site, progress: Progress) -> Mapping[str, float]:
    """Return dollars by part."""
    return measured_cost(progress, tariff_of(site))


def tariff_of(site: Site) -> Tariff:
    """Return what the migration is charged by: the plan's prices, or list prices of the region.

    A plan of another version, which cannot be read, is no reason to fail what only counts.
    """
    text = site.ledger.read_note(site.migration_id, PLAN)
    try:
        known = MigrationPlan.from_json(text).tariff
    except (KeyError, TypeError, ValueError):
        known = None
    return Tariff(
        prices=known.prices if known else prices_for(site.stack.region),
        billing_mode=_billing_mode(site),
        lambda_memory_mb=known.lambda_memory_mb if known else LAMBDA_MEMORY_MB,
    )


def _billing_mode(site: Site) -> BillingMode:
    """The one while it worked: restore may have switched it back since."""
    text = site.ledger.read_note(site.migration_id, CAPACITY_DURING)
    snapshot = CapacitySnapshot.from_json(text) if text else site.table.snapshot
    return snapshot.billing_mode
