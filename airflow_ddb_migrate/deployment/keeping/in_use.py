"""What must not be removed from a stack: tables and transforms that migrations still need."""

from collections.abc import Collection, Iterator

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.scans import all_history, all_leases
from airflow_ddb_migrate.aws.services.executions import Executions
from airflow_ddb_migrate.aws.services.stack import ALL_TABLES
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.core.ledger.records import LeaseRecord


def require_tables_free(
    clients: Clients, ledger_table: str, *, after: Collection[str], clock: Clock
) -> None:
    """Raise DeployError if a table to drop is held, or its capacity is not restored.

    Role policies apply to running versions at once: neither its workers nor the safety net could
    access the table.

    :param after: the tables that the stack will have.
    """
    if ALL_TABLES in after:
        return
    for lease in all_leases(clients.dynamodb, ledger_table, consistent=True):
        if lease.table_name not in after:
            why = _still_needed(clients, ledger_table, lease, clock)
            if why:
                raise DeployError(
                    f"Table {lease.table_name} cannot be dropped: migration {lease.migration_id} "
                    f"{why} Nothing was changed. Then drop it."
                )


def _still_needed(clients: Clients, ledger_table: str, lease: LeaseRecord, clock: Clock) -> str:
    """Return why a migration still needs a table, and what to do; empty if it does not."""
    if lease.owes_capacity:
        return (
            "raised its capacity, which is not restored yet, and only this stack can do that. "
            "Clear the restore task of that DAG run."
        )
    if not lease.is_taken:
        return ""
    attempt = Ledger(clients.dynamodb, ledger_table).latest_attempt(lease.migration_id)
    live = Executions(clients.stepfunctions, clock).live_of(lease, attempt)
    if live or lease.expires_at > clock.now():
        return f"holds it. Wait for it, or stop it: ddb-migrate stop {lease.migration_id}."
    return ""


def require_transforms_unused(
    clients: Clients, ledger_table: str, dropped: Collection[str]
) -> None:
    """Raise DeployError if an unfinished migration uses one of these transforms."""
    for transform, migration_id in _unfinished(clients, ledger_table) if dropped else ():
        if transform in dropped:
            raise DeployError(
                f"Transform {transform!r} cannot be dropped: migration {migration_id}, which is "
                "not finished, uses it. Nothing was changed. Wait for it, or stop it: ddb-migrate "
                f"stop {migration_id}. Then drop it."
            )


def _unfinished(clients: Clients, ledger_table: str) -> Iterator[tuple[str, str]]:
    """Yield transform and id of migrations whose end is not noted, or that hold a table."""
    leases = all_leases(clients.dynamodb, ledger_table, consistent=True)
    holders = {lease.migration_id for lease in leases if lease.is_taken}
    rows, _ = all_history(clients.dynamodb, ledger_table)
    for row in rows:
        if not row["ended_at"] or row["migration_id"] in holders:
            yield row["transform"], row["migration_id"]
