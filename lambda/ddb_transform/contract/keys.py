"""Keys as text, for logs and for comparison. No other values of an item are ever shown."""

import json

from airflow_ddb_migrate.core.items.binary import base64_text
from airflow_ddb_migrate.core.ledger.records import TypedItem

_SHOWN_CHARS = 300


def readable(key: TypedItem) -> str:
    """Return the key as typed JSON for logs, with binary as base64, cut after 300 characters."""
    text = json.dumps(key, default=base64_text, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def identity(key: TypedItem) -> str:
    """Return a text that is the same for equal keys, and different for different ones."""
    return json.dumps(key, default=base64_text, sort_keys=True)
