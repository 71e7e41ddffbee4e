"""The cases of the self-check: everything that a writer's statement may contain."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from ddb_transform.contract.intent import Change
from ddb_transform.writers.proof import oddities

_OLD: dict[str, TypedValue] = {
    "S": {"S": ""},
    "N": {"N": "1234567890.5"},
    "B": {"B": b"\x00\xff"},
    "BOOL": {"BOOL": True},
    "NULL": {"NULL": True},
    "SS": {"SS": ["b", "a"]},
    "NS": {"NS": ["1", "2.5"]},
    "BS": {"BS": [b"\x01", b"\x00"]},
    "L": {"L": [{"N": "1"}, {"S": "a"}, {"M": {"x": {"SS": ["a", "b"]}}}, {"B": b"\x02"}]},
    "M": {"M": {"a": {"N": "1"}, "b": {"L": [{"NULL": True}]}, "c": {"BOOL": False}}},
}
# The same values in another notation or order.
_SAME: dict[str, TypedValue] = {
    "N": {"N": "12345678905E-1"},
    "SS": {"SS": ["a", "b"]},
    "NS": {"NS": ["2.50", "1.0"]},
    "BS": {"BS": [b"\x00", b"\x01"]},
    "L": {"L": [{"N": "1.0"}, {"S": "a"}, {"M": {"x": {"SS": ["b", "a"]}}}, {"B": b"\x02"}]},
    "M": {"M": {"c": {"BOOL": False}, "b": {"L": [{"NULL": True}]}, "a": {"N": "1.00"}}},
}
_OTHER: dict[str, TypedValue] = {
    "S": {"S": "x"},
    "N": {"N": "1234567890.6"},
    "B": {"B": b"\x00"},
    "BOOL": {"BOOL": False},
    "NULL": {"S": "null"},
    "SS": {"SS": ["a"]},
    "NS": {"NS": ["1"]},
    "BS": {"BS": [b"\x01"]},
    "L": {"L": [{"N": "2"}, {"S": "a"}, {"M": {"x": {"SS": ["a", "b"]}}}, {"B": b"\x02"}]},
    "M": {"M": {"a": {"N": "1"}, "b": {"L": [{"NULL": True}]}, "c": {"BOOL": True}}},
}
_DIGITS: TypedValue = {"N": "0.00000000012345678901234567890123456789012345678"}
_NAMES = ("select", "a.b", 'a"b', "#a", ":a", "a b", "ä\N{SNOWMAN}", "a[0]", "a'b", "1", "a-b")


@dataclass(frozen=True, slots=True)
class Case:
    """One write: the item before it (None: there is none), and the change.

    ``about`` names the features that are unproven if the writers differ. The most common one is
    ``update``: if it is unproven, so are all statements.
    """

    name: str
    before: TypedItem | None
    change: Change
    about: tuple[str, ...] = ("update",)


def cases() -> Iterator[Case]:
    """Yield cases for everything that a statement may contain."""
    yield from _conditions()
    yield from _assignments()
    yield from _deletes()
    for name in _NAMES:
        item = {name: {"S": "old"}}
        about = tuple(oddities(name)) or ("update",)
        new = {"S": "new"}
        yield Case(f"name {name!r} set", item, setting(name, new, item), about)
        yield Case(f"name {name!r} missing", {}, setting(name, new, {name: None}), about)
        yield Case(f"name {name!r} not missing", item, setting("x", new, {name: None}), about)
        yield Case(f"name {name!r} removed", item, Change("changed", {name: None}, item), about)


def _conditions() -> Iterator[Case]:
    for kind, value in _OLD.items():
        item: TypedItem = {"a": value}
        about = (f"if {kind}",)
        yield Case(f"if {kind}, true", item, _x_if(value), about)
        wrong = sorted({f"if {kind}", f"if {next(iter(_OTHER[kind]))}"})
        yield Case(f"if {kind}, false", item, _x_if(_OTHER[kind]), tuple(wrong))
        if kind in _SAME:
            yield Case(f"if {kind}, other notation", item, _x_if(_SAME[kind]), about)
    missing = ("if missing",)
    yield Case("if NULL, but text", {"a": {"S": "null"}}, _x_if({"NULL": True}), ("if NULL",))
    yield Case("if NULL, but missing", {}, _x_if({"NULL": True}), ("if NULL",))
    yield Case("if number of 38 digits", {"a": _DIGITS}, _x_if(_DIGITS), ("if N",))
    yield Case("if missing, true", {}, _x_if(None), missing)
    yield Case("if missing, false", {"a": {"NULL": True}}, _x_if(None), missing)
    yield Case("if present, but missing", {}, _x_if({"S": "1"}))
    yield Case("if other type", {"a": {"S": "1"}}, _x_if({"N": "1"}))
    yield Case("item missing", None, setting("x", {"N": "1"}, {"x": None}))
    yield Case("item missing, if present", None, _x_if({"S": "1"}))


def _assignments() -> Iterator[Case]:
    for kind, value in {**_OLD, "N of 38 digits": _DIGITS}.items():
        sets = (f"set {next(iter(value))}",)
        yield Case(f"set {kind}", {}, setting("a", value, {"a": None}), sets)
    for kind, value in _OLD.items():
        item, other = {"a": value}, _OTHER[kind]
        about = (f"if {kind}", f"set {next(iter(other))}")
        yield Case(f"replace {kind}", item, setting("a", other, item), about)
    old = {"a": {"S": "1"}, "b": {"S": "2"}}
    remove = ("remove",)
    yield Case("remove", old, Change("changed", {"a": None}, {"a": {"S": "1"}}), remove)
    yield Case("remove two", old, Change("changed", {"a": None, "b": None}, old), remove)
    yield Case("set two", old, Change("changed", {"a": {"S": "2"}, "c": {"S": "3"}}, old))
    mixed = {"a": {"S": "3"}, "b": None, "c": {"N": "1"}}
    change = Change("changed", mixed, {**old, "c": None})
    yield Case("set and remove", old, change, ("set and remove",))


def _deletes() -> Iterator[Case]:
    item: TypedItem = {"a": {"S": "1"}}
    about = ("delete",)
    yield Case("delete", item, Change("deleted"), about)
    yield Case("delete, true", item, Change("deleted", expected=item), about)
    yield Case("delete, false", item, Change("deleted", expected={"a": {"S": "2"}}), about)
    yield Case("delete, if missing", item, Change("deleted", expected={"b": None}), about)
    yield Case("delete, not missing", item, Change("deleted", expected={"a": None}), about)
    yield Case("delete, item missing", None, Change("deleted"), about)
    yield Case("delete, item missing, if", None, Change("deleted", expected=item), about)


def setting(name: str, value: TypedValue, expected: Mapping[str, TypedValue | None]) -> Change:
    return Change("changed", {name: value}, expected)


def _x_if(expected: TypedValue | None) -> Change:
    """Set another attribute if ``a`` is as expected."""
    return setting("x", {"N": "1"}, {"a": expected})
