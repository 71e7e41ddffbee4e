"""Ledger and bucket, which outlive the stack. They are found by tags, never only by name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.aws.ledger.scans import all_history
from airflow_ddb_migrate.aws.services.bucket import UNDO, Bucket
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.core.names import ledger_name
from airflow_ddb_migrate.core.text.times import iso
from airflow_ddb_migrate.deployment.keeping.bucket_removal import (
    remove_bucket,
    require_emptying_allowed,
)

BUCKET_TAG = f"{TAG}-bucket"  # of the ledger: its value is the ledger's bucket

_MISSING_TABLE = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class KeptData:
    """Names of a ledger and of its bucket; empty for one that does not exist."""

    ledger: str = ""
    bucket: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """The template's parameters for these names."""
        return {"KeptLedger": self.ledger, "KeptBucket": self.bucket}

    def __bool__(self) -> bool:
        return bool(self.ledger or self.bucket)

    def __str__(self) -> str:
        parts = (("ledger", self.ledger), ("bucket", self.bucket))
        return " and ".join(f"{what} {name}" for what, name in parts if name)


def find_kept(clients: Clients, stack_name: str) -> KeptData:
    """Return what a former stack of this name left behind.

    :raises DeployError: a table with the ledger's name exists, but does not belong to such a stack.
    """
    ledger = ledger_name(stack_name)
    table = _table(clients.dynamodb, ledger)
    if table is None:
        return KeptData()
    tags = _tags(clients.dynamodb, table["TableArn"])
    if tags.get(TAG) != stack_name:
        raise DeployError(
            f"Table {ledger} exists, but was not created by ddb-migrate: it lacks the tag "
            f"{TAG}={stack_name}. The ledger of a stack of this name needs that name. Nothing was "
            "changed. Use another --stack-name."
        )
    if table["TableStatus"] != "ACTIVE":
        raise DeployError(
            f"Table {ledger} of a former stack is {table['TableStatus']}. Nothing was changed. "
            "Wait until it is ACTIVE or gone, then try again."
        )
    bucket = tags.get(BUCKET_TAG, "")
    return KeptData(ledger, bucket if bucket and is_there(clients.s3, bucket) else "")


def left_of(clients: Clients, data: KeptData) -> KeptData:
    """Return what still exists of it."""
    has_ledger = bool(data.ledger) and _table(clients.dynamodb, data.ledger) is not None
    has_bucket = bool(data.bucket) and is_there(clients.s3, data.bucket)
    return KeptData(data.ledger * has_ledger, data.bucket * has_bucket)


def missing_of(clients: Clients, data: KeptData) -> str:
    """Return what no longer exists, in words; empty if everything does."""
    left = left_of(clients, data)
    gone = KeptData(data.ledger * (not left.ledger), data.bucket * (not left.bucket))
    return str(gone)


def is_there(s3: Any, bucket: str) -> bool:
    """Return whether the bucket exists; True if it may not be checked."""
    with aws_call("s3:ListBucket", f"bucket {bucket}"):
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError as exc:
            if error_code(exc) in {"404", "NoSuchBucket"}:
                return False
            if error_code(exc) != "403":
                raise
    return True


def note_bucket(dynamodb: Any, data: KeptData) -> None:
    """Tag a kept ledger with the name of the bucket that is now used with it."""
    table = _table(dynamodb, data.ledger)
    if table and _tags(dynamodb, table["TableArn"]).get(BUCKET_TAG) != data.bucket:
        with aws_call("dynamodb:TagResource", f"table {data.ledger}"):
            dynamodb.tag_resource(
                ResourceArn=table["TableArn"], Tags=[{"Key": BUCKET_TAG, "Value": data.bucket}]
            )


def undoable(clients: Clients, data: KeptData) -> Iterator[str]:
    """Yield a line for each migration that has an undo log."""
    if not data.bucket or not data.ledger or _table(clients.dynamodb, data.ledger) is None:
        return
    rows, _ = all_history(clients.dynamodb, data.ledger)
    for row in rows:
        changed = row["counts"]["changed"] + row["counts"]["deleted"]
        if changed and any(Bucket(clients.s3, data.bucket, row["migration_id"]).paths(f"{UNDO}/")):
            table = row["table_arn"].rpartition("/")[2]
            yield (
                f"{row['migration_id']} of table {table}, {iso(row['started_at'])}, "
                f"{changed:,} items changed"
            )


def require_removable(clients: Clients, data: KeptData) -> None:
    """Raise the reason why ledger or bucket cannot be deleted, before either is.

    :raises DeployError: the ledger is protected.
    :raises AccessDeniedError: objects may not be deleted.
    """
    table = _table(clients.dynamodb, data.ledger) if data.ledger else None
    if table and table.get("DeletionProtectionEnabled"):
        raise DeployError(
            f"Ledger {data.ledger} has deletion protection. Nothing was deleted. To remove the "
            "protection: aws dynamodb update-table --no-deletion-protection-enabled --table-name "
            f"{data.ledger}"
        )
    if data.bucket:
        require_emptying_allowed(clients.s3, data.bucket)


def remove(clients: Clients, data: KeptData, say: Callable[[str], None]) -> None:
    """Delete the bucket, then the ledger: it names the bucket, so a repetition finds the rest."""
    if data.bucket:
        objects = remove_bucket(clients.s3, data.bucket)
        say(f"Deleted bucket {data.bucket} ({objects:,} objects and versions).")
    if data.ledger and _table(clients.dynamodb, data.ledger):
        with aws_call("dynamodb:DeleteTable", f"table {data.ledger}"):
            clients.dynamodb.delete_table(TableName=data.ledger)
            clients.dynamodb.get_waiter("table_not_exists").wait(
                TableName=data.ledger, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
            )
        say(f"Deleted ledger {data.ledger}. DynamoDB keeps a backup of it for 35 days.")


def _table(dynamodb: Any, name: str) -> dict[str, Any] | None:
    with aws_call("dynamodb:DescribeTable", f"table {name}"):
        try:
            return dict(dynamodb.describe_table(TableName=name)["Table"])
        except ClientError as exc:
            if error_code(exc) == _MISSING_TABLE:
                return None
            raise


def _tags(dynamodb: Any, arn: str) -> dict[str, str]:
    with aws_call("dynamodb:ListTagsOfResource", arn):
        rows = dynamodb.list_tags_of_resource(ResourceArn=arn).get("Tags") or ()
    return {row["Key"]: row["Value"] for row in rows}
