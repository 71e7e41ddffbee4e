"""What happened to a migration, in order: who started, paused, resumed, retuned and stopped it.

``pk = migration#<id>`` with ``sk = event#<time>#<unique>``. Events explain and never decide.
"""

import logging
import time
import uuid
from dataclasses import asdict
from itertools import islice

from airflow_ddb_migrate.aws.ledger import typed_values
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.records import migration_key
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.ledger.events import Event, What
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.text.times import iso

_PREFIX = "event#"
_UNIQUE_CHARS = 8

_log = logging.getLogger(__name__)


def note_event(ledger: Ledger, migration_id: str, event: Event) -> None:
    """Add an event. What it tells of is done already, so a failure to note it is only logged."""
    # Those of one moment stay in the order in which they were noted.
    unique = f"{time.time_ns():020d}-{uuid.uuid4().hex[:_UNIQUE_CHARS]}"
    key = migration_key(migration_id, f"{_PREFIX}{iso(event.at)}#{unique}")
    try:
        ledger.put_new({**key, **typed_values.encode_all(asdict(event))})
    except MigrationError as exc:
        _log.warning("Could not note the event %r of %s: %s", event.words, migration_id, exc)


def events(ledger: Ledger, migration_id: str, limit: int = 100) -> list[Event]:
    """Return the newest ``limit`` events, in the order in which they happened."""
    pk = migration_key(migration_id, "")["pk"]["S"]
    newest = islice(ledger.query_all(pk, prefix=_PREFIX, newest_first=True), limit)
    return [_event_from(item) for item in newest][::-1]


def _event_from(item: TypedItem) -> Event:
    return Event(
        at=typed_values.number(item, "at"),
        what=What(typed_values.text(item, "what")),
        by=typed_values.text(item, "by"),
        words=typed_values.text(item, "words"),
        budget=typed_values.numbers(item, "budget"),
    )
