"""The records of the ledger, as values.

Times are seconds since the epoch. A typed value is a DynamoDB attribute value such as
``{"S": "a"}``, kept exactly as the service gave it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from airflow_ddb_migrate.core.messages import Counts, Units

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

    ``params`` is the JSON of the transform's parameters, ``started_at_iso`` the time that the
    transform sees as the migration's start.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One execution of a migration. ``started_at`` is 0 until StartExecution has succeeded."""

    number: int
    execution_arn: str
    transform_hash: str
    lanes: int
    started_at: float = 0.0
    ended_at: float = 0.0
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """What the workers of a migration obey. ``since`` is when the command was given."""

    command: Command
    attempt: int
    reason: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """How far one lane is.

    ``segment`` is the segment in work and ``cursor`` the key after which its next page begins
    (empty: from its start). ``owner`` is the invocation that may save the row until
    ``owner_until``; ``laps`` are this attempt's invocations.
    """

    lane: int
    state: LaneState
    attempt: int
    segment: int
    cursor: TypedItem = field(default_factory=dict)
    owner: str = ""
    owner_until: float = 0.0
    laps: int = 0
    counts: Counts = field(default_factory=Counts)
    units: Units = field(default_factory=Units)
    error: str = ""
    cause: str = ""
    updated_at: float = 0.0

    def is_live(self, now: float) -> bool:
        """Tell whether a worker may still be writing for this lane."""
        return bool(self.owner) and self.owner_until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """Who holds a table, and what its capacity was before anything was raised.

    ``snapshot`` and ``raised`` are JSON of core.capacity; ``taken_from`` is the migration that lost
    the table to this one; ``version`` grows with every write and is the condition of the next one.
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
    restoring_by: str = ""
    restoring_until: float = 0.0
    taken_from: str = ""
    version: int = 0

    @property
    def owes_capacity(self) -> bool:
        """Tell whether the table still has capacity that must be brought back."""
        return self.capacity_state in {CapacityState.RAISED, CapacityState.RESTORING}
