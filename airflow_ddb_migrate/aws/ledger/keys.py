"""Keys of the ledger's records. migrations.py explains them."""

from typing import Final

from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import MigrationRecord, RaisedRow, TypedItem
from airflow_ddb_migrate.core.limits import LEDGER_SHARDS
from airflow_ddb_migrate.core.text.times import iso

TABLE: Final = "table#"
LEASE: Final = "lease#"
HISTORY: Final = "history#"
ATTEMPT: Final = "attempt#"
EVENT: Final = "event#"
RAISED: Final = "raised#"
DAGS: Final = "dags"
ABOUT: Final = "about#"
FORGOTTEN: Final = "forgotten"


def migration_partition(migration_id: str) -> str:
    return f"migration#{migration_id}"


def migration_key(migration_id: str, sk: str = "migration") -> TypedItem:
    return _key(migration_partition(migration_id), sk)


def attempt_key(migration_id: str, number: int) -> TypedItem:
    return migration_key(migration_id, f"{ATTEMPT}{number:03d}")


def control_key(migration_id: str) -> TypedItem:
    return migration_key(migration_id, "control")


def note_key(migration_id: str, name: str) -> TypedItem:
    return migration_key(migration_id, f"note#{name}")


def event_key(migration_id: str, at: float, unique: str) -> TypedItem:
    return migration_key(migration_id, f"{EVENT}{iso(at)}#{unique}")


def erasure_key(migration_id: str) -> TypedItem:
    return migration_key(migration_id, FORGOTTEN)


def stack_key(name: str) -> TypedItem:
    return _key("stack", f"note#{name}")


def run_partition(dag_id: str, run_id: str) -> str:
    return f"run#{dag_id}#{run_id}"


def raised_key(row: RaisedRow) -> TypedItem:
    return _key(run_partition(row.dag_id, row.run_id), f"{RAISED}{row.migration_id}")


def turns_key(dag_id: str, run_id: str) -> TypedItem:
    return _key(run_partition(dag_id, run_id), "turns")


def lane_partition(migration_id: str, shard: int) -> str:
    return f"{migration_partition(migration_id)}#lanes#{shard:02d}"


def lane_key(migration_id: str, lane: int) -> TypedItem:
    return _key(lane_partition(migration_id, lane % LEDGER_SHARDS), f"lane#{lane:06d}")


def table_partition(table_arn: str) -> str:
    return f"{TABLE}{table_arn}"


def lease_key(table: TableKey) -> TypedItem:
    return _key(table_partition(table.arn), f"{LEASE}{table.table_id}")


def owed_key(table: TableKey, digest: str) -> TypedItem:
    return _key(table_partition(table.arn), f"owed#{digest}")


def history_key(record: MigrationRecord) -> TypedItem:
    sk = f"{HISTORY}{iso(record.started_at)}#{record.migration_id}"
    return _key(table_partition(record.table_arn), sk)


def dag_partition(dag_id: str) -> str:
    return f"dag#{dag_id}"


def dag_key(dag_id: str) -> TypedItem:
    return _key(DAGS, dag_partition(dag_id))


def started_key(dag_id: str, record: MigrationRecord) -> TypedItem:
    return {**history_key(record), "pk": {"S": dag_partition(dag_id)}}


def about_key(record: MigrationRecord) -> TypedItem:
    sk = f"{ABOUT}{iso(record.started_at)}#{record.migration_id}"
    return migration_key(record.of, sk)


def listed_key(table_arn: str, sk: str) -> TypedItem:
    return _key(table_partition(table_arn), sk)


def _key(pk: str, sk: str) -> TypedItem:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
