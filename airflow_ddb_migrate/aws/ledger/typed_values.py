"""Plain values to DynamoDB's typed ones and back, for the ledger's own records.

Items of the migrated table never pass through here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue

_Number = int | float
Plain = str | bool | _Number | Mapping[str, int] | Mapping[str, float] | tuple[str | int, ...]


def encode(value: Plain) -> TypedValue:
    """Return a typed value: text, a flag, a number, a map of numbers, or a list of both."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, int | float):
        return {"N": str(Decimal(str(value)))}
    if isinstance(value, tuple):
        return {"L": [encode(one) for one in value]}
    return {"M": {name: encode(number) for name, number in value.items()}}


def encode_all(values: Mapping[str, Plain]) -> dict[str, TypedValue]:
    return {name: encode(value) for name, value in values.items()}


def text(item: TypedItem, name: str, default: str = "") -> str:
    return str(item.get(name, {}).get("S", default))


def number(item: TypedItem, name: str, default: float = 0) -> float:
    return float(item.get(name, {}).get("N", default))


def whole(item: TypedItem, name: str, default: int = 0) -> int:
    return int(number(item, name, default))


def flag(item: TypedItem, name: str) -> bool:
    return bool(item.get(name, {}).get("BOOL", False))


def texts(item: TypedItem, name: str) -> tuple[str, ...]:
    return tuple(value["S"] for value in item.get(name, {}).get("L", ()))


def wholes(item: TypedItem, name: str) -> tuple[int, ...]:
    return tuple(int(value["N"]) for value in item.get(name, {}).get("L", ()))


def numbers(item: TypedItem, name: str) -> dict[str, float]:
    return {key: float(value["N"]) for key, value in item.get(name, {}).get("M", {}).items()}


def mapping(item: TypedItem, name: str) -> Mapping[str, Any]:
    return item.get(name, {}).get("M", {})  # type: ignore[no-any-return]
