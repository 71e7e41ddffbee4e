"""Values that tests are about, each valid as it stands; a test names only what it cares for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from airflow_ddb_migrate.aws.ledger.lanes import Claim
from airflow_ddb_migrate.aws.services.stack import ALL_TABLES, Stack
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, CapacitySnapshot, CapacityUnits
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.execution.messages import WorkRequest
from airflow_ddb_migrate.core.execution.progress import Execution, ExecutionStatus, Progress
from airflow_ddb_migrate.core.ledger.holds import HoldKind, HoldRecord
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import (
    AttemptRecord,
    LaneRow,
    LaneState,
    LeaseRecord,
    LeaseState,
    MigrationRecord,
)
from airflow_ddb_migrate.core.version import __version__
from botocore.exceptions import ClientError

NOW = 1_700_000_000.0
STARTED_AT = "2023-11-14T22:13:20.000Z"  # NOW
MIGRATION = "orders-0123456789ab"
TABLE = "orders"
LEDGER = "ledger"
REGION = "us-east-1"
SHIPPED_TRANSFORMS = (
    "add_updated_at",
    "backfill_ttl",
    "delete_by_predicate",
    "rename_and_split",
)
STATE_MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:ddb-migrate"
TABLE_KEY = TableKey(f"arn:aws:dynamodb:{REGION}:123456789012:table/{TABLE}", "id-1", TABLE)


def at(
    site: Site, now: float | Callable[[], float], sleep: Callable[[float], None] | None = None
) -> Site:
    """Return the same site at another time, or by another clock."""
    time = now if callable(now) else lambda: now
    return replace(site, clock=Clock(now=time, sleep=sleep or site.clock.sleep))


def units(read: int = 50, write: int = 25) -> CapacityUnits:
    return CapacityUnits(read, write)


def snapshot(
    mode: BillingMode = BillingMode.PROVISIONED,
    provisioned: dict[str, CapacityUnits] | None = None,
    warm: dict[str, CapacityUnits] | None = None,
    **fields: Any,
) -> CapacitySnapshot:
    known = {"": units()}
    warm = warm or {"": units(12_000, 4_000)}
    return CapacitySnapshot(mode, provisioned or known, warm, **fields)


def lease(**fields: Any) -> LeaseRecord:
    """A lease that MIGRATION has just taken."""
    known = {
        "table_arn": TABLE_KEY.arn,
        "table_id": TABLE_KEY.table_id,
        "table_name": TABLE_KEY.name,
        "state": LeaseState.HELD,
        "generation": 1,
        "migration_id": MIGRATION,
        "expires_at": NOW + 1_800,
    }
    return LeaseRecord(**{**known, **fields})


def hold(kind: HoldKind = HoldKind.PERSON, **fields: Any) -> HoldRecord:
    """A hold that lasts, put in force NOW."""
    return HoldRecord(
        **{"kind": kind, "reason": "paused by ann", "by": "ann", "since": NOW, **fields}
    )


def throttled_hold(**fields: Any) -> HoldRecord:
    """A hold as workers ask for when the table is throttled for a while."""
    known = {"reason": "others suffer", "by": "workers", "since": NOW}
    since = fields.get("since", NOW)
    return hold(HoldKind.THROTTLED, **{**known, "until": since + 300, **fields})


def lane_row(lane: int = 0, state: LaneState = LaneState.DONE, **fields: Any) -> LaneRow:
    return LaneRow(**{"lane": lane, "state": state, "attempt": 1, "segment": lane, **fields})


def progress(**fields: Any) -> Progress:
    """One lane, which is done."""
    known = {"lanes": 1, "done": 1, "running": 0, "live": 0, "failed": (), "unfinished": ()}
    return Progress(**{**known, **fields})


def execution(status: ExecutionStatus = ExecutionStatus.SUCCEEDED, **fields: Any) -> Execution:
    return Execution(arn=f"{STATE_MACHINE}:x", status=status, **fields)


def migration_record(**fields: Any) -> MigrationRecord:
    known = {
        "migration_id": MIGRATION,
        "table_name": TABLE,
        "table_arn": TABLE_KEY.arn,
        "table_id": TABLE_KEY.table_id,
        "key_names": ("id",),
        "total_segments": 1,
        "lanes": 1,
        "transform": "add_updated_at",
        "params": "{}",
        "started_at": NOW,
        "started_at_iso": STARTED_AT,
        "started_by": "tests",
    }
    return MigrationRecord(**{**known, **fields})


def attempt(number: int = 1, **fields: Any) -> AttemptRecord:
    known = {"execution_arn": f"{STATE_MACHINE}:x", "transform_hash": "hash", "lanes": 1}
    return AttemptRecord(number=number, **{**known, **fields})


def work_request(**fields: Any) -> WorkRequest:
    known = {
        "migration_id": MIGRATION,
        "attempt": 1,
        "table_name": TABLE,
        "total_segments": 1,
        "segment": 0,
        "lanes": 1,
    }
    return WorkRequest(**{**known, **fields})


def claim(**fields: Any) -> Claim:
    return Claim(**{"migration_id": MIGRATION, "attempt": 1, "lane": 0, "owner": "me", **fields})


def stack(**fields: Any) -> Stack:
    known = {
        "name": "ddb-migrate",
        "region": REGION,
        "state_machine_arn": STATE_MACHINE,
        "ledger_table": LEDGER,
        "bucket": "bucket",
        "function_arn": f"arn:aws:lambda:{REGION}:123456789012:function:ddb-migrate-transform:1",
        "function_name": "ddb-migrate-transform",
        "log_group": "/aws/lambda/ddb-migrate-transform",
        "tables": (ALL_TABLES,),
        "transforms": ("add_updated_at",),
        "code_hash": "0123456789abcdef",
        "version": __version__,
    }
    return Stack(**{**known, **fields})


def client_error(
    code: str, operation: str = "UpdateItem", *, message: str = "as AWS says it", **extra: Any
) -> ClientError:
    """What a boto3 client raises; ``extra`` stands beside Error, as ``Item`` does."""
    return ClientError({"Error": {"Code": code, "Message": message}, **extra}, operation)


def put_alarm(cloudwatch: Any, name: str, state: str = "OK") -> None:
    """Make a CloudWatch alarm, or change its state."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Shop",
        MetricName="Latency",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def ledger_table(dynamodb: Any, name: str = LEDGER) -> None:
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def data_table(
    dynamodb: Any, name: str = TABLE, *, key_type: str = "S", **settings: Any
) -> dict[str, Any]:
    """Create a table with the key ``id``; returns its description."""
    known = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": key_type}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    answer = dynamodb.create_table(TableName=name, **{**known, **settings})
    return answer["TableDescription"]  # type: ignore[no-any-return]


def typed_item(name: str = "a", **attributes: Any) -> dict[str, Any]:
    """A typed item with the key ``id``; attributes are typed values."""
    return {"id": {"S": name}, **attributes}
