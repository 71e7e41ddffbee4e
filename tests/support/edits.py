"""Generated items with generated edits, and what the items have to be afterwards.

An edit is done twice over, to Python values as a transform does it and to typed values, so that
neither codec nor write path can hide behind itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import Binary
from ddb_transform.contract.codec import decode, same
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from hypothesis import strategies as st
from tests.support.typed_values import ATTRIBUTES, NAMES, VALUES
from transforms import DELETE

Typed = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """An item's attributes and what a transform does: to attributes by name, or to all of it.

    SET assigns ``values[name]``, REMOVE removes, KEEP assigns what is there, GROW changes what is
    deepest in a list, map or set.
    """

    attributes: Typed
    edits: Mapping[str, str] = field(default_factory=dict)
    values: Typed = field(default_factory=dict)
    delete: bool = False


@st.composite
def rows(draw: Callable[..., Any], *, deletes: bool = True) -> Row:
    """An item with at most four edits; the attributes may be there or not."""
    attributes = draw(ATTRIBUTES)
    there = st.sampled_from(sorted(attributes)) if attributes else NAMES
    names = (there | there | NAMES).filter(lambda name: name != "id")
    kinds = st.sampled_from(["SET", "SET", "REMOVE", "KEEP", "GROW", "GROW"])
    edits = draw(st.dictionaries(names, kinds, max_size=4))
    values = {name: draw(VALUES) for name, kind in edits.items() if kind == "SET"}
    delete = deletes and draw(st.integers(0, 5)) == 0
    return Row(attributes, edits, values, delete)


def tables(**options: Any) -> st.SearchStrategy[list[Row]]:
    return st.lists(rows(**options), max_size=7)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows under keys, as a transform and as what is wanted."""

    rows: Sequence[Row]

    def items(self) -> list[Typed]:
        return [{"id": {"S": key}, **row.attributes} for key, row in self._by_key()]

    def transform(self, item: Item, context: Context) -> object:
        row = dict(self._by_key())[item["id"]]
        if row.delete:
            return DELETE
        for name, kind in row.edits.items():
            _edit(item, name, kind, row)
        return item

    def problems(self, before: Mapping[str, Typed], after: Mapping[str, Typed]) -> list[str]:
        """Say what is otherwise than wanted. An attribute without a change is as it was, exactly.

        ``before`` and ``after`` are items by key, as the service tells them.
        """
        found = [f"{key} came from nowhere" for key in after.keys() - before.keys()]
        for key, row in self._by_key():
            found += _problems(key, _wanted(before[key], row), before[key], after.get(key))
        return found

    def writes(self, before: Mapping[str, Typed]) -> int:
        """How many items are to be written."""
        wanted = ((before[key], _wanted(before[key], row)) for key, row in self._by_key())
        return sum(new is None or bool(changed(old, new)) for old, new in wanted)

    def written(self, before: Mapping[str, Typed], key: str) -> frozenset[str] | None:
        """Return the names of the attributes that are to be written; None: the item is deleted."""
        wanted = _wanted(before[key], dict(self._by_key())[key])
        return None if wanted is None else changed(before[key], wanted)

    def _by_key(self) -> Iterator[tuple[str, Row]]:
        return ((f"i{place}", row) for place, row in enumerate(self.rows))


def changed(old: Typed, new: Typed) -> frozenset[str]:
    """Name the attributes that are not the same value."""
    names = old.keys() | new.keys()
    return frozenset(name for name in names if not same(old.get(name), new.get(name)))


def _problems(key: str, wanted: Typed | None, old: Typed, new: Typed | None) -> Iterator[str]:
    if wanted is None or new is None:
        if wanted is not new:
            yield f"{key} is {new}, wanted {wanted}"
        return
    for name in changed(wanted, new):
        yield f"{key}[{name!r}] is {new.get(name)}, wanted {wanted.get(name)}"
    for name in old.keys() - changed(old, wanted):
        if old[name] != new.get(name):
            yield f"{key}[{name!r}] was {old[name]} and is {new.get(name)}"


def _edit(item: Item, name: str, kind: str, row: Row) -> None:
    if kind == "SET":
        item[name] = decode(row.values[name])
    elif kind == "REMOVE":
        item.pop(name, None)
    elif name in item and kind == "KEEP":
        item[name] = item[name]
    elif name in item:
        _grow(item[name])


def _wanted(old: Typed, row: Row) -> Typed | None:
    if row.delete:
        return None
    new = dict(old) | row.values
    for name, kind in row.edits.items():
        if kind == "REMOVE":
            new.pop(name, None)
        elif kind == "GROW" and name in new:
            new[name] = _grown(new[name])
    return new


def _grow(value: Any) -> None:
    """Change the deepest first container of a Python value, in place, and once only."""
    inner = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        inner = [value[name] for name in sorted(value)]
    for one in inner:
        if isinstance(one, list | dict):
            _grow(one)
            return
    if isinstance(value, list) and value[-1:] != ["grown"]:
        value.append("grown")
    elif isinstance(value, dict):
        value["grown"] = 1
    elif isinstance(value, set):
        value.add(_MEMBERS[type(next(iter(value)))])


_MEMBERS: dict[type, Any] = {str: "grown", Decimal: Decimal("7.50"), Binary: b"grown"}
_TYPED_MEMBERS = {"SS": "grown", "NS": "7.5", "BS": b"grown"}


def _grown(value: Typed) -> Typed:
    """The same change to a typed value."""
    ((kind, content),) = value.items()
    if kind in _TYPED_MEMBERS:
        return {kind: [*content, _TYPED_MEMBERS[kind]]}
    if kind not in {"L", "M"}:
        return value
    for place in sorted(content) if kind == "M" else range(len(content)):
        if content[place].keys() & {"L", "M"}:
            copy = content.copy()
            copy[place] = _grown(content[place])
            return {kind: copy}
    if kind == "M":
        return {"M": {**content, "grown": {"N": "1"}}}
    return value if content[-1:] == [{"S": "grown"}] else {"L": [*content, {"S": "grown"}]}
