"""An item as a transform sees it: a dict of Python values, decoded attribute by attribute.

An *attribute* is a top-level attribute. It is decoded when the transform touches it and no other,
so what a transform leaves alone is never decoded, encoded or written. Every look at an attribute
is remembered, also the look that found nothing: it is the condition of the write.
"""

from collections.abc import Iterator, MutableMapping
from copy import deepcopy
from decimal import Decimal
from typing import Any, Final

from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from ddb_transform.contract.codec import decode

_IMMUTABLE: Final = frozenset({str, Decimal, bool, type(None)})  # of what boto3 decodes to
_NOTHING: Final = object()


class Item(MutableMapping[str, Any]):
    """The attributes of one item. ``typed`` is never changed.

    Walking over the names (``for name in item``, ``len(item)``) looks at every attribute that is
    there; an attribute that live traffic adds meanwhile cannot be part of the condition. So does a
    copy, shallow, deep or pickled: it is a plain dict, whose later reads nobody can see.
    """

    __slots__ = ("_decoded", "_given", "_removed", "_seen", "_typed")

    def __init__(self, typed: TypedItem) -> None:
        self._typed = typed
        self._decoded: dict[str, Any] = {}
        self._given: dict[str, Any] = {}
        self._removed: set[str] = set()
        self._seen: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._seen.add(name)
        if name in self._given:
            return self._given[name]
        if name in self._removed or name not in self._typed:
            raise KeyError(name)
        if name not in self._decoded:
            self._decoded[name] = decode(self._typed[name])
        return self._decoded[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._seen.add(name)
        self._removed.discard(name)
        self._given[name] = value

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._given.pop(name, None)
        self._removed.add(name)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        self._seen.add(name)
        return name in self._given or (name in self._typed and name not in self._removed)

    def __iter__(self) -> Iterator[str]:
        names = self._names()
        self._seen.update(names)
        return iter(names)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def copy(self) -> dict[str, Any]:
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return deepcopy(self.copy(), memo)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.copy(),)

    def __repr__(self) -> str:
        return f"Item(attributes={sorted(self._names())})"  # names only: values never reach a log

    @property
    def seen(self) -> frozenset[str]:
        """Names the transform looked at, there or not."""
        return frozenset(self._seen)

    @property
    def touched(self) -> dict[str, Any]:
        """Python values by name of what may have changed: set, or mutable and looked at."""
        return self._given | {
            name: value
            for name, value in self._decoded.items()
            if type(value) not in _IMMUTABLE
            and name not in self._given
            and name not in self._removed
        }

    def touched_in(self, values: dict[Any, Any]) -> dict[Any, Any]:
        """Return what of a dict made from this item may have changed."""
        return {
            name: value
            for name, value in values.items()
            if type(value) not in _IMMUTABLE or value is not self._decoded.get(name, _NOTHING)
        }

    @property
    def removed(self) -> frozenset[str]:
        return frozenset(self._removed)

    @property
    def original_names(self) -> frozenset[str]:
        """Names of the attributes as they were read. Not a look of the transform's."""
        return frozenset(self._typed)

    def original(self, name: str) -> TypedValue | None:
        """Return the attribute as it was read, exactly; None when it was not there."""
        return self._typed.get(name)

    def _names(self) -> list[str]:
        kept = [name for name in self._typed if name not in self._removed]
        return kept + [name for name in self._given if name not in self._typed]
