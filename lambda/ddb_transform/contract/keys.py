"""A key as a person reads it in a log. Keys are the only values of an item that are ever shown."""

import json

from airflow_ddb_migrate.core.items.binary import base64_text
from airflow_ddb_migrate.core.ledger.records import TypedItem

_SHOWN_CHARS = 300


def readable(key: TypedItem) -> str:
    """Return the key as typed JSON, binary as base64, shortened."""
    text = json.dumps(key, default=base64_text, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def identity(key: TypedItem) -> str:
    """Return the same text for the same key, and another for every other one."""
    return json.dumps(key, default=base64_text, sort_keys=True)
