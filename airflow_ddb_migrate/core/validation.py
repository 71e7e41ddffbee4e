"""Checks of single values that a person gave, in conf or as parameters."""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeGuard

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import (
    DEFAULT_TABLE_UNITS,
    LONGEST_SECONDS,
    NUMBER_DIGITS,
    PARAMS_BYTES,
    PARAMS_LEVELS,
    TABLE_UNITS,
)

_TEXT_CHARS = 255  # of the name of a file, which a transform is; a stack has 128
_LARGEST = 10**NUMBER_DIGITS
_SMALLEST = 10.0**-NUMBER_DIGITS


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether the value is a whole number that the ledger can hold; True is none."""
    return isinstance(value, int) and is_number(value)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether the value is a number that the ledger, a DynamoDB table, can hold.

    NaN and infinity are none.
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and _fits(value)


def shown(value: object, longest: int = 80) -> str:
    """Return a value as messages show it: cut, since a person may have given anything."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # too deep, or a whole number of over 4,300 digits
        return f"a {type(value).__name__} that is too large to show"
    return text if len(text) <= longest else f"{text[:longest]}..."


def validate_switch(name: str, value: object) -> bool:
    """Return a parameter that is true or false; raises InvalidInputError for all else."""
    if not isinstance(value, bool):
        raise InvalidInputError(
            f"{name} is {shown(value)} ({type(value).__name__}); it must be true or false, "
            "without quotes."
        )
    return value


def validate_count(name: str, value: object) -> int:
    """Return a whole number of at least 0; raises InvalidInputError for all else."""
    if not is_whole(value) or value < 0:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a whole number of at least 0{_digits(value)}."
        )
    return value


def validate_at_least_one(name: str, value: object) -> int:
    """Return a whole number of at least 1; raises InvalidInputError for all else."""
    if not is_whole(value) or value < 1:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a whole number of at least 1{_digits(value)}."
        )
    return value


def validate_at_least_zero(name: str, value: object) -> float:
    """Return a finite number of at least 0; raises InvalidInputError for all else."""
    if not is_number(value) or value < 0:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a number of at least 0{_digits(value)}."
        )
    return value


def validate_units(name: str, value: object) -> int:
    """Return a wanted capacity in units per second, from 1."""
    if not is_whole(value) or not 1 <= value <= TABLE_UNITS:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a whole number of capacity units per second, "
            f"from 1 to {TABLE_UNITS:,}. The default quota of a table is {DEFAULT_TABLE_UNITS:,}."
        )
    return value


def validate_share(name: str, value: object) -> float:
    """Return a share, above 0 and at most 1."""
    if not is_number(value) or not 0 < value <= 1:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a number above 0 and at most 1: the share of "
            "what live traffic leaves."
        )
    return value


def validate_seconds(name: str, value: object) -> float:
    """Return a time in seconds, of a number or a timedelta; raises InvalidInputError for others."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if not is_number(seconds) or not 0 <= seconds <= LONGEST_SECONDS:
        raise InvalidInputError(
            f"{name} is {shown(value)} ({type(value).__name__}); it must be a number of seconds of "
            f"at least 0, or a timedelta, and at most {LONGEST_SECONDS // 86_400:,} days."
        )
    return seconds


def validate_text(name: str, value: object) -> str:
    """Return a text that is not empty; raises InvalidInputError for all else."""
    if not isinstance(value, str) or not value.strip() or len(value) > _TEXT_CHARS:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a text that is not empty, of at most "
            f"{_TEXT_CHARS} characters."
        )
    return value


def validate_object(name: str, value: object) -> Mapping[str, object]:
    """Return an object of JSON; raises InvalidInputError for all else."""
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"{name} is {shown(value)}; it must be an object.")
    return value


def validate_params(value: object) -> Mapping[str, object]:
    """Return a transform's parameters: an object of JSON, small enough for the ledger."""
    if not isinstance(value, Mapping):
        raise InvalidInputError(
            f"params is {shown(value)}; it must be an object, as in "
            '{"table": "orders", "params": {"attribute": "updatedAt"}}.'
        )
    if _is_deeper(value, PARAMS_LEVELS):
        raise InvalidInputError(
            f"params has lists and objects in each other on over {PARAMS_LEVELS} levels; the limit "
            f"is {PARAMS_LEVELS}. Flatten it."
        )
    try:
        size = len(json.dumps(value, allow_nan=False).encode())
    except (TypeError, ValueError) as exc:
        raise InvalidInputError(
            f"params cannot be written as JSON: {exc}. Give texts, numbers, true, false, null, "
            "lists and objects only."
        ) from exc
    if size > PARAMS_BYTES:
        raise InvalidInputError(
            f"params are {size:,} bytes of JSON; the limit is {PARAMS_BYTES:,}. Put what is larger "
            "into a file beside the transform, or into a table that it reads."
        )
    return value


def _is_deeper(value: object, levels: int) -> bool:
    """Return whether lists and objects are in each other deeper than that, itself included."""
    level = [value]
    for _ in range(levels + 1):
        level = [child for one in level for child in _children(one)]
    return bool(level)


def _children(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _fits(value: float) -> bool:
    return value == 0 or _SMALLEST <= abs(value) < _LARGEST


def _digits(value: object) -> str:
    """Say what is wrong with a number that is only too large, or too small."""
    is_only_that = isinstance(value, int | float) and 0 < value < math.inf and not _fits(value)
    return f", of at most {NUMBER_DIGITS} digits" if is_only_that else ""
