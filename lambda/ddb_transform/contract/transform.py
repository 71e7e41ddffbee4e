"""The transform contract: what a user's function may do to an item, and what it comes to.

See ``Transform.apply``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

from transforms import DELETE, SKIP

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.items.sizes import attribute_bytes, item_bytes
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from airflow_ddb_migrate.core.limits import ITEM_BYTES
from ddb_transform.contract import user_code
from ddb_transform.contract.codec import encode, same
from ddb_transform.contract.item import Item
from ddb_transform.contract.scan_filter import ScanFilter


@dataclass(frozen=True, slots=True)
class Context:
    """What a transform may know besides the item.

    ``migration_id`` and ``started_at`` (ISO 8601, UTC, milliseconds) stay the same for all of a
    migration, however often it is resumed. ``params`` are the conf's, as JSON gives them: they are
    shared by every item, so a transform must not change what is in them. ``key_names`` are the
    table's key attributes, the partition key first.
    """

    migration_id: str
    started_at: str
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    key_names: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Transform:
    """A user's function with the rules around it.

    ``filter`` is which items are scanned (None: all), ``check`` what the verify mode asks of each.
    """

    function: Callable[[Item, Context], object]
    context: Context
    check_fixed_point: bool = True
    filter: ScanFilter | None = None
    check: Callable[[Item], object] | None = None

    def apply(self, typed: TypedItem) -> Change:
        """Run the transform on one item and say what has to be written.

        :raises ItemError: the transform raised, forgot its return, changed the key, made a value
            or an item that DynamoDB cannot hold, or changes its own result again.
        """
        change = self._once(typed)
        if change.outcome == "changed" and self.check_fixed_point:
            self._refuse_moving_target(typed, change)
        return change

    def passes(self, typed: TypedItem) -> bool:
        """Return whether an item is as the module's ``check`` wants it; True without a check.

        :raises ItemError: the check raised, or returned something else than True or False.
        """
        if self.check is None:
            return True
        answer = user_code.call("The transform's check", self.check, Item(typed))
        if not isinstance(answer, bool):
            raise ItemError(
                f"The transform's check returned a {type(answer).__name__}. Return True or False.",
                "CheckReturnedOther",
            )
        return answer

    def _once(self, typed: TypedItem) -> Change:
        item = Item(typed)
        result = user_code.call("The transform", self.function, item, self.context)
        if result is SKIP:
            return SKIPPED
        if result is DELETE:
            return Change("deleted", {}, self._expected(item, ()), item_bytes(typed))
        touched, removed = _left_by(result, item)
        if removed:
            self._check_removed(removed, item)
        assigned = self._assigned(typed, touched, removed)
        if not assigned:
            return UNCHANGED
        return Change("changed", assigned, self._expected(item, assigned), *_sizes(typed, assigned))

    def _check_removed(self, removed: frozenset[str], item: Item) -> None:
        """Keys must stay; and what a new dict lacks, but nobody looked at, is a mistake."""
        for name in self.context.key_names:
            if name in removed:
                raise ItemError(
                    f"The transform removed the key attribute {name!r}. A key stays as it is: "
                    "return the item it was given, or DELETE to delete the item.",
                    "KeyRemoved",
                )
        unseen = removed - item.seen
        if unseen:
            raise ItemError(
                f"The transform returned a new dict without {len(unseen)} attributes that it never "
                f"looked at ({', '.join(sorted(unseen)[:5])}). Return the item it was given, or "
                "remove attributes by del item[name].",
                "AttributesLost",
            )

    def _assigned(
        self, typed: TypedItem, touched: Mapping[Any, Any], removed: frozenset[str]
    ) -> dict[str, TypedValue | None]:
        encoded: dict[str, TypedValue | None] = {
            _attribute_name(name): encode(name, value) for name, value in touched.items()
        }
        encoded |= dict.fromkeys(removed)
        assigned = {n: v for n, v in encoded.items() if not same(v, typed.get(n))}
        for name in self.context.key_names:
            if name in assigned:
                raise ItemError(
                    f"The transform changed the key attribute {name!r}. A key cannot be changed; "
                    "migrate into another table for that.",
                    "KeyChanged",
                )
        return assigned

    def _expected(self, item: Item, assigned: Iterable[str]) -> dict[str, TypedValue | None]:
        names = item.seen.union(assigned).difference(self.context.key_names)
        return {name: item.original(name) for name in sorted(names)}

    def _refuse_moving_target(self, typed: TypedItem, change: Change) -> None:
        try:
            again = self._once(applied(typed, change))
        except ItemError as exc:
            raise ItemError(
                f"The transform cannot take its own result, which a repeated page gives it: {exc} "
                "Make it recognise what it has done already.",
                "NotAFixedPoint",
            ) from exc
        if again.outcome in {"changed", "deleted"}:
            names = ", ".join(sorted(again.assigned)) or "the whole item"
            raise ItemError(
                f"The transform changes its own result again ({names}): a repeated page would "
                "apply it twice. Make it recognise what it has done already, or set "
                "CHECK_FIXED_POINT = False in its module if twice is harmless.",
                "NotAFixedPoint",
            )


def applied(typed: TypedItem, change: Change) -> TypedItem:
    """Return the item as it is after a change that is no delete."""
    after: dict[str, TypedValue | None] = {**typed, **change.assigned}
    for name, value in change.assigned.items():
        if value is None:
            after.pop(name, None)
    return cast("TypedItem", after)


def _sizes(typed: TypedItem, assigned: Mapping[str, TypedValue | None]) -> tuple[int, int]:
    """Return the item's size before and after; what stays is measured once."""
    before = item_bytes(typed)
    grown = sum(_bytes(name, new) - _bytes(name, typed.get(name)) for name, new in assigned.items())
    after = before + grown
    if after > ITEM_BYTES and grown > 0:  # numbers are measured a little too large: let it shrink
        raise ItemError(
            f"The item is {after:,} bytes after the change and was {before:,} before it; DynamoDB "
            f"allows {ITEM_BYTES:,}, names included. Add less, or remove something.",
            "ItemTooLarge",
        )
    return before, after


def _bytes(name: str, value: TypedValue | None) -> int:
    return 0 if value is None else attribute_bytes(name, value)


def _left_by(result: object, item: Item) -> tuple[Mapping[Any, Any], frozenset[str]]:
    """Return what a transform may have changed, and the names it removed."""
    if result is item:
        return item.touched, item.removed
    if result is None:
        raise ItemError(
            "The transform returned None. Return the item (did you forget 'return item'?), SKIP "
            "or DELETE.",
            "ReturnedNone",
        )
    if not isinstance(result, dict):
        raise ItemError(
            f"The transform returned a {type(result).__name__}. Return the item it was given, a "
            "dict made from it, SKIP or DELETE.",
            "ReturnedOther",
        )
    return item.touched_in(result), item.original_names - result.keys()


def _attribute_name(name: object) -> str:
    if not isinstance(name, str):
        raise ItemError(f"An attribute name is a {type(name).__name__}; use str.", "BadName")
    if not name:
        raise ItemError("An attribute name is empty; DynamoDB wants a character.", "BadName")
    return name
