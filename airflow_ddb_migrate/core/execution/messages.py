"""What travels between Step Functions and the Lambda, and the counts both sides add up."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Self

from airflow_ddb_migrate.core.errors import InvalidInputError


class WorkStatus(StrEnum):
    """What the child does next."""

    MORE = "MORE"
    HOLD = "HOLD"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Counts:
    """Items by what became of them. ``seen`` is the sum of the others."""

    seen: int = 0
    changed: int = 0
    deleted: int = 0
    unchanged: int = 0
    already: int = 0
    skipped: int = 0
    gone: int = 0
    quarantined: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @classmethod
    def one(cls, outcome: str) -> Self:
        """Count one item under ``outcome``, the name of a field."""
        return cls(**{"seen": 1, outcome: 1})

    @classmethod
    def from_dict(cls, values: Mapping[str, int]) -> Self:
        return cls(**{f.name: int(values.get(f.name, 0)) for f in fields(cls)})

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Units:
    """Capacity units that DynamoDB reported as consumed on the migrated table.

    ``written`` are the table's and its indexes' together, which are billed; ``busiest`` of them
    those of the table, or of whichever index got more: what the write budget counts.
    """

    read: float = 0.0
    written: float = 0.0
    busiest: float = 0.0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.read + other.read, self.written + other.written, self.busiest + other.busiest
        )

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRequest:
    """What ``Work`` is told, and nothing else: the ledger knows the rest."""

    migration_id: str
    attempt: int
    table_name: str
    total_segments: int
    segment: int
    lanes: int

    @classmethod
    def from_event(cls, event: Mapping[str, object]) -> Self:
        """Read the Lambda's event; raises InvalidInputError for a missing or mistyped field."""
        return cls(**{f.name: _field(event, f.name, str(f.type)) for f in fields(cls)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkResult:
    """What ``Work`` returns. Every field is always there, so the state machine can select it."""

    status: WorkStatus
    error: str = ""
    cause: str = ""
    wait_seconds: int = 0
    counts: Counts = field(default_factory=Counts)

    def to_event(self) -> dict[str, object]:
        return {**asdict(self), "status": self.status.value, "counts": self.counts.to_dict()}


def _field(event: Mapping[str, object], name: str, type_name: str) -> object:
    value = event.get(name)
    expected = int if type_name in {"int", "<class 'int'>"} else str
    if type(value) is not expected:
        raise InvalidInputError(
            f"Work was given {name}={value!r}; it needs {expected.__name__}. "
            "Start migrations with StartDistributedMapMigrationOperator."
        )
    return value
