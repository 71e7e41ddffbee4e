"""An item as a transform sees it."""

import copy
import pickle
from collections import ChainMap
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ddb_transform.contract.codec import decode
from ddb_transform.contract.item import item_of, left_by, left_in, seen_of
from tests.support.factories import typed_item

TYPED = typed_item("a", n={"N": "1.50"}, l={"L": [{"S": "x"}]}, b={"B": b"raw"})


def test_only_what_is_touched_is_decoded() -> None:
    """Once, however often it is looked at; names and sizes decode nothing."""
    decoded: list[object] = []

    def spy(value: Any) -> Any:
        decoded.append(value)
        return decode(value)

    item = item_of(TYPED, spy)
    assert (4, True, False) == (len(item), "n" in item, "x" in item)
    assert ["b", "id", "l", "n"] == list(item)
    assert [] == decoded

    assert Decimal("1.50") == item["n"] == item["n"]
    assert [{"N": "1.50"}] == decoded


def test_every_look_is_remembered() -> None:
    """Reading, asking, finding nothing, changing, removing: all is the write's condition."""
    item = item_of(TYPED)
    item.get("missing")
    _ = item["n"]
    _ = "asked" in item
    item["new"] = 1
    del item["l"]

    assert {"missing", "n", "asked", "new", "l"} == seen_of(item)


def test_walking_over_the_names_looks_at_all_of_them() -> None:
    """What the transform may have decided by."""
    item = item_of(TYPED)
    _ = dict(item)

    assert set(TYPED) == seen_of(item)


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy-within": lambda item: copy.deepcopy({"old": [item]})["old"][0],
    "pickle": lambda item: pickle.loads(pickle.dumps(item)),
    "pickle-0": lambda item: pickle.loads(pickle.dumps(item, protocol=0)),
    "method": lambda item: item.copy(),
    "dict": dict,
    "unpacked": lambda item: {**item},
    "keywords": lambda item: dict(**item),
    "updated": lambda item: _updated({}, item),
    "comprehension": lambda item: dict(item.items()),
    "chain": lambda item: dict(ChainMap(item)),
}


def _updated(into: dict[str, Any], item: Any) -> dict[str, Any]:
    into.update(item)
    return into


@pytest.mark.parametrize("made", COPIES.values(), ids=COPIES)
def test_a_copy_looks_at_all_of_it(made: Callable[[Any], Any]) -> None:
    """Nobody sees what is read of a copy afterwards, so all of it is the condition."""
    item = item_of(TYPED)
    item["new"] = 1
    del item["b"]

    copied = made(item)

    assert {"id": "a", "n": Decimal("1.50"), "l": ["x"], "new": 1} == copied
    assert type(copied) is dict
    assert {*TYPED, "new"} == seen_of(item)


@pytest.mark.parametrize("name", ["copy", "deepcopy", "pickle", "method", "dict", "unpacked"])
def test_a_copy_is_apart_from_its_item(name: str) -> None:
    """What is changed or removed there is no change of the item, and the other way round."""
    item = item_of(TYPED)
    copied = COPIES[name](item)

    copied["n"] = 2
    del copied["id"]
    item["later"] = 3

    assert {"later": 3} == {n: v for n, v in left_in(item)[0].items() if n not in {"l", "b"}}
    assert (Decimal("1.50"), "a") == (item["n"], item["id"])
    assert "later" not in copied


def test_a_deep_copy_keeps_what_is_shared() -> None:
    """As of a dict: one item that is there twice is one copy."""
    item = item_of(TYPED)

    first, second = copy.deepcopy([item, item])

    assert first is second
    assert first["l"] is not item["l"]


def test_values_changed_in_place_are_kept() -> None:
    """A list that was appended to is the attribute's new value."""
    item = item_of(TYPED)
    item["l"].append("y")

    assert {"l": ["x", "y"]} == left_in(item)[0]
    assert [{"S": "x"}] == TYPED["l"]["L"]


def test_what_was_only_read_and_cannot_change_is_not_touched() -> None:
    """It needs no encoding; what can be changed in place does."""
    item = item_of(TYPED)
    _ = item["id"], item["n"], item["l"], item["b"]

    assert {"l", "b"} == left_in(item)[0].keys()
    assert {"l", "b", "new"} == left_by({**item, "new": None}, item)[0].keys()


def test_a_new_dict_is_touched_where_it_has_another_value() -> None:
    """Also an equal one of another type: True is no number."""
    item = item_of(typed_item(n={"N": "1"}, gone={"S": "x"}))
    del item["gone"]

    assert {"n": True, "gone": "x"} == left_by({"id": item["id"], "n": True, "gone": "x"}, item)[0]


def test_a_removed_attribute_is_gone() -> None:
    """Until it is set again; removing what is not there is a KeyError."""
    item = item_of(TYPED)
    del item["n"]
    assert ("n" in item, list(item), left_in(item)[1]) == (False, ["b", "id", "l"], {"n"})
    with pytest.raises(KeyError):
        _ = item["n"]
    with pytest.raises(KeyError):
        del item["n"]

    item["n"] = 2
    assert (2, set()) == (item["n"], left_in(item)[1])


def test_an_attribute_that_was_added_and_removed_leaves_nothing() -> None:
    """It is not part of what is left."""
    item = item_of(TYPED)
    item["new"] = 1
    del item["new"]

    assert {} == left_in(item)[0]
    assert "new" not in list(item)


def test_it_acts_as_a_dict() -> None:
    """pop, setdefault, update, comparison: what people write in transforms."""
    item = item_of(TYPED)

    assert Decimal("1.50") == item.pop("n")
    assert "default" == item.setdefault("new", "default")
    item.update(other=True)
    assert {"id": "a", "l": ["x"], "b": item["b"], "new": "default", "other": True} == item
    assert 5 not in item
