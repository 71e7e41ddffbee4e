"""Stop the attempt that runs: its workers first, then the execution."""

import time
from collections.abc import Callable

from airflow_ddb_migrate.aws.execution.ending import note_stop
from airflow_ddb_migrate.aws.ledger import events
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.ledger.events import Event, What
from airflow_ddb_migrate.core.ledger.records import (
    AttemptRecord,
    Command,
)
from airflow_ddb_migrate.core.limits import OWNER_SECONDS
from airflow_ddb_migrate.core.ledger.results import STOPPED

_STOP_POLL_SECONDS = 2.0


def stop(  # noqa: PLR0913  # injected time
    site: Site,
    *,
    reason: str,
    by: str = "Airflow",
    patience_seconds: float = OWNER_SECONDS,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Stop the attempt that runs: tell its workers, wait for them, then stop the execution.

    Returns what was done, in prose. Nothing is lost: a new attempt goes on where workers ended.
    """
    attempt = site.ledger.latest_attempt(site.migration_id)
    if attempt is None:
        return f"Migration {site.migration_id} was never started: nothing to stop."
    if not site.execution_of(attempt, clock()).status.is_live:
        return f"Attempt {attempt.number} of {site.migration_id} has ended: nothing to stop."
    command_stop(site, attempt, reason, clock())
    deadline = clock() + patience_seconds
    _await_workers(site, deadline, clock, sleep)
    _stop_execution(site, attempt, reason, deadline, clock, sleep)
    site.ledger.attempt_ended(site.migration_id, attempt.number, result=STOPPED, now=clock())
    note_stop(site, clock())
    words = f"Stopped attempt {attempt.number} of {site.migration_id}: {reason}."
    _note_event(site, What.STOPPED, by, words, clock())
    return words


def command_stop(site: Site, attempt: AttemptRecord, reason: str, now: float) -> None:
    control = site.ledger.control(site.migration_id)
    if control and control.attempt == attempt.number and control.command is not Command.STOP:
        site.ledger.command(
            site.migration_id, Command.STOP, attempt=attempt.number, reason=reason, now=now
        )


def _stop_execution(  # noqa: PLR0913  # injected time
    site: Site,
    attempt: AttemptRecord,
    reason: str,
    deadline: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Stop the execution; one that is not seen yet is tried again. Its workers obey the STOP."""
    while not site.executions.stop(attempt.execution_arn, error="Stopped", cause=reason):
        now = clock()
        if now >= deadline or not site.execution_of(attempt, now).status.is_live:
            return
        sleep(_STOP_POLL_SECONDS)


def _await_workers(
    site: Site, deadline: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    """Wait until no worker shows life; one that was killed stops counting by itself."""
    while clock() < deadline:
        now = clock()
        if not any(row.is_live(now) for row in site.lanes.all(site.migration_id)):
            return
        sleep(_STOP_POLL_SECONDS)


def _note_event(site: Site, what: What, by: str, words: str, now: float) -> None:
    event = Event(at=now, what=what, by=by, words=words)
    events.note_event(site.ledger, site.migration_id, event)
