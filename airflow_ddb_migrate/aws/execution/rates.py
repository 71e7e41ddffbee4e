"""What is told of a migration while it runs: how fast it is, its cost, and the time left."""

from airflow_ddb_migrate.aws.execution.tend import Observation
from airflow_ddb_migrate.aws.plan.measured_cost import spent
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.execution.rates import NOTHING_PLANNED, Expected, Look
from airflow_ddb_migrate.core.names import PLAN
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan

_MEASURED = ("writes", "reads", "lambda", "step_functions")


def look_of(site: Site, seen: Observation, now: float) -> Look:
    """Return the figures of an observation; a cost that cannot be read is unknown."""
    control, attempt = seen.control, seen.attempt
    is_current = control is not None and control.attempt == attempt.number
    return Look(
        at=now,
        progress=seen.progress,
        attempt=attempt.number,
        attempt_started_at=attempt.started_at,
        read_units_per_second=control.read_units_per_second if control and is_current else 0.0,
        write_units_per_second=control.write_units_per_second if control and is_current else 0.0,
        dollars=_dollars(site, seen),
        is_held=bool(seen.said.hold_reason),
    )


def expected_of(site: Site, seen: Observation) -> Expected:
    """Return what the plan of the whole table says; nothing without one, or of some lanes."""
    if seen.attempt.scope or seen.record.scope:
        return NOTHING_PLANNED
    try:
        plan = MigrationPlan.from_json(site.ledger.read_note(site.migration_id, PLAN))
        cost = plan.cost_usd
    except (MigrationError, KeyError, TypeError, ValueError):
        return NOTHING_PLANNED  # none, or of another version
    return Expected(items=plan.load.items, dollars=sum(cost.get(part, 0.0) for part in _MEASURED))


def _dollars(site: Site, seen: Observation) -> float | None:
    try:
        return sum(spent(site, seen.progress).values())
    except MigrationError:
        return None
