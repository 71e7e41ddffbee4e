"""Kinds of fields, each with a title and a sentence that ends with the default."""

from typing import Any

from airflow.sdk import Param

from airflow_ddb_migrate.core.limits import MAP_CHILDREN


def optional_field(title: str, description: str, **schema: Any) -> Param:
    return Param(None, title=title, description=description, **schema)


def optional_count_field(title: str, description: str, maximum: int = MAP_CHILDREN) -> Param:
    return optional_field(title, description, type=["null", "integer"], minimum=1, maximum=maximum)


def optional_amount_field(title: str, description: str) -> Param:
    return optional_field(title, description, type=["null", "number"], minimum=0)


def switch_field(title: str, description: str) -> Param:
    return Param(False, type="boolean", title=title, description=description)


def count_field(default: int, title: str, sentence: str, **schema: Any) -> Param:
    """Return a field of a whole number; the sentence is given without its end."""
    known = {"type": "integer", "minimum": 0, **schema}
    return Param(default, title=title, description=f"{sentence} (default: {default:,}).", **known)


def percentage_field(default: float, title: str, sentence: str) -> Param:
    """Return a field of a percentage; the sentence is given without its end."""
    known: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 100}
    return Param(default, title=title, description=f"{sentence} (default: {default:g}).", **known)
