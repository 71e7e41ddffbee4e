"""Batches of PartiQL statements: what fails alone, what fails all, and what an answer tells."""

from collections.abc import Iterator
from typing import Any

from tests.conformance.case import (
    ABSENT,
    INDEXED,
    REFUSED,
    Answer,
    Case,
    Item,
    batch,
    key,
    number,
    text,
)
from tests.conformance.values import deep, named
from tests.conformance.writes import VALUES

_SUITE = "paritysuite/dynamodb-conformance tests/tier2/partiql"
_BATCHES = f"{_SUITE}/batchExecuteStatement, seen on AWS"
_COMPARING = f"{_SUITE}/comparison, seen on AWS 2026-08"
_MEMBERS = "nubo-db/dynoxide tests/batch_statement_member_fields, seen on AWS 2026-08-15"
_ENGINE = "nubo-db/dynoxide src/actions/batch_execute_statement, seen on AWS 2026-08-15"
_CAPACITY = "nubo-db/dynoxide tests/partiql_index_consumed_capacity, seen on AWS 2026-08-13"
_MODEL = "botocore model of DynamoDB: BatchExecuteStatement"
_PARTIQL = "DynamoDB developer guide: PartiQL update and delete statements"

_SET = 'UPDATE "@table" SET "t"=? WHERE "pk"=? AND "v"=?'
_FAILED = {"Error": {"Code": "ConditionalCheckFailed", "Item": ABSENT}, "Item": ABSENT}
_DONE = {"Error": ABSENT, "TableName": "@table"}
_INVALID = {"Error": {"Code": "ValidationError"}, "TableName": ABSENT}


def _set(name: str, value: Item) -> tuple[str, Item, Item, Item]:
    return _SET, text("y"), text(name), value


def _told(*rows: Any, **more: Any) -> Answer:
    return Answer(has={"Responses": list(rows), **more})


def cases() -> Iterator[Case]:
    yield from _comparing()
    yield from _failed_conditions()
    yield from _deletes()
    yield from _alone()
    yield from _together()
    yield from _capacity()


def _comparing() -> Iterator[Case]:
    case = named("batches", _COMPARING)
    for kind, (stored, same, other) in VALUES.items():
        name = f"statement: {kind} equals the same"
        given = [{**key(name), "v": stored}]
        then = (key(name), {"t": text("y")})
        yield case(name, batch(_set(name, same)), _told(_DONE), given=given, then=then)
        name = f"statement: {kind} does not equal another"
        given = [{**key(name), "v": stored}]
        then = (key(name), {"t": ABSENT})
        yield case(name, batch(_set(name, other)), _told(_FAILED), given=given, then=then)
    name = "statement: IS MISSING holds for what is missing"
    words = 'UPDATE "@table" SET "t"=? WHERE "pk"=? AND "v" IS MISSING'
    request = batch((words, text("y"), text(name)))
    yield case(name, request, _told(_DONE), given=[key(name)], source=_PARTIQL)
    name = "statement: IS MISSING does not hold for NULL"
    request = batch((words, text("y"), text(name)))
    given = [{**key(name), "v": {"NULL": True}}]
    yield case(name, request, _told(_FAILED), given=given, source=_PARTIQL)


def _failed_conditions() -> Iterator[Case]:
    case = named("batches", _MEMBERS)
    for option in ("ALL_OLD", "NONE", ""):
        more = {"option": {"ReturnValuesOnConditionCheckFailure": option}} if option else {}
        name = f"a failed statement tells no item: {option or 'not asked'}"
        answer = _told({**_FAILED, "TableName": "@table"})
        given = [{**key(name), "v": text("a")}]
        yield case(name, batch(_set(name, text("b")), **more), answer, given=given)
    name = "an update of a missing item fails and leaves none"
    request = batch(('UPDATE "@table" SET "t"=? WHERE "pk"=?', text("y"), text(name)))
    yield case(name, request, _told(_FAILED), then=(key(name), ABSENT), source=_PARTIQL)
    name = "sets and removes of one statement"
    words = 'UPDATE "@table" SET "t"=? SET "u"=? REMOVE "v" WHERE "pk"=?'
    request = batch((words, text("y"), text("z"), text(name)))
    then = (key(name), {"t": text("y"), "u": text("z"), "v": ABSENT})
    given = [{**key(name), "v": text("a")}]
    yield case(name, request, _told(_DONE), given=given, then=then, source=_PARTIQL)


def _deletes() -> Iterator[Case]:
    case = named("batches", _BATCHES)
    words = 'DELETE FROM "@table" WHERE "pk"=? AND "v"=? RETURNING ALL OLD *'
    name = "a delete returns what it deleted"
    item = {**key(name), "v": text("a")}
    request = batch((words, text(name), text("a")))
    yield case(name, request, _told({"Item": item}), given=[item], then=(key(name), ABSENT))
    name = "a delete of another value fails"
    item = {**key(name), "v": text("a")}
    request = batch((words, text(name), text("b")))
    yield case(name, request, _told(_FAILED), given=[item], then=(key(name), item))
    name = "a delete of a missing item succeeds without one"
    request = batch((words, text(name), text("a")))
    yield case(name, request, _told({"Error": ABSENT, "Item": ABSENT}), source=_PARTIQL)
    name = "a delete cannot return what is new"
    words = 'DELETE FROM "@table" WHERE "pk"=? RETURNING ALL NEW *'
    yield case(name, batch((words, text(name))), _told(_INVALID))


