"""Python values to typed ones, and when two typed values are the same value.

Encoding is boto3's; what it cannot keep exactly is refused per item, with what to do.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.records import TypedValue
from boto3.dynamodb.types import TypeSerializer

_SERIALIZE = TypeSerializer().serialize
_SETS = {"SS", "NS", "BS"}


def encode(name: str, value: Any) -> TypedValue:
    """Return the typed value; raises ItemError for what DynamoDB cannot hold exactly."""
    try:
        typed: TypedValue = _SERIALIZE(value)
        parts = list(_parts(typed))
        for text in _texts(parts):
            str.encode(text)
    except (TypeError, ArithmeticError, ValueError, RecursionError) as exc:
        raise ItemError(
            f"Attribute {name!r} got a value of type {type(value).__name__} that DynamoDB cannot "
            f"hold exactly ({type(exc).__name__}). Use str, bytes, bool, None, Decimal of up to 38 "
            "digits (never float), sets of one type, lists and dicts.",
            "Unserializable",
        ) from exc
    if any(kind in _SETS and not content for kind, content in parts):
        raise ItemError(
            f"Attribute {name!r} is an empty set, or has one in it, which DynamoDB cannot hold. "
            "Remove the attribute (del item[name]) instead.",
            "EmptySet",
        )
    return typed


def _parts(typed: TypedValue) -> Iterator[tuple[str, Any]]:
    """Yield type and content of a value and of everything in it."""
    ((kind, content),) = typed.items()
    yield kind, content
    if kind in {"L", "M"}:
        for value in content if kind == "L" else content.values():
            yield from _parts(value)


def _texts(parts: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Yield every text, names in maps too, which boto3 takes as they are, whatever they are."""
    for kind, content in parts:
        if kind == "S":
            yield content
        elif kind in {"SS", "M"}:
            yield from content


def same(left: TypedValue | None, right: TypedValue | None) -> bool:  # noqa: PLR0911  # by type
    """Tell whether two typed values are one value: number notation and set order do not count."""
    if left is None or right is None:
        return left is right
    (left_type, a), (right_type, b) = *left.items(), *right.items()
    if left_type != right_type:
        return False
    if left_type == "N":
        return Decimal(a) == Decimal(b)
    if left_type in _SETS:
        return _set_of(left_type, a) == _set_of(left_type, b)
    if left_type == "L":
        return len(a) == len(b) and all(map(same, a, b))
    if left_type == "M":
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return bool(_plain(a) == _plain(b))


def _set_of(type_name: str, members: Any) -> frozenset[Any]:
    return frozenset(map(Decimal if type_name == "NS" else _plain, members))


def _plain(value: Any) -> Any:
    """Unwrap boto3's Binary."""
    return getattr(value, "value", value)
