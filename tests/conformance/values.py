"""Values: nesting, empty values, keys, sizes of items."""

from collections.abc import Iterator
from typing import Any

from tests.conformance.case import (
    ABSENT,
    ACCEPTED,
    PAIR,
    REFUSED,
    Answer,
    Case,
    Item,
    Request,
    batch,
    key,
    number,
    put,
    text,
    update,
)

_SUITE = "paritysuite/dynamodb-conformance tests/tier3/limits"
_NESTING = f"{_SUITE}/nestingDepth, seen on AWS 2026-06"
_EMPTY = f"{_SUITE}/emptyValues"
_SURFACES = f"{_SUITE}/itemSizeBySurface, seen on AWS 2026-08-19"
_KEYS = f"{_SUITE}/keyLength"
_MESSAGES = "paritysuite/dynamodb-conformance tests/tier3/error-messages/putItem"
_KEY_GUIDE = "DynamoDB developer guide: quotas of keys"

ITEM_BYTES = 409_600

_EMPTY_SETS = (("SS", {"SS": []}), ("NS", {"NS": []}), ("BS", {"BS": []}))


def deep(levels: int) -> Item:
    """Return a text within so many maps."""
    value: Item = text("leaf")
    for _ in range(levels):
        value = {"M": {"n": value}}
    return value


def padded(item: Item, known_bytes: int, total: int) -> Item:
    """Return an item of so many bytes: what it has, and an attribute p."""
    return {**item, "p": text("x" * (total - known_bytes - 1))}


def named(area: str, source: str) -> Any:
    def case(name: str, request: Request, answer: Answer, **more: Any) -> Case:
        more = {"source": source, **more}
        return Case(name=name, area=area, request=request, answer=answer, **more)

    return case


def cases() -> Iterator[Case]:
    yield from _nesting()
    yield from _empty()
    yield from _keys()
    yield from _item_sizes()


def _nesting() -> Iterator[Case]:
    case = named("nesting", _NESTING)
    for levels, answer in ((31, ACCEPTED), (32, REFUSED)):
        name = f"a value within {levels} maps is put"
        yield case(name, put({**key(name), "d": deep(levels)}), answer)
        name = f"a value within {levels} maps is set"
        yield case(name, update(name, "SET d = :d", values={"d": deep(levels)}), answer)
    name = "a value within 32 maps is compared with"
    request = update(
        name,
        "SET t = :t",
        ConditionExpression="d = :d",
        values={"t": text("y"), "d": deep(32)},
    )
    yield case(name, request, REFUSED, given=[key(name)])
    name = "a value within 32 maps is a parameter"
    statement = ('UPDATE "@table" SET "d"=? WHERE "pk"=?', deep(32), text(name))
    answer = Answer(has={"Responses": [{"Error": {"Code": "ValidationError"}}]})
    yield case(name, batch(statement), answer, given=[key(name)])


def _empty() -> Iterator[Case]:
    case = named("empty values", _EMPTY)
    for kind, value in (("text", text("")), ("binary", {"B": b""})):
        name = f"empty {kind} is put"
        then = (key(name), {"a": value})
        yield case(name, put({**key(name), "a": value}), ACCEPTED, then=then)
    name = "empty text in a list is put"
    item = {**key(name), "a": {"L": [text("")]}}
    yield case(name, put(item), ACCEPTED, then=(key(name), {"a": {"L": [text("")]}}))
    yield case("empty text as key", put(key("")), REFUSED)
    pair = {"pk": text("empty sort key"), "sk": text("")}
    yield case("empty text as sort key", put(pair), REFUSED, schema=PAIR)
    for kind, value in _EMPTY_SETS:
        for where, held in (
            ("", value),
            (" in a map", {"M": {"s": value}}),
            (" in a list", {"L": [value]}),
        ):
            name = f"empty {kind}{where}"
            yield case(name, put({**key(name), "a": held}), REFUSED)
    name = "the same member twice in a set"
    yield case(name, put({**key(name), "a": {"SS": ["a", "a"]}}), REFUSED, source=_MESSAGES)
    name = "NULL false is NULL"
    item = {**key(name), "a": {"NULL": False}}
    then = (key(name), {"a": {"NULL": True}})
    yield case(name, put(item), ACCEPTED, then=then, source=f"{_MESSAGES}, seen on AWS 2026-06-08")


