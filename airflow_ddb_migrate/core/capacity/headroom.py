"""The capacity of a table and its indexes, and how much of it live traffic leaves. Pure.

One resource decides: the table or an index. If an index throttles writes, the table's writes are
throttled, too. A budget counts the units of the resource that uses the most, so it is safe if it
fits into what the tightest resource has left, whichever ones the writes reach.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from airflow_ddb_migrate.core.capacity.changes import CapacityChange, Change
from airflow_ddb_migrate.core.capacity.snapshot import (
    NO_MAXIMUM,
    TABLE,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    Dimension,
    Setting,
)
from airflow_ddb_migrate.core.limits import ON_DEMAND_READ_UNITS, ON_DEMAND_WRITE_UNITS

LEAST_UNITS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """The tightest resource's capacity in units per second, and how much live traffic leaves.

    ``resource`` is ``""`` for the table, or the name of an index.
    """

    capacity: float
    left: float
    resource: str = TABLE

    def budget(self, share: float) -> float:
        """Return a share of what is left; at least one unit, so that the migration proceeds."""
        return max(LEAST_UNITS, round(share * self.left, 1))


def raised(snapshot: CapacitySnapshot, changes: Iterable[Change]) -> CapacitySnapshot:
    """Return the capacity after these changes."""
    figures = {setting: dict(snapshot.of(setting)) for setting in Setting}
    for change in changes:
        if isinstance(change, CapacityChange):
            figures[change.setting][change.resource] = change.after
    return CapacitySnapshot(
        snapshot.billing_mode,
        figures[Setting.PROVISIONED],
        figures[Setting.WARM_THROUGHPUT],
        figures[Setting.ON_DEMAND_MAXIMUM],
        snapshot.scaling,
    )


def capacities(snapshot: CapacitySnapshot, quota: CapacityUnits) -> dict[str, CapacityUnits]:
    """Return the capacity in units per second, by resource.

    PROVISIONED: the provisioned units. On-demand: the warm throughput, at least that of a new
    table, at most the configured maximum. Both are limited by the quota of a table.
    """
    return {
        resource: CapacityUnits(
            *(min(_capacity(snapshot, resource, d), quota.of(d)) for d in Dimension)
        )
        for resource in snapshot.provisioned
    }


def headroom(
    capacity: Mapping[str, CapacityUnits],
    peak: Mapping[str, CapacityUnits],
    resources: Iterable[str],
    dimension: Dimension,
) -> Headroom:
    """Return the tightest of ``resources``, which are read or written."""
    found = (
        Headroom(
            capacity=capacity[name].of(dimension),
            left=max(0, capacity[name].of(dimension) - _peak(peak, name, dimension)),
            resource=name,
        )
        for name in resources
        if name in capacity
    )
    return min(found, key=lambda one: (one.left, one.resource))


def _peak(peak: Mapping[str, CapacityUnits], name: str, dimension: Dimension) -> int:
    return peak.get(name, CapacityUnits()).of(dimension)


def _capacity(snapshot: CapacitySnapshot, resource: str, dimension: Dimension) -> int:
    if snapshot.billing_mode is BillingMode.PROVISIONED:
        return snapshot.provisioned[resource].of(dimension)
    least = ON_DEMAND_READ_UNITS if dimension is Dimension.READ else ON_DEMAND_WRITE_UNITS
    warm = snapshot.warm_throughput.get(resource, CapacityUnits()).of(dimension)
    maximum = snapshot.on_demand_maximum.get(resource, CapacityUnits(NO_MAXIMUM, NO_MAXIMUM))
    bound = maximum.of(dimension)
    return max(least, warm) if bound == NO_MAXIMUM else min(max(least, warm), bound)
