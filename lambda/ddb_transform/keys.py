"""A key as a person reads it in a log. Keys are the only values of an item that are ever shown."""

import base64
import json

from airflow_ddb_migrate.core.records import TypedItem

_SHOWN_CHARS = 300


def readable(key: TypedItem) -> str:
    """Return the key as typed JSON, binary as base64, shortened."""
    text = json.dumps(key, default=_base64, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def _base64(value: object) -> str:
    return base64.b64encode(bytes(value)).decode()  # type: ignore[call-overload]
