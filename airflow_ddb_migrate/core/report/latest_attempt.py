"""What a migration is and what its latest attempt is, as a viewer needs it."""

from typing import TypedDict

from airflow_ddb_migrate.core.ledger.records import AttemptRecord, MigrationRecord


class About(TypedDict):
    """What a migration is, and what its latest attempt is."""

    migration_id: str
    table: str
    mode: str
    of: str
    transform: str
    params: str
    started_at: float
    started_by: str
    total_segments: int
    attempt: int
    attempt_started_at: float
    ended_at: float


def about_view(record: MigrationRecord, attempt: AttemptRecord) -> About:
    return {
        "migration_id": record.migration_id,
        "table": record.table_name,
        "mode": record.mode.value,
        "of": record.of,
        "transform": record.transform,
        "params": record.params,
        "started_at": record.started_at,
        "started_by": record.started_by,
        "total_segments": record.total_segments,
        "attempt": attempt.number,
        "attempt_started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
    }
