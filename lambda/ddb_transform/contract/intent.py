"""What a transform wants of one item, and what every writer is given to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from airflow_ddb_migrate.core.items.sizes import write_units
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue


@dataclass(frozen=True, slots=True)
class Change:
    """What a transform wants of one item, as typed values.

    ``assigned`` maps each changed attribute to its new value, None to remove it. ``expected`` is
    the condition: every attribute that was looked at or changed, None where it was not there.
    ``before_bytes`` and ``after_bytes`` are the item's sizes where something is to be written,
    after a delete 0; an outcome without a write has no sizes.
    """

    outcome: str
    assigned: Mapping[str, TypedValue | None] = field(default_factory=dict)
    expected: Mapping[str, TypedValue | None] = field(default_factory=dict)
    before_bytes: int = 0
    after_bytes: int = 0


UNCHANGED = Change("unchanged")
SKIPPED = Change("skipped")


def applied(typed: TypedItem, change: Change) -> TypedItem:
    """Return the item as it is after a change that is no delete."""
    after: dict[str, TypedValue | None] = {**typed, **change.assigned}
    for name, value in change.assigned.items():
        if value is None:
            after.pop(name, None)
    return cast("TypedItem", after)


@dataclass(frozen=True, slots=True)
class Intent:
    """One write: the item's key, what to change of it, and the item as it was read."""

    key: TypedItem
    change: Change
    before: TypedItem

    @property
    def units(self) -> int:
        """Write units by the item's size, indexes apart."""
        return write_units(self.change.before_bytes, self.change.after_bytes)

    @property
    def weight_bytes(self) -> int:
        """What the write may cost in a request, or the current item in its answer."""
        return self.change.before_bytes + self.change.after_bytes
