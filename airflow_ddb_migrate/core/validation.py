"""Checks of single values that a person gives, in the conf or as parameters."""

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
from airflow_ddb_migrate.core.text.figures import type_words

_TEXT_CHARS = 255  # the longest name of a file, and so of a transform; a stack's has 128
_LARGEST = 10**NUMBER_DIGITS
_SMALLEST = 10.0**-NUMBER_DIGITS


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether the value is a whole number that the ledger can hold; False for a bool."""
    return isinstance(value, int) and is_number(value)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether the value is a number that the ledger, a DynamoDB table, can hold.

    NaN and infinity are not.
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and _fits(value)


def shown(value: object, longest: int = 80) -> str:
    """Return a value as messages show it, cut short if it is long."""
    try:
        text = repr(value)
    except (
        RecursionError,
        ValueError,
    ):  # nested too deeply, or a whole number of over 4,300 digits
        return f"{type_words(value)} that is too large to show"
    return text if len(text) <= longest else f"{text[:longest]}..."


def validate_switch(name: str, value: object) -> bool:
    """Return a parameter that is true or false; raises InvalidInputError for anything else."""
    if not isinstance(value, bool):
        raise InvalidInputError(
            f"{name} is {shown(value)} ({type(value).__name__}); it must be true or false, "
            "without quotes."
        )
    return value


def validate_count(name: str, value: object) -> int:
    """Return a whole number of at least 0; raises InvalidInputError for anything else."""
    if not is_whole(value) or value < 0:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a whole number of at least 0{_digits(value)}."
        )
    return value


def validate_at_least_one(name: str, value: object) -> int:
    """Return a whole number of at least 1; raises InvalidInputError for anything else."""
    if not is_whole(value) or value < 1:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a whole number of at least 1{_digits(value)}."
        )
    return value


def validate_at_least_zero(name: str, value: object) -> float:
    """Return a finite number of at least 0; raises InvalidInputError for anything else."""
    if not is_number(value) or value < 0:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a number of at least 0{_digits(value)}."
        )
    return value


def validate_units(name: str, value: object) -> int:
    """Return a capacity in units per second, from 1 to TABLE_UNITS."""
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
    """Return the seconds of a number or a timedelta; raises InvalidInputError for anything else."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if not is_number(seconds) or not 0 <= seconds <= LONGEST_SECONDS:
        raise InvalidInputError(
            f"{name} is {shown(value)} ({type(value).__name__}); it must be a number of seconds "
            f"or a timedelta, from 0 to {LONGEST_SECONDS // 86_400:,} days."
        )
    return seconds


def validate_text(name: str, value: object) -> str:
    """Return a text that is not empty; raises InvalidInputError for anything else."""
    if not isinstance(value, str) or not value.strip() or len(value) > _TEXT_CHARS:
        raise InvalidInputError(
            f"{name} is {shown(value)}; it must be a text of 1 to {_TEXT_CHARS} characters."
        )
    return value


def validate_object(name: str, value: object) -> Mapping[str, object]:
    """Return a JSON object; raises InvalidInputError for anything else."""
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"{name} is {shown(value)}; it must be a JSON object.")
    return value


def validate_params(value: object) -> Mapping[str, object]:
    """Return a transform's parameters: a JSON object, small enough for the ledger."""
    if not isinstance(value, Mapping):
        raise InvalidInputError(
            f'params is {shown(value)}; it must be a JSON object, as in {{"table": "orders", '
            '"params": {"attribute": "updatedAt"}}.'
        )
    if _is_deeper(value, PARAMS_LEVELS):
        raise InvalidInputError(
            f"params nests lists and objects more than {PARAMS_LEVELS} levels deep, which is the "
            "limit. Flatten it."
        )
    try:
        size = len(json.dumps(value, allow_nan=False).encode())
    except (TypeError, ValueError) as exc:
        raise InvalidInputError(
            f"params cannot be written as JSON: {exc}. Use only texts, numbers, true, false, "
            "null, lists and objects."
        ) from exc
    if size > PARAMS_BYTES:
        raise InvalidInputError(
            f"params has {size:,} bytes of JSON; the limit is {PARAMS_BYTES:,}. Put larger data "
            "into a file beside the transform, or into a table that the transform reads."
        )
    return value


def _is_deeper(value: object, levels: int) -> bool:
    """Return whether lists and objects nest deeper than ``levels``, the outermost counted."""
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
    """Return the rest of a message for a number that is too large or too small for the ledger."""
    is_only_that = isinstance(value, int | float) and 0 < value < math.inf and not _fits(value)
    return f", of at most {NUMBER_DIGITS} digits" if is_only_that else ""
