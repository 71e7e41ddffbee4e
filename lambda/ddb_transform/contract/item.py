"""The item that a transform gets: a dict that decodes attributes on first read, and notes reads.

An *attribute* is a top-level attribute. The dict's own storage holds every name, with ``UNREAD`` as
its value until the attribute is read; then the decoded value replaces it. An attribute that is
never read is never decoded, encoded or written. Every dict method notes the names that it reads,
including those that the item lacks: they become the condition of the write. Any copy is a plain
dict and reads everything. C code that bypasses the methods and reads the storage finds ``UNREAD``,
never a value, and its item is refused.
"""

# ruff: noqa: SLF001  # functions read an item's private state: a dict has no such methods

from collections.abc import Callable, Iterable
from copy import deepcopy
from decimal import Decimal
from typing import Any, Final

from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from airflow_ddb_migrate.core.limits import ATTRIBUTE_NAME_BYTES
from ddb_transform.contract.codec import decode as decode_value
from ddb_transform.user_code.unread import UNREAD, refused_unread

_IMMUTABLE: Final = frozenset({str, Decimal, bool, type(None)})  # types that boto3 decodes to
_ABSENT: Final = object()

_get, _set, _delete = dict.get, dict.__setitem__, dict.__delitem__


class Item(dict[str, Any]):
    """The attributes of one item, made by ``item_of``; names are sorted.

    Calling the class makes a plain dict, so that ``type(item)(...)`` works as for any dict.
    """

    __slots__ = ("_decode", "_decoded", "_seen", "_typed")
    _typed: TypedItem
    _decode: Callable[[TypedValue], Any]
    _decoded: dict[str, Any]
    _seen: set[str]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return dict(*args, **kwargs)

    @classmethod
    def fromkeys(cls, names: Iterable[Any], value: Any = None) -> Any:
        return dict.fromkeys(names, value)

    def __getitem__(self, name: Any) -> Any:
        value = _get(self, name, _ABSENT)
        if value is UNREAD:
            return self._read(name)
        if value is _ABSENT:
            self._note(name)
            raise KeyError(name)
        return value

    def get(self, name: Any, default: Any = None) -> Any:
        value = _get(self, name, _ABSENT)
        if value is UNREAD:
            return self._read(name)
        if value is _ABSENT:
            self._note(name)
            return default
        return value

    def __contains__(self, name: object) -> bool:
        self._note(name)
        return dict.__contains__(self, name)

    def __setitem__(self, name: Any, value: Any) -> None:
        if value is UNREAD:
            raise refused_unread()
        _set(self, name, value)
        self._note(name)

    def __delitem__(self, name: Any) -> None:
        self._note(name)
        _delete(self, name)

    def setdefault(self, name: Any, default: Any = None) -> Any:
        if dict.__contains__(self, name):
            return self[name]
        self[name] = default
        return default

    def pop(self, name: Any, *default: Any) -> Any:
        self.get(name)
        return dict.pop(self, name, *default)

    def popitem(self) -> tuple[Any, Any]:
        self._read_all()
        return dict.popitem(self)

    def clear(self) -> None:
        self._note_all()
        dict.clear(self)

    def update(self, *args: Any, **kwargs: Any) -> None:
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def __iter__(self) -> Any:
        self._note_all()
        return dict.__iter__(self)

    def __reversed__(self) -> Any:
        self._note_all()
        return dict.__reversed__(self)

    def __len__(self) -> int:
        self._note_all()
        return dict.__len__(self)

    def __bool__(self) -> bool:
        """Note only one attribute that is present: the result depends on no other."""
        first = next(dict.__iter__(self), None)
        if first is None:
            self._note_all()
            return False
        self._note(first)
        return True

    def keys(self) -> Any:
        self._note_all()
        return dict.keys(self)

    def values(self) -> Any:
        self._read_all()
        return dict.values(self)

    def items(self) -> Any:
        self._read_all()
        return dict.items(self)

    def __eq__(self, other: object) -> bool:
        self._read_all()
        return dict.__eq__(self, _plain(other))

    def __ne__(self, other: object) -> bool:
        self._read_all()
        return dict.__ne__(self, _plain(other))

    __hash__ = None  # as for a dict

    def __or__(self, other: Any) -> Any:
        return self.copy() | other if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: Any) -> Any:
        return other | self.copy() if isinstance(other, dict) else NotImplemented

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def copy(self) -> dict[str, Any]:
        self._read_all()
        return dict(dict.items(self))

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return deepcopy(self.copy(), memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (self.copy(),)

    def __repr__(self) -> str:
        self._read_all()
        return dict.__repr__(self)

    def _read(self, name: str) -> Any:
        """Decode an attribute into the storage; a name in ``_decoded`` counts as noted."""
        value = self._decoded[name] = self._decode(self._typed[name])
        _set(self, name, value)
        return value

    def _note(self, name: Any) -> None:
        """Note a name if an attribute can have it; no live write can add any other."""
        if name in self._typed or _is_possible(name):
            self._seen.add(str.__str__(name))

    def _note_all(self) -> None:
        self._seen.update(self._typed)

    def _read_all(self) -> None:
        self._seen.update(self._typed)
        for name, value in list(dict.items(self)):
            if value is UNREAD:
                self._read(name)


_MOST_SHAPES = 1_000
_shapes: dict[tuple[str, ...], dict[str, Any]] = {}  # unread storages, by the names in them


def item_of(typed: TypedItem, decode: Callable[[TypedValue], Any] = decode_value) -> Item:
    """Return the item that a transform gets; ``typed`` is never changed."""
    item: Item = dict.__new__(Item)
    names = tuple(typed)
    dict.__init__(item, _shapes.get(names) or _new_shape(names))
    item._typed, item._decode, item._decoded, item._seen = typed, decode, {}, set()
    return item


def _new_shape(names: tuple[str, ...]) -> dict[str, Any]:
    if len(_shapes) >= _MOST_SHAPES:
        _shapes.clear()
    shape = _shapes[names] = dict.fromkeys(sorted(names), UNREAD)
    return shape


def seen_of(item: Item) -> set[str]:
    """Return the names that were read, changed or asked for, present or not."""
    return item._seen.union(item._decoded)


def left_in(item: Item) -> tuple[dict[Any, Any], set[str]]:
    """Return the values that may have changed (set, or mutable and read), and the removed names.

    Both are taken from the storage, since code may have bypassed the methods to write to it.
    """
    typed, decoded = item._typed, item._decoded
    values = {name: value for name, value in dict.items(item) if value is not UNREAD}
    is_smaller = dict.__len__(item) - len(values.keys() - typed.keys()) < len(typed)
    return _changed(values, decoded), _removed_from(item, item) if is_smaller else set()


def left_by(result: dict[Any, Any], item: Item) -> tuple[dict[Any, Any], set[str]]:
    """Return which values of a dict made from the item may have changed, and missing names."""
    return _changed(result, item._decoded), _removed_from(result, item)


def _changed(values: dict[Any, Any], decoded: dict[str, Any]) -> dict[Any, Any]:
    return {
        name: value
        for name, value in values.items()
        if type(value) not in _IMMUTABLE or value is not decoded.get(name, _ABSENT)
    }


def _removed_from(result: dict[Any, Any], item: Item) -> set[str]:
    return item._typed.keys() - dict.keys(result)


def _plain(other: object) -> object:
    return other.copy() if type(other) is Item else other


def _is_possible(name: object) -> bool:
    """Return whether DynamoDB allows an attribute of that name."""
    try:
        return isinstance(name, str) and 0 < len(name.encode()) <= ATTRIBUTE_NAME_BYTES
    except UnicodeEncodeError:
        return False
