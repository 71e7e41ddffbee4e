"""Binary values on the wire: base64 text in JSON, bytes in Python."""

import base64
from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue


def base64_text(value: Any) -> str:
    """Return bytes or boto3's Binary as base64 text; for ``default`` of json.dumps."""
    return base64.b64encode(getattr(value, "value", value)).decode()


def unwired(item: Mapping[str, Any]) -> TypedItem:
    """Return a typed item as boto3 expects it, with binary values as bytes."""
    return {name: unwired_value(value) for name, value in item.items()}


def unwired_value(value: Mapping[str, Any]) -> TypedValue:
    ((kind, content),) = value.items()
    if kind == "B":
        return {"B": base64.b64decode(content)}
    if kind == "BS":
        return {"BS": [base64.b64decode(member) for member in content]}
    if kind == "L":
        return {"L": [unwired_value(member) for member in content]}
    if kind == "M":
        return {"M": unwired(content)}
    return value
