"""Sizes of items, and the capacity units that they cost, by DynamoDB's published rules.

Source: "DynamoDB item sizes and formats" and "read and write operations" of the developer guide.
AWS documents a number's size only roughly; the rule here was measured on AWS.
"""

import math
from decimal import Decimal
from typing import Any

from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from airflow_ddb_migrate.core.limits import READ_UNIT_BYTES, WRITE_UNIT_BYTES

_CONTAINER_BYTES = 3
_ELEMENT_BYTES = 1


def item_bytes(item: TypedItem) -> int:
    """Return the size of a typed item in bytes, names included. DynamoDB allows ITEM_BYTES."""
    total = _text_bytes("".join(item))
    for value in item.values():  # plain loops, since this runs for every item that is written
        for kind, content in value.items():
            total += _BYTES[kind](content)
    return total


def attribute_bytes(name: str, value: TypedValue) -> int:
    """Return the bytes that one attribute adds to its item."""
    return _text_bytes(name) + value_bytes(value)


def value_bytes(value: TypedValue) -> int:
    """Return the size of a typed value in bytes, without its name."""
    ((kind, content),) = value.items()
    return _BYTES[kind](content)


def write_units(before_bytes: int, after_bytes: int) -> int:
    """Return the table's write units for one write. The larger of old and new item counts."""
    return max(1, math.ceil(max(before_bytes, after_bytes) / WRITE_UNIT_BYTES))


def scan_units(page_bytes: int) -> float:
    """Return the read units of one eventually consistent page of a Scan."""
    return max(0.5, math.ceil(page_bytes / READ_UNIT_BYTES) / 2)


def _text_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _number_bytes(text: str) -> int:
    """Return a number's bytes: one for two digits, paired separately before and after the point."""
    if "E" in text:
        text = f"{Decimal(text):f}"
    whole, _, rest = text.lstrip("-").partition(".")
    whole, rest = whole.lstrip("0"), rest.rstrip("0")
    pairs = (len(whole) + 1) // 2 + (len(rest) + 1) // 2
    if not rest:
        pairs -= (len(whole) - len(whole.rstrip("0"))) // 2
    elif not whole:
        pairs -= (len(rest) - len(rest.lstrip("0"))) // 2
    return pairs + 1 + (1 if text[:1] == "-" else 0)


def _binary_bytes(value: Any) -> int:
    return len(getattr(value, "value", value))  # boto3's Binary, or bytes


def _list_bytes(values: Any) -> int:
    return _CONTAINER_BYTES + len(values) * _ELEMENT_BYTES + sum(map(value_bytes, values))


def _map_bytes(values: Any) -> int:
    return _CONTAINER_BYTES + len(values) * _ELEMENT_BYTES + item_bytes(values)


_BYTES = {
    "S": _text_bytes,
    "N": _number_bytes,
    "B": _binary_bytes,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "SS": lambda texts: sum(map(_text_bytes, texts)),
    "NS": lambda numbers: sum(map(_number_bytes, numbers)),
    "BS": lambda binaries: sum(map(_binary_bytes, binaries)),
    "L": _list_bytes,
    "M": _map_bytes,
}
