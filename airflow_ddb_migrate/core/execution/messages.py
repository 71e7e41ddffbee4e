"""The messages between Step Functions and the Lambda."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Self

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.ledger.counts import Counts


class WorkStatus(StrEnum):
    """What the child does next."""

    MORE = "MORE"
    HOLD = "HOLD"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRequest:
    """The whole input of ``Work``; everything else is in the ledger."""

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
    """The output of ``Work``. Every field is always present, so the state machine can select it."""

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
            f"The Lambda's event has {name}={value!r}; it must be of type {expected.__name__}. "
            "Start migrations with StartDistributedMapMigrationOperator, not by hand."
        )
    return value
