"""Writes of single items: conditions, expressions and their limits."""

from collections.abc import Iterator
from typing import Any

from tests.conformance.case import (
    ABSENT,
    ACCEPTED,
    CONDITION_FAILED,
    REFUSED,
    Answer,
    Case,
    Item,
    Request,
    key,
    number,
    put,
    text,
    update,
)
from tests.conformance.values import named

_SUITE = "paritysuite/dynamodb-conformance tests"
_COMPARING = f"{_SUITE}/tier2/partiql/comparison, seen on AWS 2026-08"
_EXPRESSIONS = f"{_SUITE}/tier3/limits/expressionSize, seen on AWS 2026-07-12"
_MESSAGES = f"{_SUITE}/tier3/error-messages/updateItem"
_FAILURES = f"{_SUITE}/tier1/putItem/conditions, tier1/updateItem/conditions"
_OPERATORS = "DynamoDB developer guide: quotas of expressions"

# A value, the same in another notation or order, and another.
VALUES: dict[str, tuple[Item, Item, Item]] = {
    "S": (text("a"), text("a"), text("b")),
    "S empty": (text(""), text(""), {"NULL": True}),
    "N": (number("1.5"), number("15E-1"), number("1.6")),
    "N as text": (number("1"), number("1.0"), text("1")),
    "N of 38 digits": (
        number("1234567890123456789012345678901234567.8"),
        number("1234567890123456789012345678901234567.8"),
        number("1234567890123456789012345678901234567.9"),
    ),
    "B": ({"B": b"\x01\x02"}, {"B": b"\x01\x02"}, {"B": b"\x01\x03"}),
    "BOOL": ({"BOOL": True}, {"BOOL": True}, {"BOOL": False}),
    "NULL": ({"NULL": True}, {"NULL": True}, text("null")),
    "SS": ({"SS": ["a", "b", "c"]}, {"SS": ["c", "a", "b"]}, {"SS": ["a", "b"]}),
    "NS": ({"NS": ["1", "2.5"]}, {"NS": ["2.50", "1"]}, {"NS": ["1", "2"]}),
    "BS": ({"BS": [b"\x01", b"\x02"]}, {"BS": [b"\x02", b"\x01"]}, {"BS": [b"\x01"]}),
    "L": (
        {"L": [text("a"), text("b")]},
        {"L": [text("a"), text("b")]},
        {"L": [text("b"), text("a")]},
    ),
    "M": (
        {"M": {"x": number(1), "y": {"SS": ["a", "b"]}}},
        {"M": {"y": {"SS": ["b", "a"]}, "x": number("1.0")}},
        {"M": {"x": number(1), "y": {"SS": ["a"]}}},
    ),
}


def cases() -> Iterator[Case]:
    yield from _comparing()
    yield from _failures()
    yield from _limits()
    yield from _mistakes()


def _if(name: str, value: Item, **more: Any) -> Request:
    return update(
        name,
        "SET t = :t",
        ConditionExpression="#v = :v",
        names={"v": "v"},
        values={"v": value, "t": text("y")},
        **more,
    )


def _comparing() -> Iterator[Case]:
    case = named("conditions", _COMPARING)
    for kind, (stored, same, other) in VALUES.items():
        name = f"{kind} equals the same"
        yield case(name, _if(name, same), ACCEPTED, given=[{**key(name), "v": stored}])
        name = f"{kind} does not equal another"
        given = [{**key(name), "v": stored}]
        then = (key(name), {"t": ABSENT})
        yield case(name, _if(name, other), CONDITION_FAILED, given=given, then=then)
    name = "a missing attribute does not equal NULL"
    yield case(name, _if(name, {"NULL": True}), CONDITION_FAILED, given=[key(name)])


