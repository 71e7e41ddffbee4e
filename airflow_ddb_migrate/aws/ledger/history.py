"""The history of a table in the ledger: one row for each migration of it, in order.

``pk = table#<arn>``, as the table's lease; ``sk = history#<start>#<migration id>``.
"""

from collections.abc import Iterator
from dataclasses import asdict

from airflow_ddb_migrate.aws.ledger.keys import HISTORY, history_key, table_partition
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.records import MigrationRecord


def begin(ledger: Ledger, record: MigrationRecord, transform_hash: str) -> None:
    """Note that a migration begins, or goes on with the transform as it is now."""
    row = HistoryRow(
        migration_id=record.migration_id,
        table_id=record.table_id,
        mode=record.mode,
        of=record.of,
        transform=record.transform,
        transform_hash=transform_hash,
        params=record.params,
        started_at=record.started_at,
        started_by=record.started_by,
    )
    key = history_key(record)
    if not ledger.put_new({**key, **encode_all(asdict(row))}):
        ledger.update(key, {"transform_hash": transform_hash, "result": "", "ended_at": 0})


def list_history(ledger: Ledger, table_arn: str) -> Iterator[HistoryRow]:
    """Yield what was done to a table, the newest first."""
    pk = table_partition(table_arn)
    for item in ledger.query_all(pk, prefix=HISTORY, newest_first=True):
        yield decode(HistoryRow, item)
