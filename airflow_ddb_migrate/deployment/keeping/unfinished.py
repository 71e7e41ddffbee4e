"""What must end before a stack is deleted: raised capacity and running executions."""

from collections.abc import Iterator
from typing import Any, TypeVar

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.scans import all_leases
from airflow_ddb_migrate.aws.services.executions import Executions
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.core.ledger.records import LeaseRecord

_Found = TypeVar("_Found")

_GONE = {"ResourceNotFoundException", "StateMachineDoesNotExist"}


def unfinished(
    clients: Clients, *, ledger_table: str, state_machine_arn: str, clock: Clock
) -> tuple[str, ...]:
    """Return a sentence for each unfinished thing: which table, which migration, what to do.

    An empty name means that the stack does not have this part. A part that is gone does not count.
    """
    leases = list(_leases(clients, ledger_table)) if ledger_table else []
    running = list(_running(clients, state_machine_arn)) if state_machine_arn else []
    ledger = Ledger(clients.dynamodb, ledger_table)
    executions = Executions(clients.stepfunctions, clock)
    for lease in leases:  # what was only just started may not be listed yet
        if lease.is_taken:
            live = executions.live_of(lease, ledger.latest_attempt(lease.migration_id))
            running += [arn for arn in live if arn not in running]
    owed = (_owed_text(lease) for lease in leases if lease.owes_capacity)
    tables = {lease.execution_arn: lease.table_name for lease in leases}
    return (*(_running_text(arn, tables.get(arn, "")) for arn in running), *owed)


def _leases(clients: Clients, ledger_table: str) -> Iterator[LeaseRecord]:
    return _until_gone(all_leases(clients.dynamodb, ledger_table, consistent=True))


def _running(clients: Clients, state_machine_arn: str) -> Iterator[str]:
    return _until_gone(_running_arns(clients.stepfunctions, state_machine_arn))


def _running_arns(stepfunctions: Any, state_machine_arn: str) -> Iterator[str]:
    pages = stepfunctions.get_paginator("list_executions").paginate(
        stateMachineArn=state_machine_arn, statusFilter="RUNNING"
    )
    with aws_call("states:ListExecutions", state_machine_arn):
        for page in pages:
            yield from (row["executionArn"] for row in page["executions"])


def _until_gone(found: Iterator[_Found]) -> Iterator[_Found]:
    """Yield what is found; nothing if an earlier, incomplete deletion has deleted it."""
    try:
        yield from found
    except AwsRequestError as exc:
        if exc.aws_code not in _GONE:
            raise


def _owed_text(lease: LeaseRecord) -> str:
    return (
        f"Capacity of table {lease.table_name} was raised by migration {lease.migration_id} and "
        f"is not restored yet ({lease.capacity_state}); only the ledger knows the original "
        "capacity. Clear the restore task of that DAG run."
    )


def _running_text(execution_arn: str, table_name: str) -> str:
    name = execution_arn.rpartition(":")[2]
    table = f" of table {table_name}" if table_name else ""
    return f"Execution {name}{table} is running. Wait for it, or stop its DAG run."
