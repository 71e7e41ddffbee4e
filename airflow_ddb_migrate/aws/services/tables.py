"""The table to migrate: its identity and its capacity."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.aws.services.replicas import (
    is_multi_region_strong,
    replicas_from,
    table_class_of,
    warm_units,
)
from airflow_ddb_migrate.core.capacity.snapshot import (
    NO_MAXIMUM,
    TABLE,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    TableClass,
)
from airflow_ddb_migrate.core.errors import TableNotFoundError, TableNotReadyError
from airflow_ddb_migrate.core.ledger.lease import TableKey

_ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as DescribeTable shows it.

    - ``statuses``: by resource, the table ("") and its indexes.
    - ``warm_statuses``: those of warm throughput, which AWS raises while the table is ACTIVE.
    - ``item_count`` and ``size_bytes``: up to six hours old; a hint, not a proof.
    - ``is_multi_region_strong``: writes are checked in all regions (MRSC).
    """

    key: TableKey
    key_names: tuple[str, ...]
    statuses: Mapping[str, str]
    snapshot: CapacitySnapshot
    item_count: int
    size_bytes: int
    warm_statuses: Mapping[str, str] = field(default_factory=dict)
    table_class: TableClass = TableClass.STANDARD
    is_multi_region_strong: bool = False

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def replicas(self) -> tuple[str, ...]:
        """The other regions of a global table."""
        return tuple(replica.region for replica in self.snapshot.replicas)

    @property
    def not_active(self) -> tuple[str, ...]:
        """The resources that are not ACTIVE, in words: ``table orders is UPDATING``."""
        return tuple(self._not_active("", self.statuses))

    @property
    def still_warming(self) -> tuple[str, ...]:
        """The resources whose warm throughput is being raised, in words."""
        return tuple(self._not_active("warm throughput of ", self.warm_statuses))

    def _not_active(self, what: str, statuses: Mapping[str, str]) -> Iterator[str]:
        for resource, status in statuses.items():
            if status != _ACTIVE:
                name = f"index {resource}" if resource else f"table {self.name}"
                yield f"{what}{name} is {status}"


def describe_table(dynamodb: Any, table_name: str) -> Table:
    """Describe a table. Raises as ``table_description`` does."""
    return table_from(table_description(dynamodb, table_name))


def table_description(dynamodb: Any, table_name: str) -> dict[str, Any]:
    """Return DescribeTable's response.

    :raises TableNotFoundError: there is no table of this name; the message suggests similar names.
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
            f"{'; '.join(table.not_active)}; table {table.name} and all its indexes must be "
            "ACTIVE before a migration starts. Wait for the change in progress, and try again."
        )


def table_from(description: Mapping[str, Any]) -> Table:
    """Read DescribeTable's response. A missing BillingModeSummary means PROVISIONED."""
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
            {name: warm_units(resource) for name, resource in resources.items()},
            {name: _maximum(resource) for name, resource in resources.items()},
            replicas=replicas_from(description, key.region),
        ),
        item_count=description.get("ItemCount", 0),
        size_bytes=description.get("TableSizeBytes", 0),
        warm_statuses={
            name: (resource.get("WarmThroughput") or {}).get("Status", _ACTIVE)
            for name, resource in resources.items()
        },
        table_class=table_class_of(description.get("TableClassSummary")),
        is_multi_region_strong=is_multi_region_strong(description),
    )


def _key_names(key_schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the key attributes, the partition key first."""
    ordered = sorted(key_schema, key=lambda element: element["KeyType"] != "HASH")
    return tuple(element["AttributeName"] for element in ordered)


def _provisioned(resource: Mapping[str, Any]) -> CapacityUnits:
    units = resource.get("ProvisionedThroughput") or {}
    return CapacityUnits(units.get("ReadCapacityUnits", 0), units.get("WriteCapacityUnits", 0))


def _maximum(resource: Mapping[str, Any]) -> CapacityUnits:
    units = resource.get("OnDemandThroughput") or {}
    return CapacityUnits(
        units.get("MaxReadRequestUnits", NO_MAXIMUM), units.get("MaxWriteRequestUnits", NO_MAXIMUM)
    )


def _similar(dynamodb: Any, table_name: str) -> str:
    """Return a suggestion of existing names; empty if the tables may not be listed."""
    try:
        names = dynamodb.list_tables()["TableNames"]
    except ClientError:
        return ""
    close = difflib.get_close_matches(table_name, names, n=3)
    return f"Did you mean {' or '.join(close)}? " if close else ""
