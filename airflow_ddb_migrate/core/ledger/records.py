"""The records of the ledger, as values.

Times are seconds since the epoch. A typed value is a DynamoDB attribute value such as
``{"S": "a"}``, kept exactly as the service gave it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.holds import (
    RESUMABLE,
    HoldRecord,
    in_order,
    single_hold,
    summary_of,
    unknown_hold,
)
from airflow_ddb_migrate.core.ledger.throttles import Throttles
from airflow_ddb_migrate.core.limits import HEALTHY_SECONDS, QUARANTINE_ITEMS, QUARANTINE_PERCENTAGE
from airflow_ddb_migrate.core.mode import Mode

TypedValue: TypeAlias = Mapping[str, Any]
TypedItem: TypeAlias = Mapping[str, TypedValue]


class Command(StrEnum):
    """What the control record tells every worker."""

    RUN = "RUN"
    HOLD = "HOLD"
    STOP = "STOP"


class LaneState(StrEnum):
    """PENDING: no worker has the lane. It was never begun, or was given back unfinished."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class LeaseState(StrEnum):
    FREE = "FREE"
    HELD = "HELD"


class CapacityState(StrEnum):
    """NONE: nothing was raised. RAISED and RESTORING: the snapshot must be restored."""

    NONE = "NONE"
    RAISED = "RAISED"
    RESTORING = "RESTORING"
    RESTORED = "RESTORED"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationRecord:
    """What a migration is. It is written once, and every later attempt reads it.

    - ``params``: the transform's parameters, as JSON.
    - ``started_at_iso`` and ``context_id``: what the transform sees as the migration's start and
      id; an empty id means the migration's own.
    - ``of``: the migration that an UNDO reverts, whose quarantined items a REPLAY retries, or to
      which a VERIFY or DRY_RUN belongs.
    - ``scope``: the lanes to work on; empty: all.
    - ``max_quarantined`` and ``max_quarantined_percentage`` (of the items seen): with more
      quarantined items the migration fails.
    - ``slice_seconds``: ends slices earlier than Lambda's timeout requires; 0: it does not.
    - ``show_values``: item values may be in the diffs and quarantine of the private bucket.
    - ``is_multi_region_strong``: the table's writes are checked in all regions (MRSC).
    - ``limits``: the AuthorRules in force, as JSON; empty: none.
    """

    migration_id: str
    table_name: str
    table_arn: str
    table_id: str
    key_names: tuple[str, ...]
    total_segments: int
    lanes: int
    transform: str
    params: str
    started_at: float
    started_at_iso: str
    started_by: str
    mode: Mode = Mode.MIGRATE
    of: str = ""
    context_id: str = ""
    scope: tuple[int, ...] = ()
    max_quarantined: int = QUARANTINE_ITEMS
    max_quarantined_percentage: float = QUARANTINE_PERCENTAGE
    slice_seconds: float = 0.0
    show_values: bool = False
    is_multi_region_strong: bool = False
    limits: str = ""

    @property
    def lanes_in_scope(self) -> Collection[int]:
        return self.scope or range(self.lanes)

    def allows(self, quarantined: int, *, seen: int) -> bool:
        """Return whether this many quarantined items, of those seen, are within the limits."""
        percentage = 100 * quarantined / seen if seen else 0
        is_few = quarantined <= self.max_quarantined
        return is_few and percentage <= self.max_quarantined_percentage


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One execution of a migration.

    - ``scope``: the lanes of a canary; empty: all of the migration's.
    - ``intended_at``: when it was written, just before StartExecution.
    - ``started_at``: when StartExecution succeeded; 0 until then.
    - ``goes_on``: the task that waits for the migration starts it, not a start task. That task
      tries again until the execution exists.
    """

    number: int
    execution_arn: str
    transform_hash: str
    lanes: int
    scope: tuple[int, ...] = ()
    intended_at: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0
    result: str = ""
    goes_on: bool = False

    @property
    def is_tried_again(self) -> bool:
        """Return whether the wait starts it again unless AWS has its execution."""
        return self.goes_on and bool(self.intended_at) and not (self.started_at or self.ended_at)

    @property
    def expected_since(self) -> float:
        """Since when an execution is expected, confirmed or not; 0: the attempt has ended."""
        return 0.0 if self.ended_at else max(self.intended_at, self.started_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Units per second of a whole migration (0: no limit), and how many workers share them.

    The write budget holds for the table and for each global index separately.
    """

    read_units_per_second: float = 0.0
    write_units_per_second: float = 0.0
    sharers: int = 0


