"""Backups of a table, and its point-in-time recovery."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.ledger.lease import TableKey

AVAILABLE: Final = "AVAILABLE"
CREATING: Final = "CREATING"

_BUSY: Final = {"BackupInUseException", "TableInUseException"}


@dataclass(frozen=True, slots=True)
class Recovery:
    """Point-in-time recovery of a table: whether it is on, and the times to restore to."""

    is_on: bool
    earliest: datetime | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backups:
    """Backups of one table. ``dynamodb`` is a boto3 client. A backup is a row as AWS returns it."""

    dynamodb: Any
    table: TableKey

    def recovery(self) -> Recovery:
        """Return the state of point-in-time recovery."""
        with aws_call("dynamodb:DescribeContinuousBackups", f"table {self.table.name}"):
            answer = self.dynamodb.describe_continuous_backups(TableName=self.table.name)
        found = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return Recovery(
            found.get("PointInTimeRecoveryStatus") == "ENABLED",
            found.get("EarliestRestorableDateTime"),
            found.get("LatestRestorableDateTime"),
        )

    def find(self, name: str) -> dict[str, Any] | None:
        """Return the backup with this name of this table, not of a deleted one of the same name."""
        for row in self._all():
            is_ours = row["BackupName"] == name and self._is_of_table(row)
            if is_ours and row["BackupStatus"] in {AVAILABLE, CREATING}:
                return row
        return None

    def describe(self, arn: str) -> dict[str, Any]:
        with aws_call("dynamodb:DescribeBackup", arn):
            answer = self.dynamodb.describe_backup(BackupArn=arn)
        return dict(answer["BackupDescription"]["BackupDetails"])

    def create(self, name: str) -> dict[str, Any] | None:
        """Begin a backup; None while the table is changing, or another backup is being made."""
        with aws_call("dynamodb:CreateBackup", f"table {self.table.name}"):
            try:
                answer = self.dynamodb.create_backup(TableName=self.table.name, BackupName=name)
            except ClientError as exc:
                if error_code(exc) in _BUSY:
                    return None
                raise
        return dict(answer["BackupDetails"])

    def _all(self) -> Iterator[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("list_backups").paginate(
            TableName=self.table.name, BackupType="USER"
        )
        with aws_call("dynamodb:ListBackups", f"table {self.table.name}"):
            for page in pages:
                yield from page["BackupSummaries"]

    def _is_of_table(self, row: dict[str, Any]) -> bool:
        return bool(row.get("TableId", self.table.table_id) == self.table.table_id)
