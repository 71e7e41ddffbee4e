"""Kinds of form fields. Each has a title and one sentence, which ends with the default."""

from typing import Any

from airflow.sdk import Param

from airflow_ddb_migrate.core.limits import MAP_CHILDREN

# Every comparison with NaN is false, so a minimum accepts it. Airflow's REST API reads NaN and
# Infinity, which are not JSON, and turns them into null: no limit instead of a limit.
_NOT_NAN: dict[str, Any] = {"not": {"type": "number", "exclusiveMaximum": 0}}

# Airflow cannot pass a whole number of more than 64 bits to a task; no task of the run would start.
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
    """Return a field for a whole number. The default is appended to the sentence."""
    known = {"type": "integer", "minimum": 0, "maximum": _MOST, **schema}
    return Param(default, title=title, description=f"{sentence} (default: {default:,}).", **known)


def percentage_field(default: float, title: str, sentence: str) -> Param:
    """Return a field for a percentage. The default is appended to the sentence."""
    known: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 100, **_NOT_NAN}
    return Param(default, title=title, description=f"{sentence} (default: {default:g}).", **known)
