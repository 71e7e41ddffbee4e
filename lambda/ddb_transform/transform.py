"""The transform contract: what a user's function may do to an item, and what it comes to.

See ``Transform.apply``.
"""

import hashlib
import importlib
import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, MappingProxyType, ModuleType
from typing import Any

from airflow_ddb_migrate.core.errors import ItemError, TransformError
from airflow_ddb_migrate.core.records import TypedItem, TypedValue

from ddb_transform.codec import encode, same
from ddb_transform.item import Item
from transforms import DELETE, SKIP


@dataclass(frozen=True, slots=True)
class Context:
    """What a transform may know besides the item. ``started_at`` is ISO 8601, UTC, milliseconds."""

    migration_id: str
    started_at: str
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    key_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a transform wants of one item, as typed values.

    ``assigned`` maps each changed attribute to its new value, None to remove it. ``expected`` is
    the condition: every attribute that was looked at or changed, None where it was not there.
    """

    outcome: str
    assigned: Mapping[str, TypedValue | None] = field(default_factory=dict)
    expected: Mapping[str, TypedValue | None] = field(default_factory=dict)


UNCHANGED = Change("unchanged")
SKIPPED = Change("skipped")


@dataclass(frozen=True, slots=True)
class Transform:
    """A user's function with the rules around it."""

    function: Callable[[Item, Context], object]
    context: Context
    check_fixed_point: bool = True

    def apply(self, typed: TypedItem) -> Change:
        """Run the transform on one item and say what has to be written.

        :raises ItemError: the transform raised, forgot its return, changed the key, made a value
            that DynamoDB cannot hold, or changes its own result again.
        """
        change = self._once(typed)
        if change.outcome == "changed" and self.check_fixed_point:
            self._refuse_moving_target(typed, change)
        return change

    def _once(self, typed: TypedItem) -> Change:
        item = Item(typed)
        result = self._call(item)
        if result is SKIP:
            return SKIPPED
        if result is DELETE:
            return Change("deleted", expected=self._expected(item, ()))
        assigned = self._assigned(typed, *_left_by(result, item))
        if not assigned:
            return UNCHANGED
        return Change("changed", assigned, self._expected(item, assigned))

    def _call(self, item: Item) -> object:
        try:
            return self.function(item, self.context)
        except ItemError:
            raise
        except (Exception, SystemExit) as exc:
            raise ItemError(
                f"The transform raised {type(exc).__name__}{_where(exc)}.", type(exc).__name__
            ) from exc

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
        after = {**typed, **{n: v for n, v in change.assigned.items() if v is not None}}
        for name, value in change.assigned.items():
            if value is None:
                after.pop(name, None)
        again = self._once(after)
        if again.outcome in {"changed", "deleted"}:
            names = ", ".join(sorted(again.assigned)) or "the whole item"
            raise ItemError(
                f"The transform changes its own result again ({names}): a repeated page would "
                "apply it twice. Make it recognise what it has done already, or set "
                "CHECK_FIXED_POINT = False in its module if twice is harmless.",
                "NotAFixedPoint",
            )


def load(name: str, context: Context) -> Transform:
    """Load a transform by its module's name.

    :raises TransformError: there is no such module, it cannot be imported, or it has no function
        ``transform(item, context)``.
    """
    module = _import(name)
    function = getattr(module, "transform", None)
    if not callable(function):
        raise TransformError(
            f"Transform {name!r} defines no function transform(item, context). Add it and deploy."
        )
    return Transform(function, context, bool(getattr(module, "CHECK_FIXED_POINT", True)))


def source_hash(name: str) -> str:
    """Return the SHA-256 of the transform's file, so that a mended transform shows."""
    source = inspect.getsourcefile(_import(name)) or ""
    return hashlib.sha256(Path(source).read_bytes()).hexdigest()


def _import(name: str) -> ModuleType:
    if not name.isidentifier():
        raise TransformError(f"Transform {name!r} is not the name of a Python module.")
    try:
        return importlib.import_module(f"transforms.{name}")
    except Exception as exc:
        missing = isinstance(exc, ModuleNotFoundError) and exc.name == f"transforms.{name}"
        why = "is not deployed" if missing else f"cannot be imported: {type(exc).__name__}: {exc}"
        raise TransformError(
            f"Transform {name!r} {why}. Mend or add its file and run ddb-migrate deploy "
            "--transforms DIR."
        ) from exc


def _left_by(result: object, item: Item) -> tuple[Mapping[Any, Any], frozenset[str]]:
    """Return the touched values and removed names of what a transform returned."""
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
    return result, _removed_from(result, item)


def _removed_from(result: Mapping[Any, Any], item: Item) -> frozenset[str]:
    """Return the names a new dict lacks; those the transform never looked at are a mistake."""
    missing = item.original_names - result.keys()
    unseen = missing - item.seen
    if unseen:
        raise ItemError(
            f"The transform returned a new dict without {len(unseen)} attributes that it never "
            f"looked at ({', '.join(sorted(unseen)[:5])}). Return the item it was given, or "
            "remove attributes by del item[name].",
            "AttributesLost",
        )
    return missing


def _attribute_name(name: object) -> str:
    if not isinstance(name, str):
        raise ItemError(f"An attribute name is a {type(name).__name__}; use str.", "BadName")
    return name


def _where(exc: BaseException) -> str:
    """Name the last line of the transform's own file; never the message, which may hold a value."""
    frames = list(traceback.walk_tb(exc.__traceback__))[1:]  # the first is the call of it
    own = [frame[1] for frame in frames if _file(frame) == _file(frames[0])]
    return f" at {Path(_file(frames[0])).name}:{own[-1]}" if own else ""


def _file(frame: tuple[FrameType, int]) -> str:
    return frame[0].f_code.co_filename
