"""The figures of a running migration: its speed, its cost, and the time left."""

from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.ledger.notes import known_plan
from airflow_ddb_migrate.aws.plan.measured_cost import spent
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.execution.rates import NOTHING_PLANNED, PlannedWork, Reading

_MEASURED = ("writes", "reads", "lambda", "step_functions")


def reading_of(site: Site, seen: Observation, *, is_priced: bool = True) -> Reading:
    """Return the figures of an observation. If the cost cannot be read, it is unknown.

    :param is_priced: read what the cost depends on, too.
    """
    now = site.clock.now()
    control, attempt = seen.control, seen.attempt
    is_current = control is not None and control.attempt == attempt.number
    return Reading(
        at=now,
        progress=seen.progress,
        attempt=attempt.number,
        attempt_started_at=attempt.started_at,
        read_units_per_second=control.read_units_per_second if control and is_current else 0.0,
        write_units_per_second=control.write_units_per_second if control and is_current else 0.0,
        dollars=_dollars(site, seen) if is_priced else None,
        is_held=bool(seen.orders.hold_reason),
    )


def planned_work(site: Site, seen: Observation) -> PlannedWork:
    """Return the plan's figures; none without a plan, or if only some lanes are migrated."""
    if seen.attempt.scope or seen.record.scope:
        return NOTHING_PLANNED
    try:
        plan = known_plan(site.ledger, site.migration_id)
    except MigrationError:
        return NOTHING_PLANNED
    if plan is None:
        return NOTHING_PLANNED
    cost = plan.cost_usd
    return PlannedWork(
        items=plan.load.items, dollars=sum(cost.get(part, 0.0) for part in _MEASURED)
    )


def _dollars(site: Site, seen: Observation) -> float | None:
    try:
        return sum(spent(site, seen.progress).values())
    except MigrationError:
        return None
