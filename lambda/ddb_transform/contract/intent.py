"""The change that a transform makes to one item, and the write that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from airflow_ddb_migrate.core.items.sizes import write_units
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue


@dataclass(frozen=True, slots=True)
class Change:
    """The change that a transform makes to one item, as typed values.

    - ``assigned``: the new value of each changed attribute; None to remove it.
    - ``expected``: the condition, which is the old value of every attribute that was read or
      changed; None if the item does not have it.
    - ``before_bytes`` and ``after_bytes``: the item's sizes if something is written (after a
      delete 0).
    """

    outcome: str
    assigned: Mapping[str, TypedValue | None] = field(default_factory=dict)
    expected: Mapping[str, TypedValue | None] = field(default_factory=dict)
    before_bytes: int = 0
    after_bytes: int = 0


UNCHANGED = Change("unchanged")
SKIPPED = Change("skipped")


def applied(typed: TypedItem, change: Change) -> TypedItem:
    """Return the item after a change other than a delete."""
    after: dict[str, TypedValue | None] = {**typed, **change.assigned}
    for name, value in change.assigned.items():
        if value is None:
            after.pop(name, None)
    return cast("TypedItem", after)


@dataclass(frozen=True, slots=True)
class Intent:
    """One write: the item's key, the change, and the item as it was read."""

    key: TypedItem
    change: Change
    before: TypedItem

    @property
    def units(self) -> int:
        """Write units by the item's size, without indexes."""
        return write_units(self.change.before_bytes, self.change.after_bytes)

    @property
    def weight_bytes(self) -> int:
        """The bytes that the write may add to a request, or the current item to its response."""
        return self.change.before_bytes + self.change.after_bytes
