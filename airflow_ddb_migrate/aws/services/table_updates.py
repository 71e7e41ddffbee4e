"""Changes of a table's capacity by UpdateTable."""

from collections.abc import Sequence
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.capacity.changes import CapacityChange, Change, ModeChange
from airflow_ddb_migrate.core.capacity.snapshot import (
    TABLE,
    BillingMode,
    CapacityUnits,
    Dimension,
    Setting,
)


def update_capacity(dynamodb: Any, table_name: str, changes: Sequence[Change]) -> None:
    """Make changes of one kind in one UpdateTable call; does not wait."""
    with aws_call("dynamodb:UpdateTable", f"table {table_name}"):
        dynamodb.update_table(TableName=table_name, **update_arguments(changes))


def update_arguments(changes: Sequence[Change]) -> dict[str, Any]:
    """Return UpdateTable's arguments: changes only, since AWS refuses unchanged values."""
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


def _setting_argument(change: CapacityChange) -> dict[str, Any]:
    """Return a setting's argument.

    Provisioned capacity has to be given for both dimensions. Warm throughput must not shrink.
    """
    match change.setting:
        case Setting.PROVISIONED:
            return _units(change.after)
        case Setting.WARM_THROUGHPUT:
            return {"WarmThroughput": _changed(change, "ReadUnitsPerSecond", "WriteUnitsPerSecond")}
        case Setting.ON_DEMAND_MAXIMUM:
            parts = _changed(change, "MaxReadRequestUnits", "MaxWriteRequestUnits")
            return {"OnDemandThroughput": parts}


def _changed(change: CapacityChange, read: str, write: str) -> dict[str, int]:
    parts = {Dimension.READ: read, Dimension.WRITE: write}
    return {
        part: change.after.of(dimension)
        for dimension, part in parts.items()
        if change.after.of(dimension) != change.before.of(dimension)
    }


def _units(units: CapacityUnits) -> dict[str, Any]:
    figures = {"ReadCapacityUnits": units.read, "WriteCapacityUnits": units.write}
    return {"ProvisionedThroughput": figures}
