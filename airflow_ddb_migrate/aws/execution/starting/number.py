"""Takes an attempt's number, and sets the budgets, hours and alarms of its workers."""

from airflow_ddb_migrate.aws.plan.cost_limit import cost_limit_of
from airflow_ddb_migrate.aws.preflight.alarms import alarms_here
from airflow_ddb_migrate.aws.preflight.open_hours import next_stretch, stretch_after
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import LedgerBusyError
from airflow_ddb_migrate.core.execution.payload import validate_max_concurrency
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.records import (
    NO_HOURS,
    NO_LIMIT,
    AttemptHours,
    AttemptRecord,
    Budget,
    ControlRecord,
    HealthGate,
)
from airflow_ddb_migrate.core.mode import Mode


def next_number(attempt: AttemptRecord | None, status: ExecutionStatus) -> int:
    """Return the number of the attempt to begin; one that was never started is used again."""
    if attempt is None:
        return 1
    never_started = status is ExecutionStatus.MISSING and not (
        attempt.started_at or attempt.ended_at
    )
    return attempt.number if never_started else attempt.number + 1


def take_number(  # noqa: PLR0913 # everything that the workers of an attempt obey
    site: Site,
    mine: AttemptRecord,
    request: StartRequest,
    hours: AttemptHours,
    after: ControlRecord | None,
    *,
    stays_paused: bool = False,
) -> Budget:
    """Write the attempt and its control record; return its budget.

    A person's command from here on either applies to this attempt, or nothing is started.
    """
    now = site.clock.now()
    ledger, name = site.ledger, site.migration_id
    said = after or ledger.control(name)
    held = said.in_force(now) if said and stays_paused else ()
    gate = HealthGate(
        hold_while=alarms_here(site, request.alarms),
        healthy_for=float(request.healthy_for),
        eased_at=now if after and _was_ill(after, mine, now) else 0.0,
    )
    budget = _budget(request, mine.lanes, after)
    is_limited = request.mode is Mode.MIGRATE
    limit = cost_limit_of(site, request.limits) if is_limited else NO_LIMIT
    # Workers add up anew what was spent.
    pauses = tuple(one for one in held if one.outlasts_windows and one.kind != HoldKind.MONEY)
    if not (
        _write_down(site, mine)
        and ledger.begin_attempt(
            name, mine.number, now, budget, gate, hours, limit=limit, holds=pauses, after=said
        )
    ):
        raise LedgerBusyError(
            f"Another try took attempt {mine.number} of {name} at the same time, or the migration "
            "was paused, retuned or stopped. Nothing was started. Try again: if another try has "
            "started it, this one attaches to it."
        )
    return budget


def _write_down(site: Site, mine: AttemptRecord) -> bool:
    latest = site.ledger.latest_attempt(site.migration_id)
    is_known = latest is not None and latest.number == mine.number
    write = site.ledger.renew_attempt if is_known else site.ledger.create_attempt
    return write(site.migration_id, mine)


def _budget(request: StartRequest, lanes: int, after: ControlRecord | None) -> Budget:
    """Return the budgets. A continued migration keeps its own, which a person may have changed.

    Until the live workers are counted, the budget is divided among all that may run.
    """
    asked, limits = after or request, request.limits
    return Budget(
        read_units_per_second=limits.budget(asked.read_units_per_second) or 0,
        write_units_per_second=limits.budget(asked.write_units_per_second) or 0,
        sharers=validate_max_concurrency(request.max_concurrency, lanes),
    )


def _was_ill(after: ControlRecord, mine: AttemptRecord, now: float) -> bool:
    """Return whether alarms ended the previous attempt, also if this one is tried again."""
    is_same = after.attempt == mine.number
    is_held = any(hold.kind == HoldKind.HEALTH for hold in after.in_force(now))
    return is_held or (is_same and after.eased_at > 0)


def hours_from_now(site: Site, request: StartRequest) -> AttemptHours:
    """Return when an attempt that begins now has to end, and when the next one can begin."""
    stretch = next_stretch(site, request, raises=False)
    if stretch is None:
        return NO_HOURS
    following = stretch_after(site, request, stretch)
    return AttemptHours(
        closes_at=stretch.closes_at, opens_at=following.opens_at if following else 0.0
    )
