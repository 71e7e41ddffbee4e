"""What the ledger knows of tables, whether or not they are still there."""

from itertools import islice

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.history import list_history
from airflow_ddb_migrate.aws.ledger import Ledger
from airflow_ddb_migrate.aws.stack import Stack, find_stack
from airflow_ddb_migrate.aws.tables import describe_table
from airflow_ddb_migrate.core.history import HistoryRow
from airflow_ddb_migrate.core.names import validate_table_name


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


def _arn(stack: Stack, table_name: str) -> str:
    """A table's ARN follows from its name and the place: it need not be there to be named."""
    _, partition, _, region, account, *_ = stack.state_machine_arn.split(":")
    return f"arn:{partition}:dynamodb:{region}:{account}:table/{table_name}"
