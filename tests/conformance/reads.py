"""Scans and reads: segments, pages, filters, capacity."""

from collections.abc import Iterator
from typing import Any

from tests.conformance.case import (
    ABSENT,
    ACCEPTED,
    REFUSED,
    Answer,
    Case,
    Request,
    key,
    scan,
    text,
)
from tests.conformance.values import named

_SUITE = "paritysuite/dynamodb-conformance tests"
_MESSAGES = f"{_SUITE}/tier3/error-messages/scan"
_PAGES = f"{_SUITE}/tier3/limits/responseSize"
_CAPACITY = f"{_SUITE}/tier1/scan/consumedCapacity"
_MODEL = "botocore model of DynamoDB: Scan"
_GUIDE = "DynamoDB developer guide: Scan"

_PAGE_BYTES = 1_048_576
_UNITS = {"ReturnConsumedCapacity": "TOTAL"}


def cases() -> Iterator[Case]:
    yield from _segments()
    yield from _pages()
    yield from _filters()
    yield from _charged()


def _segments() -> Iterator[Case]:
    case = named("scans", _MESSAGES)
    segment = "the segment"
    yield case(f"{segment} without their number", scan(Segment=0), REFUSED)
    yield case("their number without a segment", scan(TotalSegments=4), REFUSED)
    yield case(f"{segment} is past the last", scan(Segment=5, TotalSegments=5), REFUSED)
    yield case("a page of no items", scan(Limit=0), REFUSED)
    missing = Request("Scan", {"TableName": "no-table-of-ours"})
    yield case("no such table", missing, Answer(error="ResourceNotFoundException"))
    last = scan(Segment=999_999, TotalSegments=1_000_000)
    yield case("the last of 1,000,000 segments", last, ACCEPTED, source=_MODEL)
    more = scan(Segment=0, TotalSegments=1_000_001)
    yield case("1,000,001 segments", more, REFUSED, source=_MODEL)
    start = scan(ExclusiveStartKey={"other": text("x")})
    yield case("a page after what is no key", start, REFUSED, source=_GUIDE)


def _pages() -> Iterator[Case]:
    case = named("scans", _PAGES)
    large = [{**key(f"{i:03}"), "p": text("y" * 60_000)} for i in range(20)]
    at_most = _PAGE_BYTES // 60_000 + 1
    has = {"Count": lambda count: 0 < count <= at_most, "LastEvaluatedKey": {"pk": bool}}
    yield case("a page ends at 1 MB", scan(), Answer(has=has), own=True, given=large)
    few = [{**key(str(i)), "v": text("a")} for i in range(5)]
    only_key = Answer(has={"Count": 2, "LastEvaluatedKey": lambda found: {"pk"} == found.keys()})
    name = "a page ends at its limit, and names a key"
    yield case(name, scan(Limit=2), only_key, own=True, given=few)
    name = "a page of all items names no key"
    answer = Answer(has={"Count": 5, "LastEvaluatedKey": ABSENT})
    yield case(name, scan(Limit=6), answer, own=True, given=few)


def _filters() -> Iterator[Case]:
    case = named("scans", _GUIDE)
    few = [{**key(str(i)), "v": text("a")} for i in range(5)]
    nothing: dict[str, Any] = {
        "FilterExpression": "v = :v",
        "ExpressionAttributeValues": {":v": text("b")},
    }
    has = {"Count": 0, "ScannedCount": 3, "LastEvaluatedKey": {"pk": bool}}
    name = "a limit counts what the filter drops"
    yield case(name, scan(Limit=3, **nothing), Answer(has=has), own=True, given=few)
    large = [{**key(f"{i:03}"), "p": text("y" * 60_000)} for i in range(20)]
    name = "1 MB counts what the filter drops"
    has = {"Count": 0, "LastEvaluatedKey": {"pk": bool}}
    yield case(name, scan(**nothing), Answer(has=has), own=True, given=large)


def _charged() -> Iterator[Case]:
    """By the sum of a page's items, before the filter and the projection."""
    case = named("scans", _CAPACITY)
    item = {**key("a"), "p": text("y" * 9_000)}
    for consistent, units in ((False, 1.5), (True, 3.0)):
        answer = Answer(has={"ConsumedCapacity": {"CapacityUnits": units}})
        word = "a consistent" if consistent else "an eventual"
        for what, more in (("", {}), (", projected", {"ProjectionExpression": "pk"})):
            request = scan(ConsistentRead=consistent, **_UNITS, **more)
            name = f"{word} scan of 9 KB costs {units}{what}"
            yield case(name, request, answer, own=True, given=[item])
    name = "an empty page costs half a unit"
    answer = Answer(has={"ConsumedCapacity": {"CapacityUnits": 0.5}})
    yield case(name, scan(**_UNITS), answer, own=True)
