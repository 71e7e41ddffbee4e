"""What workers count, and both sides add up: items and capacity units."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self


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
    def from_dict(cls, values: Mapping[str, float]) -> Self:
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

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        return cls(**{f.name: float(values.get(f.name, 0)) for f in fields(cls)})

    def to_dict(self) -> dict[str, float]:
        return asdict(self)
