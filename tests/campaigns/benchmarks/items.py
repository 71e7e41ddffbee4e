"""The items that every contender works on: about 1 KB, 18 attributes, one of them ``updatedAt``.

A table of the canned server is named by what it holds: ``old-3000`` are 3,000 items that a
migration has to change, ``fresh-3000`` need nothing, and of ``mixed-3000`` every second one does.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_ddb_migrate.core.items.sizes import item_bytes, write_units
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue

KEY_NAMES = ("id", "sort")
ATTRIBUTE = "updatedAt"
OLD = "2020-01-01T00:00:00.000Z"
FRESH = "2099-01-01T00:00:00.000Z"
STAMP = "2023-11-14T22:13:20.000Z"  # what a migration of a canned table writes
KINDS = ("old", "fresh", "mixed")

_OTHERS = 15  # attributes besides the key and updatedAt
_ID = "item-"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A change that is ready to be written: ``updatedAt`` of ``item`` becomes ``after``."""

    item: TypedItem
    after: TypedValue

    @property
    def key(self) -> TypedItem:
        return key_of(self.item)

    @property
    def before(self) -> TypedValue:
        return self.item[ATTRIBUTE]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a canned table holds."""

    kind: str
    count: int

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.count}"

    @classmethod
    def of(cls, table_name: str) -> "Contents | None":
        """Read a table's name; None when it is no canned table."""
        kind, _, count = table_name.partition("-")
        return cls(kind, int(count)) if kind in KINDS and count.isdigit() else None

    def item(self, number: int) -> TypedItem:
        return typed_item(number, FRESH if self._is_fresh(number) else OLD)

    def prepared(self) -> Iterator[Prepared]:
        """Yield the changes that a migration of this table has to write."""
        numbers = (n for n in range(self.count) if not self._is_fresh(n))
        return (Prepared(self.item(number), {"S": STAMP}) for number in numbers)

    @property
    def units_needed(self) -> int:
        """What writing every item that needs it once costs."""
        return sum(units(number) for number in range(self.count) if not self._is_fresh(number))

    def _is_fresh(self, number: int) -> bool:
        return self.kind == "fresh" or (self.kind == "mixed" and number % 2 == 1)


def typed_item(number: int, updated_at: str = OLD) -> TypedItem:
    """Return one item, of 0.9 to 1.1 KB by its number: every third costs two write units."""
    text = "x" * (95 + number % 3 * 10)
    return {
        "id": {"S": f"{_ID}{number:08d}"},
        "sort": {"S": "2013-01-01T10:00:00Z#EWR"},
        **{
            f"attribute_{n:02d}": {"S": text} if n % 2 else {"N": str(number * n)}
            for n in range(_OTHERS)
        },
        ATTRIBUTE: {"S": updated_at},
    }


def key_of(item: TypedItem) -> TypedItem:
    return {name: item[name] for name in KEY_NAMES}


def number_of(value: TypedValue) -> int | None:
    """Return the number of the item whose ``id`` this is; None when it is no ``id``."""
    text = value.get("S", "")
    return int(text.removeprefix(_ID)) if text.startswith(_ID) else None


@functools.cache
def units(number: int) -> int:
    """Return the write units of one write of this item; every ``updatedAt`` has one length."""
    size = item_bytes(typed_item(number))
    return write_units(size, size)
