"""The transform contract: what a user's function may do to an item, and what is written then.

See ``Transform.apply``.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any, NamedTuple

from transforms import DELETE, SKIP

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.items.sizes import attribute_bytes, item_bytes
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from airflow_ddb_migrate.core.limits import ATTRIBUTE_NAME_BYTES, ITEM_BYTES
from airflow_ddb_migrate.core.text.figures import type_words
from ddb_transform.contract.codec import decode, decode_backward, encode, same
from ddb_transform.contract.expressions import refuse_too_large
from ddb_transform.contract.index_keys import IndexKeys, refuse_bad_index_key
from ddb_transform.contract.intent import SKIPPED, UNCHANGED, Change, applied
from ddb_transform.contract.item import Item, item_of, left_by, left_in, seen_of
from ddb_transform.contract.scan_filter import ScanFilter
from ddb_transform.user_code.calls import Surroundings, item_error
from ddb_transform.user_code.thread import USER_THREAD
from ddb_transform.user_code.unread import UNREAD_CLASS

_WHAT = "The transform"
_SHOWN_NAMES = 5
_SHOWN_CHARS = 100

_Decode = Callable[[TypedValue], Any]


class Context(NamedTuple):
    """What a transform is given besides the item.

    - ``migration_id`` and ``started_at`` (ISO 8601, UTC, milliseconds) stay the same throughout a
      migration, however often it is resumed.
    - ``params``: the conf's parameters, parsed from JSON; each call gets a copy.
    - ``key_names``: the table's key attributes, the partition key first.
    """

    migration_id: str
    started_at: str
    params: Mapping[str, Any] = {}  # each call gets a copy
    key_names: tuple[str, ...] = ()

    def copier(self) -> Callable[[], "Context"]:
        """Return a function that makes contexts, each with its own copy of the parameters."""
        migration_id, started_at, params, key_names = self
        text = json.dumps(dict(params))
        own = (lambda: json.loads(text)) if params else dict
        make = tuple.__new__  # takes a fifth of the time that the class's own takes
        return lambda: make(Context, (migration_id, started_at, own(), key_names))


@dataclass(frozen=True, slots=True)
class Transform:
    """A user's function with its rules.

    - ``filter``: which items are scanned (None: all).
    - ``check``: the function that the verify mode calls with each item.
    - ``deletes``: whether it declares that it may return DELETE; ``no_delete``: why it must not.
    - ``index_keys``: the rules for attributes that are index keys.

    All of the user's code runs in ``USER_THREAD``, whichever thread calls a method.
    """

    function: Callable[[Item, Context], object]
    context: Context
    check_fixed_point: bool = True
    filter: ScanFilter | None = None
    check: Callable[[Item], object] | None = None
    deletes: bool = False
    no_delete: str = ""
    index_keys: IndexKeys = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    _own_context: Callable[[], Context] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_own_context", self.context.copier())

    def apply(self, typed: TypedItem) -> Change:
        """Run the transform on one item and return what has to be written.

        :raises ItemError: the transform raised, returned None, changed the key, made a value or an
            item that DynamoDB cannot hold, or changes its own result again; or anything else went
            wrong with this item.
        """
        if get_ident() != USER_THREAD.ident:
            return USER_THREAD.call(lambda: self.apply(typed), urgent=True)
        try:
            return self._judged(typed)
        except ItemError:
            raise
        except BaseException as exc:  # a value may be of a user's class
            raise item_error("Reading the transform's result", exc) from exc

    def try_out(self, typed: TypedItem) -> Change:
        """Do the same as ``apply``, but refuse a function that treats a plain dict differently.

        This is checked only before a migration, since it runs the function once more.

        :raises ItemError: see ``apply``; or the function depends on the exact type ``dict``.
        """
        if get_ident() != USER_THREAD.ident:
            return USER_THREAD.call(lambda: self.try_out(typed), urgent=True)
        change, other = self.apply(typed), self._on_plain(typed)
        if other and not _is_alike(other, change):
            raise ItemError(
                "The transform treats a plain dict differently from the item, which is a subclass "
                "of dict. Check isinstance(x, dict), not type(x), or pass dict(item) to the code "
                "that checks the type.",
                "NeedsPlainDict",
            )
        return change

    def passes(self, typed: TypedItem) -> bool:
        """Return whether an item passes the module's ``check``; True without a check.

        :raises ItemError: the check raised, or returned something other than True or False.
        """
        check = self.check
        if check is None:
            return True
        if get_ident() != USER_THREAD.ident:
            return USER_THREAD.call(lambda: self.passes(typed), urgent=True)
        answer = self.surroundings.call("The transform's check", check, item_of(typed))
        if not isinstance(answer, bool):
            raise ItemError(
                f"The transform's check returned {type_words(answer)}. Return True or False.",
                "CheckReturnedOther",
            )
        return answer

    def _judged(self, typed: TypedItem) -> Change:
        change = self._once(typed, decode)
        if change is UNCHANGED or change is SKIPPED:
            return change
        refuse_too_large({name: typed[name] for name in self.context.key_names}, change)
        if change.outcome == "changed" and self.check_fixed_point:
            self._refuse_moving_target(applied(typed, change))
        return change

    def _once(self, typed: TypedItem, decode: _Decode) -> Change:
        item = item_of(typed, decode)
        try:
            result = self.surroundings.call(_WHAT, self.function, item, self._own_context())
        except ItemError as error:
            raise self._advised(error, typed) from error
        return self._change_of(typed, item, result)

    def _on_plain(self, typed: TypedItem) -> Change | None:
        """Return the change for a plain dict of the same values; None if the function fails."""
        item = item_of(typed)
        try:
            result = self.surroundings.call(_WHAT, self.function, item.copy(), self._own_context())
            return self._change_of(typed, item, result)
        except BaseException:  # noqa: BLE001  # as in apply
            return None

    def _change_of(self, typed: TypedItem, item: Item, result: object) -> Change:
        if result is item:
            values, removed = left_in(item)
        elif result is SKIP:
            return SKIPPED
        elif result is DELETE:
            return self._deletion(typed, item)
        else:
            values, removed = left_by(_checked(result), item)
        if removed:
            self._check_removed(removed, item)
        assigned = self._assigned(typed, values, removed)
        if not assigned:
            return UNCHANGED
        return Change(
            "changed",
            assigned,
            self._expected(typed, seen_of(item).union(assigned)),
            *_sizes(typed, assigned),
        )

    def _deletion(self, typed: TypedItem, item: Item) -> Change:
        if self.no_delete:
            raise ItemError(
                f"The transform returned DELETE, but the item stays: {self.no_delete}",
                "DeleteNotAllowed",
            )
        return Change("deleted", {}, self._expected(typed, seen_of(item)), item_bytes(typed))

    def _advised(self, error: ItemError, typed: TypedItem) -> ItemError:
        """Add advice if the function works with a plain dict, as if it checks for that type."""
        if isinstance(error.__cause__, ItemError) or error.error_class == UNREAD_CLASS:
            return error
        if self._on_plain(typed) is None:
            return error
        return ItemError(
            f"{error} The same call works with a plain copy of the item: pass dict(item) to the "
            "code that failed.",
            error.error_class,
        )

    def _check_removed(self, removed: set[str], item: Item) -> None:
        """Refuse to remove keys, and attributes that a new dict lacks but that were never read."""
        for name in self.context.key_names:
            if name in removed:
                raise ItemError(
                    f"The transform removed the key attribute {name!r}. A key cannot be removed: "
                    "return the item it was given, or DELETE to delete the item.",
                    "KeyRemoved",
                )
        unseen = removed - seen_of(item)
        if unseen:
            raise ItemError(
                f"The transform returned a new dict without {len(unseen)} attributes that it never "
                f"read ({_names(unseen)}). Return the item it was given, or remove attributes "
                "with del item[name].",
                "AttributesLost",
            )

    def _assigned(
        self, typed: TypedItem, values: Mapping[Any, Any], removed: set[str]
    ) -> dict[str, TypedValue | None]:
        assigned: dict[str, TypedValue | None] = dict.fromkeys(removed)
        for name, value in values.items():
            new = _encoded(name, value, typed)
            if not same(new, typed.get(name)):
                assigned[_attribute_name(name)] = new
                refuse_bad_index_key(name, new, self.index_keys)
        for name in self.context.key_names:
            if name in assigned:
                raise ItemError(
                    f"The transform changed the key attribute {name!r}. A key cannot be changed; "
                    "to change it, migrate into another table.",
                    "KeyChanged",
                )
        return assigned

    def _expected(self, typed: TypedItem, names: set[str]) -> dict[str, TypedValue | None]:
        keys = self.context.key_names
        return {name: typed.get(name) for name in sorted(names) if name not in keys}

    def _refuse_moving_target(self, after: TypedItem) -> None:
        """Run the transform on its result, with sets in another order; refuse further changes."""
        problem = self._problem_of(after, decode_backward)
        if problem and not self._problem_of(after, decode):
            raise ItemError(
                "The transform's result depends on the order of a set, which differs between "
                "processes. Use sorted(), as in list(sorted(item[name])).",
                "OrderOfSet",
            )
        if problem:
            raise problem

    def _problem_of(self, after: TypedItem, decode: _Decode) -> ItemError | None:
        try:
            again = self._once(after, decode)
        except ItemError as exc:
            return ItemError(
                f"The transform fails on its own result, which a repeated page passes to it: {exc} "
                "Make it recognise what it has already done.",
                "NotAFixedPoint",
            )
        if again.outcome in {"changed", "deleted"}:
            return ItemError(
                "The transform changes its own result again "
                f"({_names(again.assigned) or 'the whole item'}): a repeated page would "
                "apply it twice. Make it recognise what it has already done, or set "
                "CHECK_FIXED_POINT = False in its module if that is harmless.",
                "NotAFixedPoint",
            )
        return None


def _is_alike(one: Change, other: Change) -> bool:
    """Return whether two changes are of the same attributes; random values may differ."""
    return (one.outcome, one.assigned.keys()) == (other.outcome, other.assigned.keys())


def _encoded(name: Any, value: Any, typed: TypedItem) -> TypedValue:
    """Encode a value. One that cannot be encoded, but was not changed, stays as stored."""
    try:
        return encode(name, value)
    except ItemError:
        before = typed.get(name)
        if before is not None and value == decode(before):
            return before
        raise


def _sizes(typed: TypedItem, assigned: Mapping[str, TypedValue | None]) -> tuple[int, int]:
    """Return the item's size before and after; unchanged attributes are measured once."""
    before = item_bytes(typed)
    grown = {
        name: _bytes(name, new) - _bytes(name, typed.get(name)) for name, new in assigned.items()
    }
    after = before + sum(grown.values())
    if (
        after > ITEM_BYTES and after > before
    ):  # sizes of numbers are slight overestimates: an item may shrink
        most = max(grown, key=lambda name: grown[name])
        raise ItemError(
            f"The item is {after:,} bytes after the change and was {before:,} before it; DynamoDB "
            f"allows {ITEM_BYTES:,}, names included. Attribute {most!r} grew most, by "
            f"{grown[most]:,} bytes. Add less, or remove something.",
            "ItemTooLarge",
        )
    return before, after