def _failures() -> Iterator[Case]:
    case = named("conditions", _FAILURES)
    old = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    for word, make in (
        ("update", lambda name: _if(name, text("b"), **old)),
        ("put", lambda name: put(key(name), ConditionExpression="attribute_not_exists(pk)", **old)),
        ("delete", lambda name: _delete(name, **old)),
    ):
        name = f"a failed {word} tells the item that it found"
        item = {**key(name), "v": text("a")}
        answer = Answer(error="ConditionalCheckFailedException", has={"Item": item})
        yield case(name, make(name), answer, given=[item], then=(key(name), item))
    name = "a failed update tells no item unless asked"
    answer = Answer(error="ConditionalCheckFailedException", has={"Item": ABSENT})
    yield case(name, _if(name, text("b")), answer, given=[{**key(name), "v": text("a")}])
    name = "a failed update of a missing item leaves none"
    yield case(name, _if(name, text("b"), **old), answer, then=(key(name), ABSENT))
    name = "a delete of a missing item succeeds"
    request = Request(
        "DeleteItem", {"TableName": "@table", "Key": key(name), "ReturnValues": "ALL_OLD"}
    )
    yield case(name, request, Answer(has={"Attributes": ABSENT}))
    name = "an update of a missing item makes one"
    request = update(name, "SET a = :a", values={"a": text("1")})
    yield case(name, request, ACCEPTED, then=(key(name), {"a": text("1")}))


def _delete(name: str, **more: Any) -> Request:
    return Request(
        "DeleteItem",
        {
            "TableName": "@table",
            "Key": key(name),
            "ConditionExpression": "v = :v",
            "ExpressionAttributeValues": {":v": text("b")},
            **more,
        },
    )


def _limits() -> Iterator[Case]:
    case = named("expressions", _EXPRESSIONS)
    for size, answer in ((4_096, ACCEPTED), (4_097, REFUSED)):
        name = f"update expression of {size:,} bytes"
        names = _names("SET ", " = :v", ", ", size)
        request = update(
            name, "SET " + ", ".join(f"{n} = :v" for n in names), values={"v": text("x")}
        )
        yield case(name, request, answer)
        name = f"condition expression of {size:,} bytes"
        names = _names("", "attribute_not_exists()", " AND ", size)
        condition = " AND ".join(f"attribute_not_exists({n})" for n in names)
        yield case(name, put(key(name), ConditionExpression=condition), answer)
    name = "an expression is measured before its names are filled in"
    names = {f"n{i}": "n" * 246 + str(i) for i in range(30)}
    expression = "SET " + ", ".join(f"#{n} = :v" for n in names)
    yield case(name, update(name, expression, names=names, values={"v": text("x")}), ACCEPTED)
    for comparisons, answer in ((150, CONDITION_FAILED), (151, REFUSED)):
        name = f"condition of {2 * comparisons - 1} operators"
        condition = " OR ".join(["v = :v"] * comparisons)
        more = {"ConditionExpression": condition, "values": {"v": text("z"), "t": text("y")}}
        given = [{**key(name), "v": text("a")}]
        request = update(name, "SET t = :t", **more)
        yield case(name, request, answer, given=given, source=_OPERATORS)


def _names(prefix: str, around: str, joiner: str, size: int) -> list[str]:
    """Return attribute names of about 50 bytes that make an expression of so many bytes."""
    one = 50 + len(around) + len(joiner)
    count = (size - len(prefix) + len(joiner)) // one
    left = size - len(prefix) + len(joiner) - count * one
    names = [f"x{i}".rjust(50, "a") for i in range(count)]
    return [*names[:-1], names[-1].rjust(50 + left, "a")]


def _mistakes() -> Iterator[Case]:
    case = named("expressions", _MESSAGES)
    value = {"a": text("1")}
    for word, request in (
        ("sets a part of the key", update("m", "SET pk = :a", values=value)),
        ("is empty", update("m", "")),
        ("does not parse", update("m", "INVALID SYNTAX HERE", values=value)),
        ("has a name too many", update("m", "SET b = :a", values=value, names={"c": "c"})),
        ("has a value too many", update("m", "SET b = :a", values={**value, "c": text("2")})),
        ("lacks a value", update("m", "SET b = :a")),
        ("uses a reserved word", update("m", "SET status = :a", values=value)),
        ("sets an attribute twice", update("m", "SET b = :a, b = :a", values=value)),
    ):
        yield case(f"an update that {word}", request, REFUSED)
    name = "an attribute may be named like a type"
    request = update(name, "SET x = :a", values=value)
    item = {**key(name), "M": text("x")}
    yield case(name, request, ACCEPTED, given=[item], source="AWS API reference: AttributeMap")