NO_BUDGET = Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthGate:
    """Names of the alarms that hold a migration, and seconds for which all must be OK again.

    ``eased_at``: if alarms ended the attempt before, when this one began, with less of its budget.
    """

    hold_while: tuple[str, ...] = ()
    healthy_for: float = HEALTHY_SECONDS
    eased_at: float = 0.0


NO_GATE = HealthGate()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptHours:
    """When an attempt has to end, and when the next one may begin (0: never)."""

    closes_at: float = 0.0
    opens_at: float = 0.0


NO_HOURS = AttemptHours()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLimit:
    """Dollars that a migration may cost (0: no limit), and the rates by which they add up."""

    max_cost_usd: float = 0.0
    rates: Mapping[str, float] = field(default_factory=dict)


NO_LIMIT = CostLimit()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """What the workers of a migration obey.

    - ``holds``: of any kind; ``in_force`` returns those in force. During a HOLD ``reason``,
      ``since`` and ``until`` are their summary, for workers of 0.2.0, which knew no kinds. With
      another command they say why and when it was given.
    - ``version``: grows with every change of the holds and every retune.
    - ``read_units_per_second`` and ``write_units_per_second``: budgets of the whole migration;
      0: none. ``live`` counts the workers that spend them. ``sharers`` divides them, and is never
      less than ``live``. ``joins`` counts the workers that began to spend.
    - ``quarantined``: items of this attempt in quarantine.
    - ``hold_while`` and ``healthy_for``: of a HealthGate. ``alarms_at``: when a worker last began
      to read the alarms. ``known_at``: when all states were last known. ``healthy_since``: since
      when all are OK; 0: they are not. ``eased_at``: when a hold for health ended; the budget
      rises from then on.
    - ``max_cost_usd``: the migration goes on hold above it; 0: no limit. ``rates`` are the prices.
      ``spent_usd`` was the sum at ``spent_at``; the next sum is due at ``spent_due``.
    - ``closes_at`` and ``opens_at``: of AttemptHours.
    """

    command: Command
    attempt: int
    reason: str = ""
    since: float = 0.0
    until: float = 0.0
    read_units_per_second: float = 0.0
    write_units_per_second: float = 0.0
    live: int = 0
    sharers: int = 0
    joins: int = 0
    counted_at: float = 0.0
    quarantined: int = 0
    holds: tuple[HoldRecord, ...] = ()
    version: int = 0
    hold_while: tuple[str, ...] = ()
    healthy_for: float = HEALTHY_SECONDS
    alarms_at: float = 0.0
    known_at: float = 0.0
    healthy_since: float = 0.0
    eased_at: float = 0.0
    max_cost_usd: float = 0.0
    rates: Mapping[str, float] = field(default_factory=dict)
    spent_usd: float = 0.0
    spent_at: float = 0.0
    spent_due: float = 0.0
    closes_at: float = 0.0
    opens_at: float = 0.0

    def is_closed(self, now: float) -> bool:
        """Return whether the hours in which this attempt may work are over."""
        return 0 < self.closes_at <= now

    @property
    def may_hold(self) -> bool:
        """Return whether holds may begin and end: not after a STOP, or what is not known here."""
        return self.command in {Command.RUN, Command.HOLD}

    @property
    def has_budget(self) -> bool:
        return self.read_units_per_second > 0 or self.write_units_per_second > 0

    def in_force(self, now: float) -> tuple[HoldRecord, ...]:
        """Return the holds that have not ended, a person's first; none after a STOP."""
        return in_order(hold for hold in self._told() if not hold.is_over(now))

    def _told(self) -> tuple[HoldRecord, ...]:
        """Return the holds, also if 0.2.0 changed only the command.

        0.2.0 knew only a person's pause and resume, so it changed no hold of another kind.
        """
        if self.command is Command.STOP:
            return ()
        if self.command is Command.RUN:
            return tuple(hold for hold in self.holds if hold.kind not in RESUMABLE)
        if self.command is not Command.HOLD:
            return (*self.holds, unknown_hold(self.command, self.since, self.reason))
        if self.holds:
            told = summary_of(self.holds)
            if (told.since, told.until) == (self.since, self.until):
                return self.holds
        single = single_hold(self.since, self.until, self.reason)
        return (*(hold for hold in self.holds if hold.kind != single.kind), single)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """The progress of one lane.

    - ``segment``: the current segment. ``cursor``: the key after which its next page begins;
      empty: at its start.
    - ``owner``: the invocation that may save the row, until ``owner_until``.
    - ``laps``: invocations of this attempt that took the lane; ``total_laps``: of all attempts.
      ``worked_seconds``: how long these had it, as far as they saved it.
    - ``throttles``: how often DynamoDB throttled this lane's requests, counted as it happens.
    - ``conflicts``: how often live traffic changed an item between its read and its write, so that
      it was transformed again; of settled pages.
    - ``progressed_at``: when the last page was settled; 0: none yet, or by an older version.
    - ``logged``: the last undo log object of a settled page.
    - ``page_items``: the most items of the next page, if the transform is slow; 0: no limit.
    - ``findings``: what a mode that does not write has found, as JSON.
    """

    lane: int
    state: LaneState
    attempt: int
    segment: int
    cursor: TypedItem = field(default_factory=dict)
    owner: str = ""
    owner_until: float = 0.0
    laps: int = 0
    total_laps: int = 0
    worked_seconds: float = 0.0
    counts: Counts = field(default_factory=Counts)
    units: Units = field(default_factory=Units)
    throttles: Throttles = field(default_factory=Throttles)
    conflicts: int = 0
    error: str = ""
    cause: str = ""
    updated_at: float = 0.0
    progressed_at: float = 0.0
    logged: str = ""
    page_items: int = 0
    findings: str = ""

    def is_live(self, now: float) -> bool:
        """Return whether a worker may still be writing for this lane."""
        return bool(self.owner) and self.owner_until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """The migration that holds a table, and the table's capacity before it was raised.

    - ``snapshot``: a CapacitySnapshot, as JSON. ``raised``: the Changes, as JSON.
    - ``asked_at``: when AWS was last asked to raise something; 0: AWS refused, or shows it.
    - ``taken_from``: the migration that lost the table to this one.
    - ``version``: grows with every write and is the condition of the next one.
    """

    table_arn: str
    table_id: str
    table_name: str
    state: LeaseState
    generation: int
    migration_id: str
    attempt: int = 0
    execution_arn: str = ""
    expires_at: float = 0.0
    capacity_state: CapacityState = CapacityState.NONE
    snapshot: str = ""
    raised: str = ""
    asked_at: float = 0.0
    restoring_by: str = ""
    restoring_until: float = 0.0
    taken_from: str = ""
    version: int = 0

    @property
    def is_taken(self) -> bool:
        """Return whether a migration has the table; a later version's state counts as taken."""
        return self.state is not LeaseState.FREE

    @property
    def owes_capacity(self) -> bool:
        """Return whether the table still has capacity that must be restored."""
        return self.capacity_state not in {CapacityState.NONE, CapacityState.RESTORED}


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedRow:
    """A table whose capacity a task of a DAG run may have raised, and for which migration.

    ``map_index`` is the task's; -1: the task is not mapped.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    migration_id: str
    table_arn: str
    table_name: str
