"""The table to migrate: what it is, what capacity it has, and changing that."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.capacity import (
    TABLE,
    BillingMode,
    CapacityChange,
    CapacitySnapshot,
    CapacityUnits,
    Setting,
)
from airflow_ddb_migrate.core.errors import TableNotFoundError, TableNotReadyError
from airflow_ddb_migrate.core.lease import TableKey

_ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as DescribeTable shows it. ``statuses`` by resource: the table ("") and its indexes.

    ``item_count`` and ``size_bytes`` are up to six hours old: a hint, never a proof.
    """

    key: TableKey
    key_names: tuple[str, ...]
    statuses: Mapping[str, str]
    snapshot: CapacitySnapshot
    item_count: int
    size_bytes: int

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def not_active(self) -> tuple[str, ...]:
        """What is not ACTIVE, in words: ``table orders is UPDATING``."""
        return tuple(
            f"{f'index {resource}' if resource else f'table {self.name}'} is {status}"
            for resource, status in self.statuses.items()
            if status != _ACTIVE
        )


def describe_table(dynamodb: Any, table_name: str) -> Table:
    """Describe a table.

    :raises TableNotFoundError: there is none of this name; the message names similar ones.
    """
    with aws_call("dynamodb:DescribeTable", f"table {table_name}"):
        try:
            return table_from(dynamodb.describe_table(TableName=table_name)["Table"])
        except ClientError as exc:
            if error_code(exc) != "ResourceNotFoundException":
                raise
            region = dynamodb.meta.region_name
            raise TableNotFoundError(
                f"Table {table_name!r} does not exist in {region}. {_similar(dynamodb, table_name)}"
                "Check the name, and the region of the Airflow connection.",
                "ResourceNotFoundException",
            ) from exc


def require_active(table: Table) -> None:
    """Raise TableNotReadyError unless the table and every index is ACTIVE."""
    if table.not_active:
        raise TableNotReadyError(
            f"{'; '.join(table.not_active)}; all must be ACTIVE before a migration starts. "
            "Wait until the change in progress has ended and try again."
        )


def update_capacity(dynamodb: Any, table_name: str, changes: Sequence[CapacityChange]) -> None:
    """Ask for the changes of one setting in one UpdateTable call; does not wait."""
    with aws_call("dynamodb:UpdateTable", f"table {table_name}"):
        dynamodb.update_table(TableName=table_name, **update_arguments(changes))


def update_arguments(changes: Sequence[CapacityChange]) -> dict[str, Any]:
    """Return UpdateTable's arguments: only what changes, since AWS refuses what is so already."""
    arguments: dict[str, Any] = {}
    indexes = []
    for change in changes:
        wanted = _setting_argument(change)
        if change.resource == TABLE:
            arguments |= wanted
        else:
            indexes.append({"Update": {"IndexName": change.resource, **wanted}})
    if indexes:
        arguments["GlobalSecondaryIndexUpdates"] = indexes
    return arguments


def table_from(description: Mapping[str, Any]) -> Table:
    """Read DescribeTable's answer. A missing BillingModeSummary means PROVISIONED."""
    indexes = description.get("GlobalSecondaryIndexes") or []
    resources = {TABLE: description, **{index["IndexName"]: index for index in indexes}}
    mode = (description.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")
    return Table(
        key=TableKey(
            description["TableArn"], description.get("TableId", ""), description["TableName"]
        ),
        key_names=_key_names(description["KeySchema"]),
        statuses={
            name: resource.get("TableStatus" if name == TABLE else "IndexStatus", _ACTIVE)
            for name, resource in resources.items()
        },
        snapshot=CapacitySnapshot(
            BillingMode(mode),
            {name: _provisioned(resource) for name, resource in resources.items()},
            {name: _warm(resource) for name, resource in resources.items()},
        ),
        item_count=description.get("ItemCount", 0),
        size_bytes=description.get("TableSizeBytes", 0),
    )


def _key_names(key_schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the key attributes, the partition key first."""
    ordered = sorted(key_schema, key=lambda element: element["KeyType"] != "HASH")
    return tuple(element["AttributeName"] for element in ordered)


def _provisioned(resource: Mapping[str, Any]) -> CapacityUnits:
    units = resource.get("ProvisionedThroughput") or {}
    return CapacityUnits(units.get("ReadCapacityUnits", 0), units.get("WriteCapacityUnits", 0))


def _warm(resource: Mapping[str, Any]) -> CapacityUnits:
    units = resource.get("WarmThroughput") or {}
    return CapacityUnits(units.get("ReadUnitsPerSecond", 0), units.get("WriteUnitsPerSecond", 0))


def _setting_argument(change: CapacityChange) -> dict[str, dict[str, int]]:
    read, write = change.after.read, change.after.write
    if change.setting is Setting.PROVISIONED:
        units = {"ReadCapacityUnits": read, "WriteCapacityUnits": write}
        return {"ProvisionedThroughput": units}
    return {"WarmThroughput": {"ReadUnitsPerSecond": read, "WriteUnitsPerSecond": write}}


def _similar(dynamodb: Any, table_name: str) -> str:
    """Suggest existing names; says nothing when they may not be listed."""
    try:
        names = dynamodb.list_tables()["TableNames"]
    except ClientError:
        return ""
    close = difflib.get_close_matches(table_name, names, n=3)
    return f"Did you mean {' or '.join(close)}? " if close else ""