def _alone() -> Iterator[Case]:
    """One statement fails, and its neighbour is done."""
    case = named("batches", _BATCHES)
    for word, words, values, error in (
        ("does not parse", 'SLECT * FROM "@table" WHERE "pk"=?', (text("x"),), "ValidationError"),
        ("names no whole key", 'UPDATE "@table" SET "t"=1 WHERE "v"=?', (text("x"),), ""),
        ("sets its key", 'UPDATE "@table" SET "pk"=? WHERE "pk"=?', (text("z"), text("x")), ""),
        ("lacks a parameter", 'UPDATE "@table" SET "t"=? WHERE "pk"=?', (text("x"),), ""),
        ("sets an empty set", *_sets({"SS": []}), ""),
        ("sets a set with a member twice", *_sets({"SS": ["a", "a"]}), ""),
        ("sets 39 digits", *_sets(number("1" * 39)), ""),
        ("sets 32 maps", *_sets(deep(32)), ""),
        ("is about no table", 'UPDATE "no-table" SET "t"=1 WHERE "pk"=?', (text("x"),), "no table"),
    ):
        name = f"a statement that {word} fails alone"
        code = {"no table": "ResourceNotFound"}.get(error, "ValidationError")
        other = ('UPDATE "@table" SET "t"=? WHERE "pk"=?', text("y"), text(name))
        answer = _told({"Error": {"Code": code}}, _DONE)
        given = [key(name), key("x")]
        then = (key(name), {"t": text("y")})
        yield case(name, batch((words, *values), other), answer, given=given, then=then)


def _sets(value: Item) -> tuple[str, tuple[Item, Item]]:
    return 'UPDATE "@table" SET "t"=? WHERE "pk"=?', (value, text("x"))


def _together() -> Iterator[Case]:
    """The whole batch is refused, before any of it is done."""
    case = named("batches", _ENGINE)
    words = 'UPDATE "@table" SET "t"=? WHERE "pk"=?'
    name = "one key twice refuses all"
    twice = [(words, text(v), text(name)) for v in ("y", "z")]
    untouched = {"given": [key(name)], "then": (key(name), {"t": ABSENT})}
    yield case(name, batch(*twice), REFUSED, **untouched)
    name = "reads beside writes refuse all"
    mixed = [(words, text("y"), text(name)), ('SELECT * FROM "@table" WHERE "pk"=?', text("x"))]
    untouched = {"given": [key(name)], "then": (key(name), {"t": ABSENT})}
    yield case(name, batch(*mixed), REFUSED, **untouched)
    for count, answer in ((25, Answer()), (26, REFUSED), (0, REFUSED)):
        name = f"a batch of {count}"
        rows = [(words, text("y"), text(f"{name} {i}")) for i in range(count)]
        yield case(name, batch(*rows), answer, source=_MODEL)
    name = "a statement over 8,192 characters refuses all"
    long = f'UPDATE "@table" SET "{"x" * 8_192}"=? WHERE "pk"=?'
    other = (words, text("y"), text(name))
    untouched = {"given": [key(name)], "then": (key(name), {"t": ABSENT})}
    yield case(
        name, batch((long, text("y"), text("x")), other), REFUSED, **untouched, source=_MODEL
    )


def _capacity() -> Iterator[Case]:
    case = named("batches", _MEMBERS)
    every = {"ReturnConsumedCapacity": "INDEXES"}
    name = "a batch in which all fail tells no capacity"
    given = [{**key(name), "v": text("a")}]
    answer = _told(_FAILED, ConsumedCapacity=ABSENT)
    yield case(name, batch(_set(name, text("b")), **every), answer, given=given)
    name = "a failed statement beside another is charged"
    rows = (_set(name, text("b")), _set(f"{name} 2", text("a")))
    given = [{**key(name), "v": text("a")}, {**key(f"{name} 2"), "v": text("a")}]
    spent = [{"TableName": "@table", "CapacityUnits": lambda units: units >= 2}]
    answer = _told(_FAILED, _DONE, ConsumedCapacity=spent)
    yield case(name, batch(*rows, **every), answer, given=given)
    name = "a statement is charged by what its item weighs"
    item = {**key(name), "v": text("a"), "pad": text("x" * 3_000)}
    spent = [{"TableName": "@table", "CapacityUnits": 3.0}]
    answer = _told(_DONE, ConsumedCapacity=spent)
    request = batch(_set(name, text("a")), ReturnConsumedCapacity="TOTAL")
    yield case(name, request, answer, given=[item], source=_CAPACITY)
    name = "a statement is charged for its indexes"
    item = {**key(name), "of": text("o"), "v": text("a")}
    spent = [{"CapacityUnits": 2.0, "GlobalSecondaryIndexes": {"by-of": {"CapacityUnits": 1.0}}}]
    answer = _told(_DONE, ConsumedCapacity=spent)
    more = {"given": [item], "schema": INDEXED, "source": _CAPACITY}
    yield case(name, batch(_set(name, text("a")), **every), answer, **more)
