"""The attempt to steer: the one that runs, or waits to continue."""

from airflow_ddb_migrate.aws.execution.observe import is_waiting
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import LedgerError, SteeringError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, Command, ControlRecord

_AGAIN = (
    "To continue, clear the tasks from prewarm on, or trigger the DAG with migration_id "
    "{migration_id!r}: a new attempt works on the unfinished segments."
)


def current(site: Site) -> tuple[AttemptRecord, ControlRecord]:
    """Return the running attempt and its control record; refuse one that is being stopped.

    It can also be one that ended with its window, or that waits for the first window.
    """
    attempt = running_attempt(site)
    control = site.ledger.control(site.migration_id)
    if control is None or control.attempt != attempt.number or control.command is Command.STOP:
        raise overtaken(site, attempt, control)
    if not control.may_hold:
        raise SteeringError(
            f"{title(site, attempt)} was told {control.command}, which this version does not know: "
            "a later version wrote it. Upgrade this one, or stop the migration. Nothing was "
            "changed."
        )
    return attempt, control


def running_attempt(site: Site) -> AttemptRecord:
    """Return the attempt that runs, or waits to continue.

    :raises LedgerError: the migration was never started.
    :raises SteeringError: it is over, or not started yet.
    """
    attempt = site.ledger.current_attempt(site.migration_id)
    if attempt is None:
        raise LedgerError(
            f"Migration {site.migration_id} was never started. Run its start task first."
        )
    status = site.execution_of(attempt, if_confirmed=True).status
    if not status.is_live and is_waiting(site):
        return attempt
    if status is ExecutionStatus.MISSING and not attempt.started_at:
        if attempt.is_tried_again:  # what is said now, the next try or its workers obey
            return attempt
        raise SteeringError(
            f"{title(site, attempt)} is not started yet. Try again in a few seconds. If it stays "
            "so, run its start task again."
        )
    if not status.is_live:
        raise SteeringError(f"{title(site, attempt)} is over ({status}). {how_to_continue(site)}")
    return attempt


def overtaken(
    site: Site, attempt: AttemptRecord, control: ControlRecord | None = None
) -> SteeringError:
    """Return the refusal for an attempt that is no longer the control record's."""
    why = f" ({control.reason})" if control and control.reason else ""
    return SteeringError(
        f"{title(site, attempt)} is being stopped, or another attempt has begun{why}. Nothing was "
        f"changed. {how_to_continue(site)}"
    )


def title(site: Site, attempt: AttemptRecord) -> str:
    """Return the beginning of a sentence on an attempt."""
    return f"Attempt {attempt.number} of {site.migration_id}"


def how_to_continue(site: Site) -> str:
    """Return how to continue a migration of which nothing runs."""
    return _AGAIN.format(migration_id=site.migration_id)
