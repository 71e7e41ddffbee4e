"""Keys of the ledger's records, and the records as values. Names are in migrations.py."""

from airflow_ddb_migrate.aws.ledger import typed_values
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
        command=Command(typed_values.text(item, "command")),
        attempt=typed_values.whole(item, "attempt"),
        reason=typed_values.text(item, "reason"),
        since=typed_values.number(item, "since"),
        until=typed_values.number(item, "until"),
        read_units_per_second=typed_values.number(item, "read_units_per_second"),
        write_units_per_second=typed_values.number(item, "write_units_per_second"),
        live=typed_values.whole(item, "live"),
        sharers=typed_values.whole(item, "sharers"),
        joins=typed_values.whole(item, "joins"),
        counted_at=typed_values.number(item, "counted_at"),
        quarantined=typed_values.whole(item, "quarantined"),
    )


def migration_key(migration_id: str, sk: str) -> TypedItem:
    return {"pk": {"S": f"migration#{migration_id}"}, "sk": {"S": sk}}


def stack_key(name: str) -> TypedItem:
    return {"pk": {"S": "stack"}, "sk": {"S": f"note#{name}"}}


def attempt_key(migration_id: str, number: int) -> TypedItem:
    return migration_key(migration_id, f"attempt#{number:03d}")


def attempt_from(item: TypedItem) -> AttemptRecord:
    return AttemptRecord(
        number=typed_values.whole(item, "number"),
        execution_arn=typed_values.text(item, "execution_arn"),
        transform_hash=typed_values.text(item, "transform_hash"),
        lanes=typed_values.whole(item, "lanes"),
        scope=typed_values.wholes(item, "scope"),
        intended_at=typed_values.number(item, "intended_at"),
        started_at=typed_values.number(item, "started_at"),
        ended_at=typed_values.number(item, "ended_at"),
        result=typed_values.text(item, "result"),
    )


def migration_from(item: TypedItem) -> MigrationRecord:
    return MigrationRecord(
        migration_id=typed_values.text(item, "migration_id"),
        table_name=typed_values.text(item, "table_name"),
        table_arn=typed_values.text(item, "table_arn"),
        table_id=typed_values.text(item, "table_id"),
        key_names=typed_values.texts(item, "key_names"),
        total_segments=typed_values.whole(item, "total_segments"),
        lanes=typed_values.whole(item, "lanes"),
        transform=typed_values.text(item, "transform"),
        params=typed_values.text(item, "params"),
        started_at=typed_values.number(item, "started_at"),
        started_at_iso=typed_values.text(item, "started_at_iso"),
        started_by=typed_values.text(item, "started_by"),
        mode=Mode(typed_values.text(item, "mode", Mode.MIGRATE)),
        of=typed_values.text(item, "of"),
        context_id=typed_values.text(item, "context_id"),
        scope=typed_values.wholes(item, "scope"),
        max_quarantined=typed_values.whole(item, "max_quarantined"),
        max_quarantined_percentage=typed_values.number(item, "max_quarantined_percentage"),
        slice_seconds=typed_values.number(item, "slice_seconds"),
        show_values=typed_values.flag(item, "show_values"),
    )
