"""Keys of the ledger's records, and the records as values. Names are in ledger.py's docstring."""

from airflow_ddb_migrate.aws import typed
from airflow_ddb_migrate.core.ledger.records import (
    AttemptRecord,
    Command,
    ControlRecord,
    MigrationRecord,
    TypedItem,
)
from airflow_ddb_migrate.core.limits import LEDGER_SHARDS
from airflow_ddb_migrate.core.mode import Mode


def lane_partition(migration_id: str, shard: int) -> str:
    return f"migration#{migration_id}#lanes#{shard:02d}"


def lane_key(migration_id: str, lane: int) -> TypedItem:
    return {
        "pk": {"S": lane_partition(migration_id, lane % LEDGER_SHARDS)},
        "sk": {"S": f"lane#{lane:06d}"},
    }


def control_key(migration_id: str) -> TypedItem:
    return migration_key(migration_id, "control")


def control_from(item: TypedItem) -> ControlRecord:
    return ControlRecord(
        command=Command(typed.text(item, "command")),
        attempt=typed.whole(item, "attempt"),
        reason=typed.text(item, "reason"),
        since=typed.number(item, "since"),
        until=typed.number(item, "until"),
        read_units_per_second=typed.number(item, "read_units_per_second"),
        write_units_per_second=typed.number(item, "write_units_per_second"),
        live=typed.whole(item, "live"),
        sharers=typed.whole(item, "sharers"),
        joins=typed.whole(item, "joins"),
        counted_at=typed.number(item, "counted_at"),
        quarantined=typed.whole(item, "quarantined"),
    )


def migration_key(migration_id: str, sk: str) -> TypedItem:
    return {"pk": {"S": f"migration#{migration_id}"}, "sk": {"S": sk}}


def stack_key(name: str) -> TypedItem:
    return {"pk": {"S": "stack"}, "sk": {"S": f"note#{name}"}}


def attempt_key(migration_id: str, number: int) -> TypedItem:
    return migration_key(migration_id, f"attempt#{number:03d}")


def attempt_from(item: TypedItem) -> AttemptRecord:
    return AttemptRecord(
        number=typed.whole(item, "number"),
        execution_arn=typed.text(item, "execution_arn"),
        transform_hash=typed.text(item, "transform_hash"),
        lanes=typed.whole(item, "lanes"),
        scope=typed.wholes(item, "scope"),
        intended_at=typed.number(item, "intended_at"),
        started_at=typed.number(item, "started_at"),
        ended_at=typed.number(item, "ended_at"),
        result=typed.text(item, "result"),
    )


def migration_from(item: TypedItem) -> MigrationRecord:
    return MigrationRecord(
        migration_id=typed.text(item, "migration_id"),
        table_name=typed.text(item, "table_name"),
        table_arn=typed.text(item, "table_arn"),
        table_id=typed.text(item, "table_id"),
        key_names=typed.texts(item, "key_names"),
        total_segments=typed.whole(item, "total_segments"),
        lanes=typed.whole(item, "lanes"),
        transform=typed.text(item, "transform"),
        params=typed.text(item, "params"),
        started_at=typed.number(item, "started_at"),
        started_at_iso=typed.text(item, "started_at_iso"),
        started_by=typed.text(item, "started_by"),
        mode=Mode(typed.text(item, "mode", Mode.MIGRATE)),
        of=typed.text(item, "of"),
        context_id=typed.text(item, "context_id"),
        scope=typed.wholes(item, "scope"),
        max_quarantined=typed.whole(item, "max_quarantined"),
        max_quarantined_percentage=typed.number(item, "max_quarantined_percentage"),
        slice_seconds=typed.number(item, "slice_seconds"),
        show_values=typed.flag(item, "show_values"),
    )
