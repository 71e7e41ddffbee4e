"""Items: the size of numbers, nesting, zeros, and how a Scan reads them."""

from typing import Any, Final

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.items.sizes import item_bytes
from airflow_ddb_migrate.core.limits import WRITE_UNIT_BYTES
from airflow_ddb_migrate.prove.scratch import Scratch

_NUMBERS: Final = ("0", "1", "-1", "10", "100", "1.5", "12.34", "3.14159", "1E+125", "-1E-130")
_OFF_BY: Final = 5  # bytes by which our own figure can be wrong
_LEVELS: Final = (30, 31, 32, 33)
_ZEROS: Final = ("0", "-0", "0E-130", "0E-131", "0E+125", "0E+126")

_SMALL_ITEMS: Final = 400
_BATCH: Final = 25
_LARGE_ITEMS: Final = 30
_LARGE_BYTES: Final = 50_000
_SEGMENTS: Final = (2, 4, 8, 100)


def ask_item_limits(scratch: Scratch) -> dict[str, Any]:
    """Put items at the limits, and find the size of numbers by when a write costs 2 units."""
    return {
        "number_bytes": {text: _number_bytes(scratch, text) for text in _NUMBERS},
        "levels": {str(levels): _put_code(scratch, _nested(levels)) for levels in _LEVELS},
        "zeros": {text: _put_code(scratch, {"N": text}) for text in _ZEROS},
    }


def ask_scan(scratch: Scratch) -> dict[str, Any]:
    """Scan small items by segments, then large ones by pages."""
    _fill(scratch)
    segments = {total: _segments(scratch, total) for total in _SEGMENTS}
    has_key_at_the_end = _has_key_at_the_end(scratch)
    return {
        "items_by_segment": {
            str(total): _spread([len(keys) for keys in found]) for total, found in segments.items()
        },
        "segments_nest": {
            f"{total} in {half}": _nest(segments[total], segments[half])
            for half, total in ((2, 4), (4, 8))
        },
        "has_key_where_limit_ends_the_table": has_key_at_the_end,
        "pages": _pages(scratch),
    }


def _number_bytes(scratch: Scratch, text: str) -> int | None:
    """Return the bytes of the number: the most that fit into one write unit, less the rest."""
    item = {"id": {"S": "size"}, "n": {"N": text}, "pad": {"S": ""}}
    room = WRITE_UNIT_BYTES - item_bytes(item)
    fits = [
        pad
        for pad in range(room - _OFF_BY, room + _OFF_BY + 1)
        if _units(scratch, {**item, "pad": {"S": "x" * pad}}) <= 1
    ]
    rest = item_bytes({**item, "n": {"S": ""}})
    return WRITE_UNIT_BYTES - rest - max(fits) if 0 < len(fits) <= 2 * _OFF_BY else None


def _units(scratch: Scratch, item: dict[str, Any]) -> float:
    """Return the units of writing a new item, since an existing one counts by the larger size."""
    table, client = scratch.names.table, scratch.single.dynamodb
    with aws_call("dynamodb:PutItem", f"table {table}"):
        client.delete_item(TableName=table, Key={"id": item["id"]})
        answer = client.put_item(TableName=table, Item=item, ReturnConsumedCapacity="TOTAL")
    return float(answer["ConsumedCapacity"]["CapacityUnits"])


def _put_code(scratch: Scratch, value: dict[str, Any]) -> str:
    """Return the error code with which a value is refused; empty if it is accepted."""
    table = scratch.names.table
    try:
        scratch.single.dynamodb.put_item(
            TableName=table, Item={"id": {"S": "edge"}, "value": value}
        )
    except ClientError as exc:
        return error_code(exc)
    return ""


def _nested(levels: int) -> dict[str, Any]:
    """Return a scalar inside a number of nested lists."""
    value: dict[str, Any] = {"S": "leaf"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


def _fill(scratch: Scratch) -> None:
    table = scratch.names.scan_table
    for start in range(0, _SMALL_ITEMS, _BATCH):
        rows = [
            {"PutRequest": {"Item": {"id": {"S": f"small-{number}"}}}}
            for number in range(start, start + _BATCH)
        ]
        while rows:
            with aws_call("dynamodb:BatchWriteItem", f"table {table}"):
                answer = scratch.clients.dynamodb.batch_write_item(RequestItems={table: rows})
            rows = (answer.get("UnprocessedItems") or {}).get(table, [])


def _segments(scratch: Scratch, total: int) -> list[set[str]]:
    """Return the keys of each segment."""
    return [
        {
            row["id"]["S"]
            for page in _scan(scratch, TotalSegments=total, Segment=segment)
            for row in page["Items"]
        }
        for segment in range(total)
    ]


def _spread(counts: list[int]) -> dict[str, int]:
    return {"largest": max(counts), "smallest": min(counts), "empty": counts.count(0)}


def _nest(small: list[set[str]], large: list[set[str]]) -> bool:
    """Return whether each large segment consists of two small ones."""
    return all(small[2 * n] | small[2 * n + 1] == keys for n, keys in enumerate(large))


def _pages(scratch: Scratch) -> list[dict[str, Any]]:
    """Add large items to the small ones, and return what each page has."""
    table = scratch.names.scan_table
    for number in range(_LARGE_ITEMS):
        item = {"id": {"S": f"large-{number}"}, "pad": {"S": "x" * _LARGE_BYTES}}
        with aws_call("dynamodb:PutItem", f"table {table}"):
            scratch.clients.dynamodb.put_item(TableName=table, Item=item)
    return [
        {
            "items": len(page["Items"]),
            "bytes": sum(map(item_bytes, page["Items"])),
            "units": (page.get("ConsumedCapacity") or {}).get("CapacityUnits"),
            "has_key": "LastEvaluatedKey" in page,
        }
        for page in _scan(scratch, ReturnConsumedCapacity="TOTAL")
    ]


def _has_key_at_the_end(scratch: Scratch) -> bool:
    """Return whether a Scan whose Limit is the number of items returns a key."""
    table = scratch.names.scan_table
    with aws_call("dynamodb:Scan", f"table {table}"):
        answer = scratch.clients.dynamodb.scan(
            TableName=table, Limit=_SMALL_ITEMS, ConsistentRead=True
        )
    return "LastEvaluatedKey" in answer


def _scan(scratch: Scratch, **arguments: Any) -> list[dict[str, Any]]:
    table = scratch.names.scan_table
    pages = scratch.clients.dynamodb.get_paginator("scan").paginate(
        TableName=table, ConsistentRead=True, **arguments
    )
    with aws_call("dynamodb:Scan", f"table {table}"):
        return list(pages)
