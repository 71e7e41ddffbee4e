"""Where a slice's work comes from: what every source of pages takes and gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from airflow_ddb_migrate.core.ledger.records import LaneRow, TypedItem
from ddb_transform.contract.transformed_page import TransformedPage


@dataclass(frozen=True, slots=True)
class Position:
    """What is next in a lane: in this segment, behind this cursor (empty: from its start)."""

    segment: int
    cursor: TypedItem = field(default_factory=dict)

    @classmethod
    def of(cls, row: LaneRow) -> "Position":
        return cls(row.segment, row.cursor)


@dataclass(frozen=True, slots=True)
class Page:
    """Things to settle, and where the next ones begin; None: the lane is finished.

    ``prepared`` is what the transform made of them, where it ran ahead. ``missing`` are keys of
    items that were asked for and are not there.
    """

    items: Sequence[Any]
    following: Position | None
    read_units: float = 0.0
    prepared: TransformedPage | None = None
    missing: Sequence[TypedItem] = ()


class Source(Protocol):
    """Pages of one lane. ``most_items`` bounds the next ones."""

    def page(self, position: Position, most_items: int) -> Page: ...
