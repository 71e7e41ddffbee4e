"""The ledger's records of a DAG run: the tables that it raised, and those that it works on.

``pk = run#<DAG>#<run>``; ``sk = raised#<migration id>`` is how a restore finds what was raised,
whatever its own parameters name (the values are in the table's lease). ``sk = turns`` counts the
tables in work, since before version 3.2 Airflow does not count deferred tasks towards any limit.
"""

from dataclasses import asdict
from enum import StrEnum

from airflow_ddb_migrate.aws.ledger.keys import RAISED, raised_key, run_partition, turns_key
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.ledger.records import RaisedRow


class Turn(StrEnum):
    TAKEN = "TAKEN"
    WAIT = "WAIT"  # as many tables as allowed are in work
    STOPPED = "STOPPED"  # a table has failed, and no other may begin


def note_raised_table(ledger: Ledger, row: RaisedRow) -> None:
    """Note, before anything is raised, that a task of a DAG run may raise this table."""
    ledger.put_new({**raised_key(row), **encode_all(asdict(row))})


def raised_tables(ledger: Ledger, dag_id: str, run_id: str) -> list[RaisedRow]:
    """Return what the tasks of a DAG run may have raised, restored or not."""
    found = ledger.query_all(run_partition(dag_id, run_id), prefix=RAISED)
    return [decode(RaisedRow, item) for item in found]


def take_turn(
    ledger: Ledger, run: tuple[str, str], holder: str, *, limit: int, stop_on_failure: bool
) -> Turn:
    """Take a turn, or return why not. A holder keeps its turn: a retried task takes it again.

    :param run: DAG and run.
    :param holder: the task group instance that works on a table.
    :param limit: tables at a time.
    """
    room = "(attribute_not_exists(#holders) OR contains(#holders, :me) OR size(#holders) < :limit)"
    free = " AND attribute_not_exists(failed)" if stop_on_failure else ""
    taken = ledger.change_sets(
        turns_key(*run),
        add={"holders": holder},
        remove={},
        condition=room + free,
        extra={":me": holder, ":limit": limit},
    )
    if taken is not None:
        return Turn.TAKEN
    return Turn.STOPPED if stop_on_failure and failed_tables(ledger, run) else Turn.WAIT


def end_turn(ledger: Ledger, run: tuple[str, str], holder: str, *, failed: str) -> None:
    """Give a turn back; can be repeated.

    :param failed: the table's name if its migration failed, else empty.
    """
    ledger.change_sets(
        turns_key(*run),
        add={"failed": failed} if failed else {},
        remove={"holders": holder},
    )


def failed_tables(ledger: Ledger, run: tuple[str, str]) -> list[str]:
    """Return the names of the run's tables that failed."""
    row = ledger.get(turns_key(*run)) or {}
    return sorted(row.get("failed", {}).get("SS", []))
