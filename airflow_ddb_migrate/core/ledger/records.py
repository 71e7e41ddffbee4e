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
    """PENDING is a lane nobody works on: never begun, or given back unfinished."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class LeaseState(StrEnum):
    FREE = "FREE"
    HELD = "HELD"


class CapacityState(StrEnum):
    """NONE: nothing was raised. RAISED and RESTORING: the snapshot must be brought back."""

    NONE = "NONE"
    RAISED = "RAISED"
    RESTORING = "RESTORING"
    RESTORED = "RESTORED"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationRecord:
    """What a migration is. Written once; every later try reads it here.

    ``params`` is the JSON of the transform's parameters; ``started_at_iso`` and ``context_id`` are
    what the transform sees as the migration's start and id (empty: its own). ``of`` is the
    migration that an UNDO reverts, whose quarantined items a REPLAY takes, or which a VERIFY or
    DRY_RUN belongs to. ``scope`` are the lanes to work on; empty: all.
    More quarantined items than ``max_quarantined``, or a larger share of those seen, fail it.
    ``slice_seconds`` ends slices sooner than Lambda's limit asks (0: it decides).
    ``show_values`` lets item values into the private bucket's diffs and quarantine.
    ``is_multi_region_strong``: the table's writes are checked in all regions (MRSC).
    ``limits`` is the JSON of the AuthorRules in force; empty: none.
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
        """Return whether it may quarantine so many of the items it has seen."""
        percentage = 100 * quarantined / seen if seen else 0
        is_few = quarantined <= self.max_quarantined
        return is_few and percentage <= self.max_quarantined_percentage


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One execution of a migration. ``started_at`` is 0 until StartExecution has succeeded.

    ``scope`` are the lanes of a canary; empty: all of the migration's. ``intended_at`` is when it
    was written down, just before StartExecution. ``goes_on``: no start task asked for it. Whoever
    waits for the migration starts it, and tries again until its execution is there.
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
        """Since when there should be an execution, its start confirmed or not; 0: none any more."""
        return 0.0 if self.ended_at else max(self.intended_at, self.started_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Units per second of a whole migration (0: no bound), and how many workers share them.

    Written ones are of the table and of each global index alike: none is asked for more.
    """

    read_units_per_second: float = 0.0
    write_units_per_second: float = 0.0
    sharers: int = 0


NO_BUDGET = Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthGate:
    """Names of the alarms that hold a migration, and seconds for which all must be OK again.

    ``eased_at``: an attempt after one that they ended begins with less of its budget.
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

    ``holds`` are of any kind; read those in force by ``in_force``. Of a HOLD ``reason``, ``since``
    and ``until`` are their summary, for workers of the version before kinds; of another command
    when it was given, and why. ``version`` grows with every change of the holds or by a retune. The
    budgets are units per second of the whole migration (0: none). ``live`` counts the workers that
    spend them; ``sharers``, never less, divides them; ``joins`` counts whoever began to.
    ``quarantined`` counts this attempt's items. ``hold_while`` and ``healthy_for`` are of a
    HealthGate: ``alarms_at`` is when a worker last began to read the alarms, ``known_at`` when all
    states were known last, ``healthy_since`` since when all are OK (0: they are not), and
    ``eased_at`` when a hold for health ended, after which the budget rises again. Above
    ``max_cost_usd`` (0: no limit) by its ``rates`` it is on hold; ``spent_usd`` was the sum at
    ``spent_at``, the next is ``spent_due``. ``closes_at`` and ``opens_at`` are those of
    AttemptHours.
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
        """Return the holds, also after the version before kinds changed the command alone.

        Its resume was a person's, its pause as well; what is of another kind it did not know.
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
    """How far one lane is.

    ``segment`` is the segment in work and ``cursor`` the key after which its next page begins
    (empty: from its start). ``owner`` is the invocation that may save the row until
    ``owner_until``; ``laps`` are this attempt's invocations that took the lane, ``total_laps``
    those of all attempts, ``worked_seconds`` the time these have had it, as far as they could save
    it. ``throttles`` are how often DynamoDB refused this lane's requests, counted as they happen;
    ``conflicts`` how often a live write came between reading and writing an item of a settled
    page, so that it was transformed again. ``logged`` names the last undo log object of a settled
    page; ``progressed_at`` is when the last one was settled (0: none yet, or by an older version);
    ``page_items`` bounds the next pages where a transform is slow (0: not); ``findings`` is the
    JSON of what a mode that does not write has found.
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
    """Who holds a table, and what its capacity was before anything was raised.

    ``snapshot`` is JSON of a CapacitySnapshot, ``raised`` of Changes, and ``asked_at`` is when AWS
    was last asked to raise something (0: it refused, or has shown it). ``taken_from`` is the
    migration that lost the table to this one; ``version`` grows with every write and is the
    condition of the next one.
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
        """Return whether a migration has the table; a state of a later version is no free one."""
        return self.state is not LeaseState.FREE

    @property
    def owes_capacity(self) -> bool:
        """Return whether the table still has capacity that must be brought back."""
        return self.capacity_state not in {CapacityState.NONE, CapacityState.RESTORED}


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedRow:
    """A table that a task of a DAG run may have raised, and on behalf of which migration.

    ``map_index`` is the task's, -1 for one that is not mapped.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    migration_id: str
    table_arn: str
    table_name: str
