"""Conversion of plain values to DynamoDB's typed ones and back, for the ledger's own records.

Items of the migrated table never pass through here.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from airflow_ddb_migrate.core.ledger.holds import HoldRecord
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from airflow_ddb_migrate.core.text.words import word_of

_Number = int | float
_Flat: TypeAlias = Mapping[str, int] | Mapping[str, float] | Mapping[str, str | float]
Plain = str | bool | _Number | _Flat | tuple[str | int | _Flat, ...]
Record = TypeVar("Record")
_Reader: TypeAlias = Callable[[TypedValue], Any]

_NOTHING: TypedValue = {}


def _numbers(value: TypedValue) -> dict[str, float]:
    return {name: float(number["N"]) for name, number in value.get("M", {}).items()}


_BY_TYPE: Mapping[Any, _Reader] = {
    str: lambda value: str(value.get("S", "")),
    bool: lambda value: bool(value.get("BOOL", False)),
    int: lambda value: int(float(value.get("N", 0))),
    float: lambda value: float(value.get("N", 0)),
    tuple[str, ...]: lambda value: tuple(one["S"] for one in value.get("L", ())),
    tuple[int, ...]: lambda value: tuple(int(one["N"]) for one in value.get("L", ())),
    tuple[HoldRecord, ...]: lambda value: tuple(
        decode(HoldRecord, one["M"]) for one in value.get("L", ())
    ),
    Mapping[str, float]: _numbers,
    TypedItem: lambda value: value.get("M", {}),
}


def encode_value(value: Plain) -> TypedValue:
    """Return a typed value of a text, bool, number, map of these, or list of any of them."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, int | float):
        return {"N": str(Decimal(str(value)))}
    if isinstance(value, tuple):
        return {"L": [encode_value(one) for one in value]}
    return {"M": {name: encode_value(number) for name, number in value.items()}}


def encode_all(values: Mapping[str, Plain]) -> dict[str, TypedValue]:
    return {name: encode_value(value) for name, value in values.items()}


def decode(cls: type[Record], item: TypedItem) -> Record:
    """Read a record by the types of its fields, which have the names of the attributes.

    If an attribute is absent, as in records of older versions, the field gets its default, or else
    the type's empty value. A word that only a later version knows is read as it is, see
    ``word_of``.

    :raises ValueError: the word of a StrEnum is missing.
    """
    readers = _readers(cls)  # type: ignore[arg-type]  # a class is hashable
    return cls(
        **{
            name: read(item.get(name, _NOTHING))
            for name, (read, is_required) in readers.items()
            if is_required or name in item
        }
    )


@cache
def _readers(cls: type[Any]) -> Mapping[str, tuple[_Reader, bool]]:
    """Return the reader of each field, and whether the field has no default."""
    types = get_type_hints(cls)
    return {
        field.name: (
            _reader(types[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(cls)
    }


def _reader(kind: Any) -> _Reader:
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    if get_origin(kind) is None and issubclass(kind, StrEnum):
        return lambda value: word_of(kind, value.get("S", ""))
    if is_dataclass(kind):
        return lambda value: kind.from_dict(_numbers(value))  # type: ignore[union-attr]
    raise TypeError(f"no reader for {kind} ({get_args(kind)})")
