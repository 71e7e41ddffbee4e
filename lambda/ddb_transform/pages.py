"""Where a slice's work comes from: the interface of all sources of pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from airflow_ddb_migrate.core.ledger.records import LaneRow, TypedItem
from ddb_transform.contract.transformed_page import TransformedPage


@dataclass(frozen=True, slots=True)
class Position:
    """What is next in a lane: this segment, after this cursor (empty: from its start)."""

    segment: int
    cursor: TypedItem = field(default_factory=dict)

    @classmethod
    def of(cls, row: LaneRow) -> "Position":
        return cls(row.segment, row.cursor)


@dataclass(frozen=True, slots=True)
class Page:
    """Items to settle, and the position of the next page; None: the lane is finished.

    ``prepared`` is the transform's result if it ran ahead. ``missing`` are the keys of requested
    items that do not exist.
    """

    items: Sequence[Any]
    following: Position | None
    read_units: float = 0.0
    prepared: TransformedPage | None = None
    missing: Sequence[TypedItem] = ()


class Source(Protocol):
    """Pages of one lane. ``most_items`` limits the next one."""

    def page(self, position: Position, most_items: int) -> Page: ...
