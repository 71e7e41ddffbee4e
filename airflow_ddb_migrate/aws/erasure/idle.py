"""Whether what is kept of a migration is still needed."""

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.scans import all_leases
from airflow_ddb_migrate.aws.services.executions import Executions
from airflow_ddb_migrate.core.erasure import Family
from airflow_ddb_migrate.core.errors import LeaseHeldError
from airflow_ddb_migrate.core.ledger.records import LeaseRecord


def require_idle(clients: Clients, ledger: Ledger, family: Family) -> None:
    """Raise LeaseHeldError while anything that needs it runs, or capacity is not restored.

    A running undo or replay needs it, too: it reads the undo log or the quarantine.
    """
    about = {row.migration_id for row in family.about}
    for name in (*family.ids, *sorted(about)):
        _require_ended(clients, ledger, name)
    # Of all tables, since a migration that prewarmed but has not started has no history.
    for lease in all_leases(clients.dynamodb, ledger.table_name, consistent=True):
        if lease.migration_id in {*family.ids, *about}:
            _require_free(lease, ledger.clock.now())


def _require_ended(clients: Clients, ledger: Ledger, name: str) -> None:
    attempt = ledger.latest_attempt(name)
    if attempt is None:
        return
    executions = Executions(clients.stepfunctions, ledger.clock)
    expected, is_over = attempt.expected_since, bool(attempt.ended_at)
    found = executions.describe(attempt.execution_arn, expected_since=expected, is_over=is_over)
    if found.status.is_live:
        raise LeaseHeldError(
            f"Attempt {attempt.number} of migration {name} is running or paused: "
            f"{attempt.execution_arn}. Nothing was deleted. Wait for it, or stop it first: "
            f"ddb-migrate stop {name}"
        )
    now = ledger.clock.now()
    if live := sum(row.is_live(now) for row in Lanes(ledger).all(name)):
        raise LeaseHeldError(
            f"{live:,} workers of migration {name} are still ending. Nothing was deleted. Try "
            "again in a minute."
        )


def _require_free(lease: LeaseRecord, now: float) -> None:
    """Raise LeaseHeldError unless the lease has expired and has nothing to restore."""
    held = f"Table {lease.table_name} is held by migration {lease.migration_id}"
    if lease.owes_capacity:
        raise LeaseHeldError(
            f"{held}, whose raised capacity is not restored yet ({lease.capacity_state}); only "
            "the ledger knows the original capacity. Nothing was deleted. Clear the restore task "
            "of its DAG run, or wait for the safety net; then run the same command again."
        )
    if lease.is_taken and lease.expires_at > now:
        raise LeaseHeldError(
            f"{held}. Its lease expires in {lease.expires_at - now:,.0f} seconds unless it is "
            "renewed. Nothing was deleted. Try again after that."
        )
