"""Observe a migration: its lanes, its execution and its control record. Changes nothing."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import AccessDeniedError, NotBegunError
from airflow_ddb_migrate.core.execution.hold import Hold
from airflow_ddb_migrate.core.execution.progress import (
    MAY_WAIT,
    Execution,
    ExecutionStatus,
    MapRunCounts,
    Progress,
    Verdict,
    judge,
    summarize,
)
from airflow_ddb_migrate.core.hours.closed import Closed, kept_words
from airflow_ddb_migrate.core.ledger.holds import (
    RECOVERABLE,
    HoldKind,
    HoldRecord,
    summary_of,
)
from airflow_ddb_migrate.core.ledger.notes import REFUSAL
from airflow_ddb_migrate.core.ledger.records import (
    AttemptRecord,
    Command,
    ControlRecord,
    LaneRow,
    LaneState,
    MigrationRecord,
)
from airflow_ddb_migrate.core.ledger.results import CANARY, Outcome
from airflow_ddb_migrate.core.limits import CLOSED_LOOK_SECONDS

_RECOVERS: Final = (
    "Its alarms held it for over an hour, so the execution ended. The waiting task restores "
    "raised capacity, and starts a new attempt once the alarms are OK. If no task waits, clear "
    "the start task with its downstream tasks."
)
_TRIED_AGAIN: Final = (
    "Its execution did not start. The waiting task tries again, with the same attempt number. If "
    "no task waits, clear the start task with its downstream tasks."
)
_NO_REASON: Final = "no reason given"


@dataclass(frozen=True, slots=True)
class Orders:
    """Why the workers stop or are on hold; empty if they are not.

    - ``stop_reason``: the reason of a STOP.
    - ``holds``: the holds in force; ``hold_reason`` sums them up.
    - ``held_seconds``: how long the first hold has lasted, at most until the attempt ended.
    - ``ends_attempt``: one of the holds ended the execution, or is ending it.
    - ``closed``: the attempt is outside its hours.
    - ``recovers``: only its alarms ended the execution. The next attempt begins once they are OK,
      within the hours and unless another hold is in force.
    - ``is_tried_again``: an execution that should continue the migration could not be started.
    """

    stop_reason: str = ""
    hold_reason: str = ""
    held_seconds: float = 0.0
    holds: tuple[HoldRecord, ...] = ()
    ends_attempt: bool = False
    closed: Closed | None = None
    recovers: bool = False
    is_tried_again: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether another execution follows once this one has ended."""
        return self.closed is not None or self.recovers or self.is_tried_again

    @property
    def blocking(self) -> tuple[HoldRecord, ...]:
        """The holds that keep the next attempt from beginning. Others begin again by themselves."""
        return tuple(hold for hold in self.holds if hold.outlasts_windows)

    def closed_words(self, now: float) -> str:
        """Return sentences on what it waits for, such as its hours; empty if it does not wait."""
        if not self.goes_on or (self.ends_attempt and not self.recovers):
            return ""
        parts = [
            _RECOVERS if self.recovers else "",
            _TRIED_AGAIN if self.is_tried_again else "",
            self.closed.words(now) if self.closed else "",
            kept_words(hold.reason for hold in self.blocking),
        ]
        return " ".join(filter(None, parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One observation of a migration: the latest attempt's lanes, and ``left`` unfinished others.

    Only a canary leaves lanes. ``rows`` are the lane rows, kept because reading 10,000 of them
    again would be the most expensive part of an observation.
    """

    record: MigrationRecord
    attempt: AttemptRecord
    progress: Progress
    execution: Execution
    map_run: MapRunCounts | None
    verdict: Verdict
    left: int = 0
    control: ControlRecord | None = None
    orders: Orders = Orders()
    rows: tuple[LaneRow, ...] = field(default=(), repr=False)

    @property
    def is_between_windows(self) -> bool:
        """Whether nothing runs, and the migration waits to continue."""
        return self.verdict.outcome is Outcome.WAITING

    def rest_seconds(self, poke_interval: float, now: float) -> float:
        """Return the seconds until the next observation; the time of the next window is known."""
        closed = self.orders.closed
        if not self.is_between_windows or closed is None:
            return poke_interval
        return max(poke_interval, min(CLOSED_LOOK_SECONDS, closed.opens_at - now))

    def ended_at(self, now: float) -> float:
        """Return when the attempt ended; ``now`` if AWS does not say."""
        return self.execution.ended_at or now

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to wait for."""
        return self.verdict.outcome.is_over

    @property
    def failure(self) -> str:
        """The message of a migration that has failed; empty for a success."""
        if self.verdict.outcome is Outcome.SUCCEEDED:
            return ""
        return f"Migration {self.record.migration_id} failed. {self.verdict.reason}"

    @property
    def holds_of_running(self) -> tuple[Hold, ...]:
        """The holds in force of a running migration."""
        return self.holds if self.verdict.outcome is Outcome.RUNNING else ()

    @property
    def holds(self) -> tuple[Hold, ...]:
        """The holds in force, now or when the execution ended."""
        if self.progress.is_finished:
            return ()
        return tuple(Hold(**asdict(hold)) for hold in self.orders.holds)

    @property
    def holds_that_wait(self) -> tuple[Hold, ...]:
        """The holds in force of a migration that is not over, and a hold for its hours."""
        closed = self.orders.closed
        if self.verdict.outcome not in {Outcome.RUNNING, Outcome.WAITING}:
            return ()
        hours = (
            Hold(
                reason="it is outside its hours",
                since=closed.since,
                until=closed.opens_at,
                kind=HoldKind.HOURS.value,
                by="its windows",
            )
            if closed
            else None
        )
        return (*self.holds, *([hours] if hours else []))

    @property
    def children(self) -> int:
        """How many children of the latest attempt have begun but not ended."""
        unfinished = {LaneState.PENDING, LaneState.RUNNING}
        mine = (row for row in self.rows if row.attempt == self.attempt.number and row.laps)
        return sum(row.state in unfinished for row in mine)

    @property
    def result(self) -> str:
        """The outcome as one word. A canary's success is not the migration's."""
        is_canary = self.left > 0 and self.verdict.outcome is Outcome.SUCCEEDED
        return CANARY if is_canary else self.verdict.outcome.value


def observe(site: Site) -> Observation:
    """Observe the migration; changes nothing.

    :raises NotBegunError: the migration was never started.
    """
    now = site.clock.now()
    record = site.ledger.required_migration(site.migration_id)
    attempt = site.ledger.current_attempt(site.migration_id)
    if attempt is None:
        raise NotBegunError(
            f"Migration {site.migration_id} was never started. Run its start task first."
        )
    # The execution is read first: lanes that are read later are at least as far.
    execution = site.execution_of(attempt)
    rows = tuple(site.lanes.all(site.migration_id, record.lanes))
    progress = summarize(rows, attempt.scope or record.lanes_in_scope, now)
    whole = summarize(rows, record.lanes_in_scope, now) if attempt.scope else progress
    control = site.ledger.control(site.migration_id)
    orders = _said(control, attempt, execution, now)
    # Only read to explain a failure: AWS allows one such call per second and account.
    is_waiting = orders.goes_on and execution.status in MAY_WAIT
    has_failed = not (
        execution.status.is_live or progress.live or progress.is_finished or is_waiting
    )
    map_run = _map_run(site, execution) if has_failed else None
    return Observation(
        record=record,
        attempt=attempt,
        progress=progress,
        execution=execution,
        map_run=map_run,
        verdict=judge(
            progress,
            execution,
            map_run,
            record=record,
            stop_reason=orders.stop_reason,
            hold_reason=orders.hold_reason,
            held_seconds=orders.held_seconds,
            refusal=_refusal(site, attempt) if has_failed else "",
            closed=orders.closed_words(now),
        ),
        control=control,
        orders=orders,
        left=len(set(whole.unfinished) - set(progress.unfinished)),
        rows=rows,
    )


def is_waiting(site: Site) -> bool:
    """Return whether it waits to continue: nothing runs, and it is not over."""
    return observe(site).is_between_windows


def _said(
    control: ControlRecord | None, attempt: AttemptRecord, execution: Execution, now: float
) -> Orders:
    """Return what the control record says for this attempt."""
    if control is None or control.attempt != attempt.number:
        return Orders()
    if control.command is Command.STOP:
        return Orders(stop_reason=control.reason or _NO_REASON)
    closed = Closed(control.closes_at, control.opens_at) if control.is_closed(now) else None
    has_run = bool(attempt.started_at) or execution.status is not ExecutionStatus.MISSING
    is_tried_again = attempt.is_tried_again and not has_run
    holds = control.in_force(now)
    if not holds:
        return Orders(closed=closed, is_tried_again=is_tried_again)
    told, until = summary_of(holds), execution.ended_at or attempt.ended_at or now
    if closed:
        until = min(until, closed.since)  # after that, the holds did not end it
    ending = {hold.kind for hold in holds if has_run and hold.ends_attempt(until)}
    return Orders(
        closed=closed,
        is_tried_again=is_tried_again,
        recovers=bool(ending) and ending <= RECOVERABLE and not execution.status.is_live,
        hold_reason=told.reason or _NO_REASON,
        held_seconds=until - told.since,
        ends_attempt=bool(ending),
        holds=tuple(replace(hold, reason=hold.reason or _NO_REASON) for hold in holds),
    )


def _refusal(site: Site, attempt: AttemptRecord) -> str:
    """Return why a worker of this attempt could not start; empty if none noted it."""
    said = json.loads(site.ledger.read_note(site.migration_id, REFUSAL) or "{}")
    return str(said["why"]) if said.get("attempt") == attempt.number else ""


def _map_run(site: Site, execution: Execution) -> MapRunCounts | None:
    """Return the child executions' counts; None if there are none, or they may not be read."""
    with suppress(AccessDeniedError):
        arn = site.executions.map_run_arn(execution.arn)
        return site.executions.map_run_counts(arn) if arn else None
    return None
