"""Whether a migration that should work makes no progress. Pure."""

from collections.abc import Collection, Iterable

from airflow_ddb_migrate.core.ledger.records import (
    AttemptRecord,
    Command,
    ControlRecord,
    LaneRow,
    LaneState,
)
from airflow_ddb_migrate.core.limits import NO_PROGRESS_SECONDS


def may_be_stalled(control: ControlRecord | None, attempt: AttemptRecord, now: float) -> bool:
    """Return whether its workers should be working, and have had time to.

    A migration on hold, being stopped, outside its hours, or over has a reason to make none. Once
    the next window has begun, the waiting task should have started the next attempt.
    """
    if control is None or control.attempt != attempt.number:
        return False
    if control.command is Command.STOP or control.in_force(now):
        return False
    if control.is_closed(now):
        return 0 < control.opens_at <= now - NO_PROGRESS_SECONDS
    return not attempt.ended_at and now - _begun(control, attempt) >= NO_PROGRESS_SECONDS


def is_stalled(rows: Iterable[LaneRow], lanes: Collection[int], now: float) -> bool:
    """Return whether lanes are left and none of them settled a page within NO_PROGRESS_SECONDS."""
    left, progressed_at = set(lanes), 0.0
    for row in rows:
        progressed_at = max(progressed_at, _progressed_at(row))
        if row.state is LaneState.DONE:
            left.discard(row.lane)
    return bool(left) and now - progressed_at >= NO_PROGRESS_SECONDS


def _begun(control: ControlRecord, attempt: AttemptRecord) -> float:
    """Return since when it may work. A hold that ended by itself ended at its ``until``."""
    holds_ended = (hold.until for hold in control.holds)
    started = attempt.started_at or attempt.intended_at
    return max(started, control.since, control.until, *holds_ended)


def _progressed_at(row: LaneRow) -> float:
    """Return when a page was last settled; older workers only note that they are alive."""
    return row.progressed_at or (row.updated_at if row.counts.seen else 0.0)
