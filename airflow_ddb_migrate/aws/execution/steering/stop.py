"""Stops the running attempt: its workers first, then the execution."""

from airflow_ddb_migrate.aws.execution.ending import note_stop
from airflow_ddb_migrate.aws.execution.observe import is_waiting
from airflow_ddb_migrate.aws.execution.steering.current import overtaken, running_attempt
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.ledger.events import What, named
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, Command
from airflow_ddb_migrate.core.ledger.results import STOPPED
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS, OWNER_SECONDS
from airflow_ddb_migrate.core.text.markdown import entered

_STOP_POLL_SECONDS = 2.0


def begin_stop(site: Site, *, by: str, reason: str = "") -> str:
    """Tell the workers of the running attempt to end; does not wait as ``stop_now`` does.

    :raises LedgerError: it was never started.
    :raises SteeringError: it is over, or another attempt has just begun.
    """
    attempt = running_attempt(site)
    if not command_stop(site, attempt, _stop_reason(site, entered(by), entered(reason))):
        raise overtaken(site, attempt)
    return (
        f"Stopping attempt {attempt.number} of {site.migration_id}. Workers finish the page that "
        f"they work on and end within about {2 * CONTROL_SECONDS} s; then the execution is "
        "stopped."
    )


def stop_now(
    site: Site, *, by: str, reason: str = "", patience_seconds: float = OWNER_SECONDS
) -> str:
    """Stop the running attempt, its workers first, and then the execution. Notes an event.

    :raises LedgerError: it was never started.
    :raises SteeringError: it is over.
    """
    by, reason = entered(by), entered(reason)
    running_attempt(site)
    why = _stop_reason(site, by, reason)
    return stop(site, reason=why, by=by, patience_seconds=patience_seconds)


def _stop_reason(site: Site, by: str, reason: str) -> str:
    return f"by {named(by, site.caller)}" + (f": {reason}" if reason else "")


def stop(
    site: Site, *, reason: str, by: str = "Airflow", patience_seconds: float = OWNER_SECONDS
) -> str:
    """Stop the running attempt: tell its workers, wait for them, then stop the execution.

    Returns sentences on what was done. Nothing is lost: a new attempt continues where workers
    ended.
    """
    reason, by = entered(reason), entered(by)
    attempt = site.ledger.current_attempt(site.migration_id)
    if attempt is None:
        return f"Migration {site.migration_id} was never started: nothing to stop."
    if not site.execution_of(attempt).status.is_live:
        if not is_waiting(site):
            return f"Attempt {attempt.number} of {site.migration_id} has ended: nothing to stop."
        if command_stop(site, attempt, reason):
            return _stopped_waiting(site, reason, by)
        # Another attempt has just begun.
        return stop(site, reason=reason, by=by, patience_seconds=patience_seconds)
    command_stop(site, attempt, reason)
    deadline = site.clock.now() + patience_seconds
    _await_workers(site, deadline)
    _stop_execution(site, attempt, reason, deadline)
    now = site.clock.now()
    site.ledger.attempt_ended(site.migration_id, attempt.number, result=STOPPED, now=now)
    note_stop(site)
    words = f"Stopped attempt {attempt.number} of {site.migration_id}: {reason}."
    site.note_event(What.STOPPED, by, words)
    return words


def _stopped_waiting(site: Site, reason: str, by: str) -> str:
    """Note a stop while nothing runs: the STOP keeps the next attempt from starting."""
    note_stop(site)
    words = f"Stopped {site.migration_id} while it waited: {reason}. No further attempt starts."
    site.note_event(What.STOPPED, by, words)
    return words


def command_stop(site: Site, attempt: AttemptRecord, reason: str) -> bool:
    """Tell the workers of an attempt to stop; False if a newer attempt has begun."""
    control = site.ledger.control(site.migration_id)
    if control is None or control.attempt != attempt.number:
        return False
    return control.command is Command.STOP or site.ledger.stop(
        site.migration_id, attempt=attempt.number, reason=reason, now=site.clock.now()
    )


def _stop_execution(site: Site, attempt: AttemptRecord, reason: str, deadline: float) -> None:
    """Stop the execution; retry if it is not visible yet. Its workers obey the STOP anyway."""
    while not site.executions.stop(attempt.execution_arn, error="Stopped", cause=reason):
        if site.clock.now() >= deadline or not site.execution_of(attempt).status.is_live:
            return
        site.clock.sleep(_STOP_POLL_SECONDS)


def _await_workers(site: Site, deadline: float) -> None:
    """Wait until no worker shows signs of life; a killed worker stops counting after a while."""
    while (now := site.clock.now()) < deadline:
        if not any(row.is_live(now) for row in site.lanes.all(site.migration_id)):
            return
        site.clock.sleep(_STOP_POLL_SECONDS)
