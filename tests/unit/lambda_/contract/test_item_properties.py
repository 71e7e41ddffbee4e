"""An item does what a dict does, and everything that was read of it is part of the condition."""

import copy
import os
from typing import Any

from ddb_transform.contract.codec import decode
from ddb_transform.contract.item import item_of, left_in, seen_of
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dict_operations import OF_ALL, OF_NAMES, Told, tell

EXAMPLES = int(os.environ.get("ITEM_EXAMPLES", "150"))

VALUES = st.sampled_from(
    [
        {"S": "x"},
        {"S": " y "},
        {"N": "1"},
        {"N": "12345678901234567890123456789012345678"},
        {"BOOL": True},
        {"NULL": True},
        {"L": [{"S": "x"}, {"M": {"k": {"N": "2"}}}]},
        {"M": {"b": {"S": "1"}, "a": {"SS": ["z", "y", "x"]}}},
        {"SS": ["b", "a", "c"]},
        {"NS": ["3", "1.50", "2"]},
    ]
).map(copy.deepcopy)
NAMES = ("a", "b", "c", "l", "zz")
TYPED = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5).map(
    lambda typed: {**typed, "id": {"S": "1"}}
)
OPERATIONS = {**OF_NAMES, **OF_ALL}


def steps(names: Any) -> Any:
    value = st.sampled_from([None, 1, "x", ["x"], {"k": 1}])
    name = st.sampled_from([*NAMES, "new", "", "na\ud83d"])
    return st.lists(st.tuples(st.sampled_from(sorted(names)), name, value), max_size=6)


Steps = list[tuple[str, Any, Any]]


def outcome(d: dict[Any, Any], todo: Steps) -> list[Told]:
    return [tell(OPERATIONS[operation], d, name, value) for operation, name, value in todo]


@settings(max_examples=EXAMPLES)
@given(TYPED, steps(OPERATIONS))
def test_it_does_what_a_dict_does(typed: dict[str, Any], todo: Steps) -> None:
    """The same results, the same exceptions, the same contents in the same order."""
    plain = {name: decode(typed[name]) for name in sorted(typed)}
    item = item_of(typed)

    assert outcome(plain, todo) == outcome(item, todo)
    assert list(plain.items()) == list(item.items())


@settings(max_examples=EXAMPLES)
@given(TYPED, steps(OPERATIONS), st.data())
def test_what_was_not_noted_does_not_matter(
    typed: dict[str, Any], todo: Steps, data: st.DataObject
) -> None:
    """Live traffic may change or remove it: everything is as it was.

    New attributes, too, may appear, where nothing looked at all of the item: no condition of
    DynamoDB's can say that there are none.
    """
    item = item_of(typed)
    told = outcome(item, todo)
    seen = seen_of(item)

    changed = dict(typed)
    for name in sorted(typed.keys() - seen - {"id"}):
        value = data.draw(st.none() | VALUES, name)
        changed = {**changed, name: value}
        if value is None:
            del changed[name]
    if not any(operation in OF_ALL for operation, *_ in todo):
        changed |= {name: {"S": "live"} for name in {"late", *NAMES} - seen - typed.keys()}
    other = item_of(changed)

    assert told == outcome(other, todo)
    assert left_in(item)[0] == left_in(other)[0]
    assert left_in(item)[1] == left_in(other)[1]


@settings(max_examples=EXAMPLES)
@given(TYPED, steps(OPERATIONS))
def test_what_is_left_is_what_changed(typed: dict[str, Any], todo: Steps) -> None:
    """Values and removals, put over what was read, are what a dict would hold."""
    plain = {name: decode(typed[name]) for name in sorted(typed)}
    item = item_of(typed)
    outcome(plain, todo)
    outcome(item, todo)

    before = {name: decode(value) for name, value in typed.items()}
    after = {**before, **left_in(item)[0]}
    assert plain == {n: v for n, v in after.items() if n not in left_in(item)[1]}


@settings(max_examples=EXAMPLES)
@given(TYPED, steps(OF_NAMES))
def test_what_is_not_read_is_not_decoded(typed: dict[str, Any], todo: Steps) -> None:
    """Nor is anything twice."""
    decoded: list[int] = []

    def spy(value: Any) -> Any:
        decoded.append(id(value))
        return decode(value)

    item = item_of(typed, spy)
    outcome(item, todo)

    assert {name for name, value in typed.items() if id(value) in decoded} <= seen_of(item)
    assert len(decoded) == len(set(decoded))
