"""The table to migrate: what it is, what capacity it has, and changing that."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.core.capacity.changes import CapacityChange, Change, ModeChange
from airflow_ddb_migrate.core.capacity.snapshot import (
    NO_MAXIMUM,
    TABLE,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    Setting,
)
from airflow_ddb_migrate.core.errors import TableNotFoundError, TableNotReadyError
from airflow_ddb_migrate.core.ledger.lease import TableKey

_ACTIVE = "ACTIVE"
_UNNAMED_REPLICAS = "2017.11.29"  # of global tables: their regions are in DescribeGlobalTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as DescribeTable shows it. ``statuses`` by resource: the table ("") and its indexes.

    ``item_count`` and ``size_bytes`` are up to six hours old: a hint, never a proof. ``replicas``
    are the other regions of a global table.
    """

    key: TableKey
    key_names: tuple[str, ...]
    statuses: Mapping[str, str]
    snapshot: CapacitySnapshot
    item_count: int
    size_bytes: int
    replicas: tuple[str, ...] = ()

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
    """Describe a table. Raises as ``table_description`` does."""
    return table_from(table_description(dynamodb, table_name))


def table_description(dynamodb: Any, table_name: str) -> dict[str, Any]:
    """Return what DescribeTable answers.

    :raises TableNotFoundError: there is none of this name; the message names similar ones.
    """
    with aws_call("dynamodb:DescribeTable", f"table {table_name}"):
        try:
            return dict(dynamodb.describe_table(TableName=table_name)["Table"])
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
            f"{'; '.join(table.not_active)}; table {table.name} and all its indexes must be ACTIVE "
            "before a migration starts. "
            "Wait until the change in progress has ended and try again."
        )


def update_capacity(dynamodb: Any, table_name: str, changes: Sequence[Change]) -> None:
    """Ask for changes of one kind in one UpdateTable call; does not wait."""
    with aws_call("dynamodb:UpdateTable", f"table {table_name}"):
        dynamodb.update_table(TableName=table_name, **update_arguments(changes))


def update_arguments(changes: Sequence[Change]) -> dict[str, Any]:
    """Return UpdateTable's arguments: only what changes, since AWS refuses what is so already."""
    arguments: dict[str, Any] = {}
    wanted: dict[str, dict[str, Any]] = {}
    for change in changes:
        if isinstance(change, ModeChange):
            arguments["BillingMode"] = change.after.value
            if change.after is BillingMode.PROVISIONED:
                wanted |= {name: _units(value) for name, value in change.provisioned.items()}
        elif isinstance(change, CapacityChange):
            wanted[change.resource] = _setting_argument(change)
    arguments |= wanted.pop(TABLE, {})
    if wanted:
        arguments["GlobalSecondaryIndexUpdates"] = [
            {"Update": {"IndexName": name, **setting}} for name, setting in wanted.items()
        ]
    return arguments


def table_from(description: Mapping[str, Any]) -> Table:
    """Read DescribeTable's answer. A missing BillingModeSummary means PROVISIONED."""
    indexes = description.get("GlobalSecondaryIndexes") or []
    resources = {TABLE: description, **{index["IndexName"]: index for index in indexes}}
    mode = (description.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")
    key = TableKey(
        description["TableArn"], description.get("TableId", ""), description["TableName"]
    )
    return Table(
        key=key,
        key_names=_key_names(description["KeySchema"]),
        statuses={
            name: resource.get("TableStatus" if name == TABLE else "IndexStatus", _ACTIVE)
            for name, resource in resources.items()
        },
        snapshot=CapacitySnapshot(
            BillingMode(mode),
            {name: _provisioned(resource) for name, resource in resources.items()},
            {name: _warm(resource) for name, resource in resources.items()},
            {name: _maximum(resource) for name, resource in resources.items()},
        ),
        item_count=description.get("ItemCount", 0),
        size_bytes=description.get("TableSizeBytes", 0),
        replicas=_replicas(description, key.region),
    )


def _replicas(description: Mapping[str, Any], own_region: str) -> tuple[str, ...]:
    """Return the other regions, also those that are being made; the first version names none."""
    regions = {row["RegionName"] for row in description.get("Replicas") or ()} - {own_region}
    if not regions and description.get("GlobalTableVersion") == _UNNAMED_REPLICAS:
        return ("regions that DescribeTable does not name",)
    return tuple(sorted(regions))


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


def _maximum(resource: Mapping[str, Any]) -> CapacityUnits:
    units = resource.get("OnDemandThroughput") or {}
    return CapacityUnits(
        units.get("MaxReadRequestUnits", NO_MAXIMUM), units.get("MaxWriteRequestUnits", NO_MAXIMUM)
    )


def _setting_argument(change: CapacityChange) -> dict[str, Any]:
    read, write = change.after.read, change.after.write
    match change.setting:
        case Setting.PROVISIONED:
            return _units(change.after)
        case Setting.WARM_THROUGHPUT:
            return {"WarmThroughput": {"ReadUnitsPerSecond": read, "WriteUnitsPerSecond": write}}
        case Setting.ON_DEMAND_MAXIMUM:
            maximum = {"MaxReadRequestUnits": read, "MaxWriteRequestUnits": write}
            return {"OnDemandThroughput": maximum}


def _units(units: CapacityUnits) -> dict[str, Any]:
    figures = {"ReadCapacityUnits": units.read, "WriteCapacityUnits": units.write}
    return {"ProvisionedThroughput": figures}


def _similar(dynamodb: Any, table_name: str) -> str:
    """Suggest existing names; says nothing when they may not be listed."""
    try:
        names = dynamodb.list_tables()["TableNames"]
    except ClientError:
        return ""
    close = difflib.get_close_matches(table_name, names, n=3)
    return f"Did you mean {' or '.join(close)}? " if close else ""
