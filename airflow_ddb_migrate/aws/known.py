"""What the ledger knows of migrations and tables, whether or not the tables are still there."""

import json
from itertools import islice

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.history import list_history
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.services.stack import Stack, find_stack
from airflow_ddb_migrate.aws.services.tables import Table, describe_table
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import (
    TABLE,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
)
from airflow_ddb_migrate.core.errors import LedgerError, TableNotFoundError
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.names import (
    DRY_RUN,
    PLAN,
    validate_migration_id,
    validate_table_name,
)


def history_of(
    clients: Clients, *, stack_name: str, table_name: str, limit: int | None = None
) -> list[HistoryRow]:
    """Return what was done to a table, the newest first; of one that is gone, too.

    :raises TableNotFoundError: it is not there and nothing is known of it.
    """
    stack = find_stack(clients.cloudformation, stack_name)
    ledger = Ledger(clients.dynamodb, stack.ledger_table)
    arn = _arn(stack, validate_table_name(table_name))
    rows = list(islice(list_history(ledger, arn), limit))
    if not rows:
        describe_table(clients.dynamodb, table_name)
    return rows


def open_known_site(clients: Clients, stack_name: str, migration_id: str) -> Site:
    """Open the site of a migration of which only the name is known; touches nothing.

    The table is as it is, or, if it is gone or was made again under its name, as the ledger
    remembers it: without capacity, and DELETED, so that nothing can be started on it.

    :raises InvalidInputError: the migration's id is none.
    :raises LedgerError: the ledger has never heard of it.
    :raises StackNotFoundError: the stack is not deployed in this region.
    """
    name = validate_migration_id(migration_id)
    stack = find_stack(clients.cloudformation, stack_name)
    table = _table_of(Ledger(clients.dynamodb, stack.ledger_table), clients, name)
    return Site(clients=clients, table=table, stack=stack, migration_id=name)


def _table_of(ledger: Ledger, clients: Clients, migration_id: str) -> Table:
    record = ledger.migration(migration_id) or ledger.migration(f"{migration_id}-{DRY_RUN}")
    if record is None:
        return describe_table(clients.dynamodb, _planned_table(ledger, migration_id))
    try:
        table = describe_table(clients.dynamodb, record.table_name)
    except TableNotFoundError:
        return _remembered(record)
    return table if table.key.table_id == record.table_id else _remembered(record)


def _planned_table(ledger: Ledger, migration_id: str) -> str:
    """Return the table of what was only planned."""
    plan = ledger.read_note(migration_id, PLAN)
    if plan:
        return str(json.loads(plan)["table_name"])
    raise LedgerError(
        f"The ledger {ledger.table_name} knows no migration {migration_id}. Check the id: "
        "ddb-migrate history --table TABLE lists those of a table."
    )


def _remembered(record: MigrationRecord) -> Table:
    nothing = {TABLE: CapacityUnits()}
    return Table(
        key=TableKey(record.table_arn, record.table_id, record.table_name),
        key_names=record.key_names,
        statuses={TABLE: "DELETED"},
        snapshot=CapacitySnapshot(BillingMode.PAY_PER_REQUEST, nothing, nothing),
        item_count=0,
        size_bytes=0,
    )


def _arn(stack: Stack, table_name: str) -> str:
    """A table's ARN follows from its name and the place: it need not be there to be named."""
    _, partition, _, region, account, *_ = stack.state_machine_arn.split(":")
    return f"arn:{partition}:dynamodb:{region}:{account}:table/{table_name}"
