"""What AWS charges: scans by the bytes that they looked at, batches by what each statement took."""

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

_READ_BYTES = 4_096


def scan_units(items: Iterable[Mapping[str, Any]], *, consistent: bool) -> float:
    """Return the read units of one page, by its items before filter and projection."""
    blocks = max(1, math.ceil(sum(map(item_bytes, items)) / _READ_BYTES))
    return float(blocks) if consistent else blocks / 2


def summed(rows: Iterable[Mapping[str, Any]], extra: float, how: str) -> list[dict[str, Any]]:
    """Return the ConsumedCapacity of a batch of one table.

    ``extra`` is what failed statements took: it stands in no part of the sum. ``how`` is TOTAL or
    INDEXES.
    """
    rows = list(rows)
    if not rows:
        return []
    total = sum(row["CapacityUnits"] for row in rows) + extra
    whole: dict[str, Any] = {"TableName": rows[0]["TableName"], "CapacityUnits": total}
    if how == "INDEXES":
        table = sum(row.get("Table", {}).get("CapacityUnits", 0.0) for row in rows)
        whole["Table"] = {"CapacityUnits": table}
        indexes: dict[str, float] = {}
        for row in rows:
            for name, part in (row.get("GlobalSecondaryIndexes") or {}).items():
                indexes[name] = indexes.get(name, 0.0) + part["CapacityUnits"]
        if indexes:
            parts = {name: {"CapacityUnits": units} for name, units in indexes.items()}
            whole["GlobalSecondaryIndexes"] = parts
    return [whole]


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the size of an item as it is on the wire, where binary is base64."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind in {"SS", "NS", "BS"}:
        return sum(value_bytes({kind[0]: one}) for one in content)
    return _BYTES[kind](content)


def _number_bytes(text: str) -> int:
    """Half the digits before the point and half of those behind it, each rounded up, and one."""
    number = Decimal(text)
    if not number:
        return 1
    whole, _, rest = f"{abs(number):f}".partition(".")
    whole, rest = whole.lstrip("0"), rest.rstrip("0")
    whole = whole if rest else whole.rstrip("0")
    rest = rest if whole else rest.lstrip("0")
    return 1 + math.ceil(len(whole) / 2) + math.ceil(len(rest) / 2) + int(number < 0)


_BYTES: dict[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "N": _number_bytes,
    "B": lambda text: len(base64.b64decode(text)),
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "L": lambda values: 3 + sum(1 + value_bytes(one) for one in values),
    "M": lambda values: 3 + len(values) + item_bytes(values),
}