def _keys() -> Iterator[Case]:
    case = named("keys", _KEYS)
    long, too_long = text("k" * 2_048), text("k" * 2_049)
    yield case("key of 2,048 bytes", put({"pk": long}), ACCEPTED)
    yield case("key of 2,049 bytes", put({"pk": too_long}), REFUSED)
    get = Request("GetItem", {"TableName": "@table", "Key": {"pk": too_long}})
    yield case("key of 2,049 bytes is read", get, REFUSED)
    for size, answer in ((1_024, ACCEPTED), (1_025, REFUSED)):
        item = {"pk": text("sort"), "sk": text("s" * size)}
        yield case(f"sort key of {size:,} bytes", put(item), answer, schema=PAIR, source=_KEY_GUIDE)
    yield case("key of another type", put({"pk": number(1)}), REFUSED)
    yield case("item without its key", put({"a": text("1")}), REFUSED)
    extra = {"TableName": "@table", "Key": {**key("extra"), "b": text("1")}}
    yield case("key with an attribute too many", Request("GetItem", extra), REFUSED)


def _item_sizes() -> Iterator[Case]:
    case = named("item sizes", _SURFACES)
    for over, answer, word in ((0, ACCEPTED, "400 KB"), (1, REFUSED, "400 KB and a byte")):
        name = f"item of {word} is put"
        item = padded(key(name), 2 + len(name), ITEM_BYTES + over)
        yield case(name, put(item), answer)
        name = f"item of {word} is in a batch"
        item = padded(key(name), 2 + len(name), ITEM_BYTES + over)
        rows = {"@table": [{"PutRequest": {"Item": item}}]}
        yield case(name, Request("BatchWriteItem", {"RequestItems": rows}), answer)
        name = f"item of {word} by a statement"
        item = padded(key(name), 2 + len(name), ITEM_BYTES + over)
        statement = ('UPDATE "@table" SET "p"=? WHERE "pk"=?', item["p"], text(name))
        row = {"Error": {"Code": "ValidationError"}} if over else {"Error": ABSENT}
        told = Answer(has={"Responses": [row]})
        yield case(name, batch(statement), told, given=[key(name)])
        yield from _updates(case, over, answer)
    name = "a statement writes 400 KB where an update may not"
    short = key("X")
    item = padded(short, 3, ITEM_BYTES)
    statement = ('UPDATE "@table" SET "p"=? WHERE "pk"=?', item["p"], short["pk"])
    told = Answer(has={"Responses": [{"Error": ABSENT}]})
    yield case(name, batch(statement), told, given=[short])


def _updates(case: Any, over: int, answer: Answer) -> Iterator[Case]:
    """An update counts what it writes, and 3 bytes, and 19 for a SET and 2 for a REMOVE."""
    for short, expression, cost, more in (
        ("U", "SET p = :p", 22, {}),
        ("V", "SET p = :p REMOVE r", 24, {"r": text("z")}),
        ("W", "SET p = :p, c = :c", 41, {}),
    ):
        item = {**key(f"{short}{over}"), **more}
        beside = {"c": text("y")} if ":c" in expression else {}
        size = ITEM_BYTES - cost - 1 - 2 * len(beside) + over
        values = {"p": text("x" * size), **beside}
        request = update(f"{short}{over}", expression, values=values)
        yield case(
            f"update to its most by {expression}{', one more' if over else ''}",
            request,
            answer,
            given=[item],
        )
    long = "L" * 100
    item = padded(key(f"{long}{over}"), 2 + len(long) + 1, ITEM_BYTES + over)
    request = update(f"{long}{over}", "SET p = :p", values={"p": item["p"]})
    yield case(f"update with a long key to 400 KB{' and one' if over else ''}", request, answer)