def _bytes(name: str, value: TypedValue | None) -> int:
    return 0 if value is None else attribute_bytes(name, value)


def _checked(result: object) -> dict[Any, Any]:
    """Return a result other than the item itself, if it is valid."""
    if result is None:
        raise ItemError(
            "The transform returned None. Return the item (did you forget 'return item'?), SKIP "
            "or DELETE.",
            "ReturnedNone",
        )
    if not isinstance(result, dict) or type(result) is Item:
        kind = "a dict of another call" if isinstance(result, dict) else type_words(result)
        raise ItemError(
            f"The transform returned {kind}. Return the item it was given, a "
            "dict made from it, SKIP or DELETE.",
            "ReturnedOther",
        )
    return result


def _attribute_name(name: object) -> str:
    if not isinstance(name, str):
        raise ItemError(f"An attribute name is {type_words(name)}; use str.", "BadName")
    if not name:
        raise ItemError("An attribute name is empty; use at least one character.", "BadName")
    try:
        size = len(name.encode())
    except UnicodeEncodeError as exc:
        raise ItemError(
            f"The attribute name {name[:50]!a} has half a surrogate pair, which is not valid "
            "UTF-8. Clean it: name.encode(errors='replace').decode().",
            "BadName",
        ) from exc
    if size > ATTRIBUTE_NAME_BYTES:
        raise ItemError(
            f"An attribute name that begins with {name[:50]!r} is {size:,} bytes; DynamoDB allows "
            f"{ATTRIBUTE_NAME_BYTES:,}. Shorten it.",
            "BadName",
        )
    return str.__str__(name)


def _names(names: Iterable[str]) -> str:
    """Return the first few names, each shortened to 100 characters."""
    first = sorted(names)[:_SHOWN_NAMES]
    return ", ".join(n if len(n) <= _SHOWN_CHARS else f"{n[:_SHOWN_CHARS]}..." for n in first)
