"""The cost of the site's migration so far."""

from collections.abc import Mapping

from airflow_ddb_migrate.aws.ledger.notes import known_plan, noted_capacity
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode
from airflow_ddb_migrate.core.execution.progress import Progress
from airflow_ddb_migrate.core.ledger.notes import CAPACITY_DURING
from airflow_ddb_migrate.core.limits import LAMBDA_MEMORY_MB
from airflow_ddb_migrate.core.plan.bill import Tariff
from airflow_ddb_migrate.core.plan.measured_cost import measured_cost
from airflow_ddb_migrate.core.plan.prices import prices_for


def spent(site: Site, progress: Progress) -> Mapping[str, float]:
    """Return dollars by part."""
    return measured_cost(progress, tariff_of(site), regions=1 + len(site.table.replicas))


def tariff_of(site: Site) -> Tariff:
    """Return the prices for the migration: the plan's, or the region's list prices."""
    plan = known_plan(site.ledger, site.migration_id)
    known = plan.tariff if plan else None
    return Tariff(
        prices=known.prices if known else prices_for(site.stack.region),
        billing_mode=_billing_mode(site),
        lambda_memory_mb=known.lambda_memory_mb if known else LAMBDA_MEMORY_MB,
        table_class=site.table.table_class,
    )


def _billing_mode(site: Site) -> BillingMode:
    """Return the billing mode during the migration: restore may have switched it back since."""
    raised = noted_capacity(site.ledger, site.migration_id, CAPACITY_DURING)
    return (raised or site.table.snapshot).billing_mode
