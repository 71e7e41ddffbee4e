"""What live traffic did to a table, as its callers know it.

Every write leaves its own number in ``marker``, an attribute that no migration here touches, so
that an item tells which write it came from. Times are of the monotonic clock, in nanoseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Item: TypeAlias = Mapping[str, Any]  # typed values, as boto3 gives them; empty: there is none

ABSENT: Item = {}
UNKNOWN: Any = {"UNKNOWN": True}


class Kind(StrEnum):
    """READ changes nothing; WRITE leaves an item with its marker; DELETE leaves none."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"


class Outcome(StrEnum):
    """MAYBE: no answer came, so it may have happened, or may happen still."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request on one key.

    ``wrote`` holds what a write set that no migration changes, besides the marker, and None for
    what it removed. ``found`` is the item as the request found it, None where its answer did not
    say. ``is_due``: the migration had still to bring the item into its new format.
    """

    key: str
    kind: Kind
    number: int
    began: int
    ended: int
    outcome: Outcome = Outcome.ACKNOWLEDGED
    wrote: Item = field(default_factory=dict)
    found: Item | None = None
    is_due: bool = False

    @property
    def happened(self) -> bool:
        """Tell whether it certainly changed the table."""
        return self.kind is not Kind.READ and self.outcome is Outcome.ACKNOWLEDGED

    @property
    def may_have_happened(self) -> bool:
        return self.kind is not Kind.READ and self.outcome is not Outcome.REFUSED

    def left(self, name: str) -> Any:
        """Return the value in which a write left an attribute, None without it, or UNKNOWN."""
        if name in self.wrote:
            return self.wrote[name]
        return UNKNOWN if self.found is None else self.found.get(name)

    def is_before(self, other: "Operation") -> bool:
        """Tell whether it took effect before the other began; one without an answer never is."""
        return self.outcome is not Outcome.MAYBE and self.ended < other.began


def marker_of(item: Item) -> int | None:
    """Return the number of the write that an item came from."""
    return number_in(item, "marker")


def number_in(item: Item, name: str) -> int | None:
    """Return a number attribute; None where it is not there."""
    return int(item[name]["N"]) if name in item else None
