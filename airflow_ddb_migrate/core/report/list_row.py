"""A migration as a row of the list of all migrations. Times are seconds since the epoch."""

from typing import TypedDict

from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.owners import run_of


class ListedMigration(TypedDict):
    """A row of the list. ``dag_id`` and ``run_id`` are empty if no DAG run started it."""

    migration_id: str
    table_arn: str
    mode: str
    of: str
    transform: str
    result: str
    started_at: float
    ended_at: float
    started_by: str
    dag_id: str
    run_id: str
    counts: dict[str, int]
    dollars: float


def listed(table_arn: str, row: HistoryRow) -> ListedMigration:
    dag_id, run_id = run_of(row.started_by)
    return {
        "migration_id": row.migration_id,
        "table_arn": table_arn,
        "mode": row.mode.value,
        "of": row.of,
        "transform": row.transform,
        "result": row.result,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "started_by": row.started_by,
        "dag_id": dag_id,
        "run_id": run_id,
        "counts": row.counts.to_dict(),
        "dollars": row.dollars,
    }
