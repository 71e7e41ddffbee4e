"""The replicas of a global table, as far as DescribeTable names them."""

from collections.abc import Mapping
from typing import Any, Final

from airflow_ddb_migrate.core.capacity.snapshot import (
    TABLE,
    CapacityUnits,
    ReplicaCapacity,
    TableClass,
)

_UNNAMED: Final = (
    "2017.11.29"  # version of global tables whose regions are only in DescribeGlobalTable
)
_STRONG: Final = "STRONG"  # [API] MultiRegionConsistency


def replicas_from(description: Mapping[str, Any], own_region: str) -> tuple[ReplicaCapacity, ...]:
    """Return the replicas in other regions, including those that are being created, by region.

    A witness is not a replica: it has no capacity and costs no writes. The first version of global
    tables names no regions.
    """
    rows = {row["RegionName"]: row for row in description.get("Replicas") or ()}
    found = tuple(_replica(rows[region]) for region in sorted(rows) if region != own_region)
    if not found and description.get("GlobalTableVersion") == _UNNAMED:
        return (ReplicaCapacity(region="regions that DescribeTable does not name"),)
    return found


def is_multi_region_strong(description: Mapping[str, Any]) -> bool:
    """Return whether a write is checked in all regions before it counts (MRSC)."""
    return description.get("MultiRegionConsistency") == _STRONG


def table_class_of(summary: Mapping[str, Any] | None) -> TableClass:
    """Return the class of a TableClassSummary, which is missing if it was never changed."""
    is_infrequent = (summary or {}).get("TableClass") == TableClass.INFREQUENT_ACCESS
    return TableClass.INFREQUENT_ACCESS if is_infrequent else TableClass.STANDARD


def warm_units(resource: Mapping[str, Any]) -> CapacityUnits:
    """Return the warm throughput of a table, index or replica."""
    units = resource.get("WarmThroughput") or {}
    return CapacityUnits(units.get("ReadUnitsPerSecond", 0), units.get("WriteUnitsPerSecond", 0))


def _replica(row: Mapping[str, Any]) -> ReplicaCapacity:
    indexes = row.get("GlobalSecondaryIndexes") or ()
    resources = {TABLE: row, **{index["IndexName"]: index for index in indexes}}
    return ReplicaCapacity(
        region=row["RegionName"],
        table_class=table_class_of(row.get("ReplicaTableClassSummary")),
        provisioned_read=_own(resources, "ProvisionedThroughputOverride", "ReadCapacityUnits"),
        on_demand_read=_own(resources, "OnDemandThroughputOverride", "MaxReadRequestUnits"),
        warm_throughput={
            name: warm_units(one) for name, one in resources.items() if one.get("WarmThroughput")
        },
    )


def _own(resources: Mapping[str, Mapping[str, Any]], setting: str, part: str) -> dict[str, int]:
    """Return the replica's own values by resource."""
    found = {name: (one.get(setting) or {}).get(part) for name, one in resources.items()}
    return {name: figure for name, figure in found.items() if figure is not None}
