"""What happened to a migration, in order: starts, pauses, resumes, retunes and stops.

``pk = migration#<id>`` with ``sk = event#<time>#<unique>``. Events are for explanation only;
nothing is decided by them.
"""

import logging
import time
import uuid
from dataclasses import asdict
from itertools import islice

from airflow_ddb_migrate.aws.ledger.keys import EVENT, event_key, migration_partition
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.ledger.events import Event

_UNIQUE_CHARS = 8

_log = logging.getLogger(__name__)


def note_event(ledger: Ledger, migration_id: str, event: Event) -> None:
    """Add an event. It has already happened, so a failure to note it is only logged."""
    # Events of the same time keep the order in which they were noted.
    unique = f"{time.time_ns():020d}-{uuid.uuid4().hex[:_UNIQUE_CHARS]}"
    key = event_key(migration_id, event.at, unique)
    try:
        ledger.put_new({**key, **encode_all(asdict(event))})
    except MigrationError as exc:
        _log.warning("Could not note the event %r of %s: %s", event.words, migration_id, exc)


def events(ledger: Ledger, migration_id: str, limit: int = 100) -> list[Event]:
    """Return the newest ``limit`` events, in the order in which they happened."""
    all_of_it = ledger.query_all(migration_partition(migration_id), prefix=EVENT, newest_first=True)
    return [decode(Event, item) for item in islice(all_of_it, limit)][::-1]
