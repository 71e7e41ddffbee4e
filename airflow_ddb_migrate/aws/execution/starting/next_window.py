"""Continues in the next window, or when alarms are OK: the work of the wait task meanwhile.

Capacity is restored and the table's lease is kept. When a window has begun, capacity is raised
again, and a new attempt works on the unfinished segments. Each call does one step and keeps nothing
in memory, so any process can make it, at any interval and after any failure.
"""

from dataclasses import replace

from airflow_ddb_migrate.aws.capacity.between import give_back, owes, raise_again, wanted_capacity
from airflow_ddb_migrate.aws.execution.observe import Observation, observe
from airflow_ddb_migrate.aws.execution.request import kept_request
from airflow_ddb_migrate.aws.execution.starting.start import start
from airflow_ddb_migrate.aws.preflight.alarms import why_ill
from airflow_ddb_migrate.aws.preflight.open_hours import opens_later
from airflow_ddb_migrate.aws.preflight.table_lease import take_lease
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import (
    AwsRequestError,
    LedgerBusyError,
    LedgerError,
    MigrationError,
)
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus, Verdict
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.events import What
from airflow_ddb_migrate.core.ledger.lease import is_held_by
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import LEASE_SECONDS
from airflow_ddb_migrate.core.text.times import iso

_BY_WINDOW = ("with its window", "its windows")


def go_on(site: Site, seen: Observation) -> Observation:
    """Do the next step for a migration that waits to continue; return its state after that.

    :raises MigrationError: an error that a later call cannot fix, or AWS does not answer.
    """
    _note_end(site, seen)
    try:
        why = _step(site, seen)
    except MigrationError as exc:
        is_overtaken = isinstance(exc, LedgerBusyError)  # by a person, or by another waiting task
        if not exc.retryable or (isinstance(exc, AwsRequestError) and not is_overtaken):
            raise
        why = f"It will be tried again: {exc}"
    return _waiting(seen, why) if why else observe(site)


def _step(site: Site, seen: Observation) -> str:
    """Do one step towards the next attempt; return what it waits for, or "" once it has started."""
    request = kept_request(site)
    if request is None:
        raise LedgerError(
            f"The ledger does not know what migration {site.migration_id} was started with. To "
            "continue, clear the start task with its downstream tasks."
        )
    _keep_table(site, request)
    if seen.orders.recovers and seen.control and (ill := why_ill(site, seen.control)):
        _give_back(site, request)
        return ill
    later = opens_later(site, request, raises=wanted_capacity(site) is not None and not owes(site))
    if later or seen.orders.blocking:
        _give_back(site, request)
        return f"It continues at {iso(later)}." if later else ""
    if request.mode.writes and (missing := raise_again(site)):
        return f"Raising its capacity again: {'; '.join(missing)}."
    start(site, request, after=seen.control)
    return ""


def _keep_table(site: Site, request: StartRequest) -> None:
    """Renew the lease, or take it again: it expires while Airflow is down."""
    if not request.mode.writes:
        return
    lease = site.leases.get(site.table.key)
    left = lease.expires_at - site.clock.now() if lease else 0.0
    if not is_held_by(lease, site.migration_id) or left <= LEASE_SECONDS / 2:
        take_lease(site)


def _give_back(site: Site, request: StartRequest) -> None:
    """Restore capacity. For a mode without writes, its migration may have raised some."""
    if request.mode.writes:
        give_back(site, keeps_table=True)
    elif request.of:
        give_back(site.named(request.of), keeps_table=False)


def _note_end(site: Site, seen: Observation) -> None:
    """Note once that an attempt has ended with its window, or on hold."""
    number = seen.attempt.number
    has_run = seen.attempt.started_at or seen.execution.status is not ExecutionStatus.MISSING
    if seen.attempt.ended_at or not has_run:
        return
    ended_at = seen.ended_at(site.clock.now())
    if site.ledger.attempt_ended(site.migration_id, number, result=Outcome.WAITING, now=ended_at):
        how, by = ("on hold", "its alarms") if seen.orders.recovers else _BY_WINDOW
        words = f"Attempt {number} ended {how}. {seen.verdict.reason}"
        site.note_event(What.ENDED, by, words)


def _waiting(seen: Observation, why: str) -> Observation:
    reason = f"{seen.verdict.reason} {why}"
    return replace(seen, verdict=Verdict(outcome=Outcome.WAITING, reason=reason))
