"""How far a migration is, and whether it succeeded: pure functions of the ledger's lanes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneRow, LaneState, MigrationRecord
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.ledger.throttles import Throttles, as_sentence, trouble_words
from airflow_ddb_migrate.core.limits import HOLD_SECONDS

_SHOWN_LANES = 5


class ExecutionStatus(StrEnum):
    """States of Step Functions, and MISSING for an execution that it does not know."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    PENDING_REDRIVE = "PENDING_REDRIVE"
    MISSING = "MISSING"

    @property
    def is_live(self) -> bool:
        """Return whether children may still start. PENDING_REDRIVE can wait days for a person."""
        return self is ExecutionStatus.RUNNING


MAY_WAIT: Final = frozenset({ExecutionStatus.SUCCEEDED, ExecutionStatus.MISSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRunCounts:
    """Child executions as DescribeMapRun counts them; for explanations only."""

    pending: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    aborted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """An attempt in DescribeExecution. ``ended_at`` is 0 while it runs, or if unknown."""

    arn: str = ""
    status: ExecutionStatus = ExecutionStatus.MISSING
    error: str = ""
    cause: str = ""
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The lanes of a migration, added up.

    ``failed`` and ``unfinished`` name lanes, in ascending order. ``total_laps`` are the invocations
    of all attempts that took a lane, ``worked_seconds`` the time they had it; children that only
    wait for a hold to end take none. ``items_of_done`` are the items seen in finished lanes.
    """

    lanes: int
    done: int
    running: int
    live: int
    failed: tuple[LaneRow, ...]
    unfinished: tuple[int, ...]
    counts: Counts = field(default_factory=Counts)
    units: Units = field(default_factory=Units)
    throttles: Throttles = field(default_factory=Throttles)
    conflicts: int = 0
    total_laps: int = 0
    worked_seconds: float = 0.0
    items_of_done: int = 0

    @property
    def is_finished(self) -> bool:
        return not self.unfinished

    @property
    def pending(self) -> int:
        return self.lanes - self.done - self.running - len(self.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state of a migration, as one word and as sentences."""

    outcome: Outcome
    reason: str


def summarize(rows: Iterable[LaneRow], lanes: Collection[int], now: float) -> Progress:
    """Add up the rows of these lanes only. A lane without a row is pending."""
    wanted = frozenset(lanes)
    by_lane = {row.lane: row for row in rows if row.lane in wanted}
    known = by_lane.values()
    return Progress(
        lanes=len(lanes),
        done=sum(row.state is LaneState.DONE for row in known),
        running=sum(row.state is LaneState.RUNNING for row in known),
        live=sum(row.is_live(now) for row in known),
        failed=tuple(by_lane[i] for i in sorted(by_lane) if by_lane[i].state is LaneState.FAILED),
        unfinished=tuple(
            i for i in sorted(lanes) if i not in by_lane or by_lane[i].state is not LaneState.DONE
        ),
        counts=sum((row.counts for row in known), Counts()),
        units=sum((row.units for row in known), Units()),
        throttles=sum((row.throttles for row in known), Throttles()),
        conflicts=sum(row.conflicts for row in known),
        total_laps=sum(row.total_laps for row in known),
        worked_seconds=sum(row.worked_seconds for row in known),
        items_of_done=sum(row.counts.seen for row in known if row.state is LaneState.DONE),
    )


def judge(  # noqa: PLR0913 # the first decides, the others explain
    progress: Progress,
    execution: Execution,
    map_run: MapRunCounts | None = None,
    *,
    record: MigrationRecord | None = None,
    stop_reason: str = "",
    hold_reason: str = "",
    held_seconds: float = 0.0,
    refusal: str = "",
    closed: str = "",
) -> Verdict:
    """Return the state of a migration. Only the ledger decides about success; the rest explains.

    A migration succeeded if every lane is finished, and no more items are quarantined than
    ``record`` allows.

    If the execution has ended but its workers still show signs of life, the state is DRAINING. They
    end at their next read of the control record, and until then neither the table nor its capacity
    may be taken from them.

    :param stop_reason: the control record's reason of a STOP.
    :param hold_reason: that of a HOLD in force, which has lasted ``held_seconds``.
    :param refusal: why a worker could not start.
    :param closed: sentences on why it is outside its hours; empty: it is not.
    """
    if execution.status.is_live:
        why = f" On hold: {hold_reason}" if hold_reason else ""
        why += f" Being stopped: {stop_reason}" if stop_reason else ""
        why += f" {closed}" if closed else ""
        return Verdict(outcome=Outcome.RUNNING, reason=describe_progress(progress) + why)
    if progress.live:
        return Verdict(
            outcome=Outcome.DRAINING,
            reason=f"Execution {execution.status}; {progress.live:,} workers are still ending.",
        )
    if closed and _may_wait(progress, execution, stop_reason):
        return Verdict(outcome=Outcome.WAITING, reason=f"{describe_progress(progress)} {closed}")
    if not progress.is_finished:
        hold = _hold_words(hold_reason, held_seconds)
        told = " ".join(filter(None, (_refusal_words(refusal), _map_run_words(map_run))))
        why = _why_failed(progress, execution, stop_reason, hold, told)
        return Verdict(outcome=Outcome.FAILED, reason=why)
    counts = progress.counts
    if record and not record.allows(counts.quarantined, seen=counts.seen):
        return Verdict(outcome=Outcome.FAILED, reason=_too_many(progress, record, stop_reason))
    return Verdict(outcome=Outcome.SUCCEEDED, reason=describe_progress(progress))


def _may_wait(progress: Progress, execution: Execution, stop_reason: str) -> bool:
    """Return whether an execution that ended, or has not begun, only has to continue later."""
    is_undone = not (progress.is_finished or progress.failed)
    return execution.status in MAY_WAIT and is_undone and not stop_reason


def describe_progress(progress: Progress) -> str:
    """Return how far the migration is, as a sentence. It says 100 % only when all is done."""
    share = 100 * progress.done // progress.lanes
    counts, trouble = progress.counts, trouble_words(progress.throttles, progress.conflicts)
    return (
        f"{progress.done:,} of {progress.lanes:,} segments done ({share} %), "
        f"{progress.running:,} running, {progress.pending:,} pending, "
        f"{len(progress.failed):,} failed; "
        f"{counts.seen:,} items seen, {_words(counts)}{f'; {trouble}' if trouble else ''}."
    )


def _words(counts: Counts) -> str:
    """Return what became of the items: always the changed ones, and the others that occurred."""
    others = {n: v for n, v in counts.to_dict().items() if v and n not in {"seen", "changed"}}
    return ", ".join(
        f"{number:,} {name}" for name, number in {"changed": counts.changed, **others}.items()
    )


def _too_many(progress: Progress, record: MigrationRecord, stop_reason: str) -> str:
    counts = progress.counts
    last_words = f" Last reason that its workers gave: {stop_reason}" if stop_reason else ""
    return (
        f"{counts.quarantined:,} of {counts.seen:,} items were quarantined; "
        f"{record.max_quarantined:,} and {record.max_quarantined_percentage:g} % are allowed "
        "(max_quarantined, max_quarantined_percentage). Every other item is done. Their keys and "
        f"errors are under migrations/{record.migration_id}/quarantine/ in the stack's bucket. "
        "Fix the transform or the items and run a new migration: it changes only what is left."
        f"{last_words}"
    )


def _hold_words(reason: str, held_seconds: float) -> tuple[str, str]:
    """Return what a hold had to do with the end of an execution, and how to continue."""
    if held_seconds <= HOLD_SECONDS:
        return f"It was on hold: {reason.rstrip('.')}." if reason else "", (
            "Finished segments are kept. To continue, clear the start task (or trigger again with "
            "this migration_id): a new attempt works on the unfinished segments only."
        )
    return (
        f"It was on hold for over {HOLD_SECONDS // 60} minutes ({reason.rstrip('.')}), so its "
        "execution ended by itself.",
        "The restore task restores its raised capacity. Finished segments are kept. To continue, "
        "clear the tasks from prewarm on (or trigger again with this migration_id): capacity is "
        "raised again, and a new attempt works on the unfinished segments only.",
    )


def _why_failed(
    progress: Progress,
    execution: Execution,
    stop_reason: str,
    hold: tuple[str, str],
    told: str,
) -> str:
    """Return why it failed. ``told`` is what the workers and their map run report."""
    held, how_to_go_on = hold
    parts = [
        f"{len(progress.unfinished):,} of {progress.lanes:,} segments are unfinished; "
        f"the execution is {execution.status}.",
        f"It was stopped: {stop_reason.rstrip('.')}." if stop_reason else "",
        held,
        _execution_words(execution),
        as_sentence(trouble_words(progress.throttles, progress.conflicts)),
        _failed_words(progress.failed, stop_reason),
        told,
        how_to_go_on,
    ]
    return " ".join(part for part in parts if part)


def _execution_words(execution: Execution) -> str:
    if not execution.error and not execution.cause:
        return ""
    return f"Error: {execution.error or 'none given'}. Cause: {execution.cause or 'none given'}."


def _failed_words(failed: tuple[LaneRow, ...], said: str) -> str:
    """Return the first failed segments, without causes that ``said`` already has."""
    if not failed:
        return ""
    shown = "; ".join(
        f"{row.lane}: {row.error}" + ("" if row.cause in said else f" ({row.cause})")
        for row in failed[:_SHOWN_LANES]
    )
    more = len(failed) - _SHOWN_LANES
    return f"Failed segments: {shown}{f'; and {more:,} more' if more > 0 else ''}."


def _refusal_words(refusal: str) -> str:
    return f"A worker could not start: {refusal.rstrip('.')}." if refusal else ""


def _map_run_words(map_run: MapRunCounts | None) -> str:
    if map_run is None:
        return ""
    return (
        f"Child executions: {map_run.succeeded:,} succeeded, {map_run.failed:,} failed, "
        f"{map_run.timed_out:,} timed out, {map_run.aborted:,} aborted, "
        f"{map_run.pending:,} not begun."
    )
