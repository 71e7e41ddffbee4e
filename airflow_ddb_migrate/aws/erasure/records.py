"""Finds the ledger's records of a migration."""

from collections.abc import Iterator

from airflow_ddb_migrate.aws.ledger.keys import FORGOTTEN, lane_partition, migration_partition
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.limits import LEDGER_SHARDS


def records_of(ledger: Ledger, migration_id: str) -> Iterator[TypedItem]:
    """Yield the keys of all its records, except the one that says it was forgotten.

    Leases, snapshots of capacity and the history belong to a table and are not included.
    """
    lanes = (lane_partition(migration_id, shard) for shard in range(LEDGER_SHARDS))
    for partition in (migration_partition(migration_id), *lanes):
        for item in ledger.query_all(partition):
            if item["sk"]["S"] != FORGOTTEN:
                yield {"pk": item["pk"], "sk": item["sk"]}
