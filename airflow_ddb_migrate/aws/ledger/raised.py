"""Which tables a DAG run raised: ``pk = run#<DAG>#<run>``, ``sk = raised#<migration id>``.

What was raised itself is in the table's lease. This is how a restore finds that lease whatever its
own parameters name.
"""

from dataclasses import asdict

from airflow_ddb_migrate.aws.ledger.keys import RAISED, raised_key, run_partition
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.ledger.records import RaisedRow


def note_raised_table(ledger: Ledger, row: RaisedRow) -> None:
    """Write down, before anything is raised, that a task of a DAG run may raise this table."""
    ledger.put_new({**raised_key(row), **encode_all(asdict(row))})


def raised_tables(ledger: Ledger, dag_id: str, run_id: str) -> list[RaisedRow]:
    """Return what the tasks of a DAG run may have raised, restored or not."""
    found = ledger.query_all(run_partition(dag_id, run_id), prefix=RAISED)
    return [decode(RaisedRow, item) for item in found]
