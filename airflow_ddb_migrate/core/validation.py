"""Checks of single values that a person gave, in conf or as parameters."""

import math
from typing import TypeGuard

from airflow_ddb_migrate.core.errors import InvalidInputError


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether the value is a whole number; Python takes True for one."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether the value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def validate_switch(name: str, value: object) -> bool:
    """Return a parameter that is true or false; raises InvalidInputError for all else."""
    if not isinstance(value, bool):
        raise InvalidInputError(
            f"{name} is {value!r} ({type(value).__name__}); it must be true or false, "
            "without quotes."
        )
    return value


def validate_count(name: str, value: object) -> int:
    """Return a whole number of at least 0; raises InvalidInputError for all else."""
    if not is_whole(value) or value < 0:
        raise InvalidInputError(f"{name} is {value!r}; it must be a whole number of at least 0.")
    return value


def validate_at_least_zero(name: str, value: object) -> float:
    """Return a finite number of at least 0; raises InvalidInputError for all else."""
    if not is_number(value) or value < 0:
        raise InvalidInputError(f"{name} is {value!r}; it must be a number of at least 0.")
    return value
