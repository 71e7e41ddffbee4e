"""What the site's migration has cost so far."""

from collections.abc import Mapping

from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity import BillingMode, CapacitySnapshot
from airflow_ddb_migrate.core.cost import measured_cost
from airflow_ddb_migrate.core.names import CAPACITY_DURING
from airflow_ddb_migrate.core.prices import prices_for
from airflow_ddb_migrate.core.progress import Progress


def spent(site: Site, progress: Progress) -> Mapping[str, float]:
    """Return dollars by part, on the list prices of the stack's region."""
    is_on_demand = _billing_mode(site) is BillingMode.PAY_PER_REQUEST
    return measured_cost(progress, prices_for(site.stack.region), is_on_demand=is_on_demand)


def _billing_mode(site: Site) -> BillingMode:
    """The one while it worked: restore may have switched it back since."""
    text = site.ledger.read_note(site.migration_id, CAPACITY_DURING)
    snapshot = CapacitySnapshot.from_json(text) if text else site.table.snapshot
    return snapshot.billing_mode
