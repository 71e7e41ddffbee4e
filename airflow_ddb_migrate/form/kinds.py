"""Kinds of fields, each with a title and a sentence that ends with the default."""

from typing import Any

from airflow.sdk import Param

from airflow_ddb_migrate.core.limits import MAP_CHILDREN

# Every comparison with NaN is false, so that a minimum takes it. Airflow's REST reads NaN and
# Infinity, which JSON does not have, and makes null of them: no limit, where there is one.
_NOT_NAN: dict[str, Any] = {"not": {"type": "number", "exclusiveMaximum": 0}}

# Airflow hands no whole number of more than 64 bits to a task: none of the run's would start.
_MOST = 10**15


def optional_field(title: str, description: str, **schema: Any) -> Param:
    return Param(None, title=title, description=description, **schema)


def optional_count_field(title: str, description: str, maximum: int = MAP_CHILDREN) -> Param:
    return optional_field(title, description, type=["null", "integer"], minimum=1, maximum=maximum)


def optional_amount_field(title: str, description: str, maximum: int) -> Param:
    known = {"type": ["null", "number"], "minimum": 0, "maximum": maximum, **_NOT_NAN}
    return optional_field(title, description, **known)


def switch_field(title: str, description: str) -> Param:
    return Param(False, type="boolean", title=title, description=description)


def count_field(default: int, title: str, sentence: str, **schema: Any) -> Param:
    """Return a field of a whole number; the sentence is given without its end."""
    known = {"type": "integer", "minimum": 0, "maximum": _MOST, **schema}
    return Param(default, title=title, description=f"{sentence} (default: {default:,}).", **known)


def percentage_field(default: float, title: str, sentence: str) -> Param:
    """Return a field of a percentage; the sentence is given without its end."""
    known: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 100, **_NOT_NAN}
    return Param(default, title=title, description=f"{sentence} (default: {default:g}).", **known)
