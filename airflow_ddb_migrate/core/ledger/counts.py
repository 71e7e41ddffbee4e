"""Items and capacity units: workers count them, workers and Airflow add them up."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of items by outcome. ``seen`` is the sum of the others."""

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
        """Return the counts of one item; ``outcome`` is the name of a field."""
        return cls(**{"seen": 1, outcome: 1})

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        return cls(**{f.name: int(values.get(f.name, 0)) for f in fields(cls)})

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Units:
    """Capacity units that DynamoDB reported as consumed on the migrated table.

    ``written`` has the units of the table and its indexes together, which are billed. ``busiest``
    has those of the table or of one index, whichever are the most: the write budget limits these.
    """

    read: float = 0.0
    written: float = 0.0
    busiest: float = 0.0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.read + other.read, self.written + other.written, self.busiest + other.busiest
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        return cls(**{f.name: float(values.get(f.name, 0)) for f in fields(cls)})

    def to_dict(self) -> dict[str, float]:
        return asdict(self)
