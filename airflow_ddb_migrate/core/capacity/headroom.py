"""What a table and its indexes can take, and what live traffic leaves of it: pure.

One resource decides: the table, or an index whose writes are throttled before the table's are,
which throttles the table's, too. A budget counts the units of whichever of them is asked for the
most, so what the tightest has left is safe for all of them, whichever the writes touch.
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
    """What the tightest resource takes in units per second, and what its live traffic leaves.

    ``resource`` is the table as ``""``, or an index by name.
    """

    capacity: float
    left: float
    resource: str = TABLE

    def budget(self, share: float) -> float:
        """Return this share of what is left; one unit where nothing is, so that it goes on."""
        return max(LEAST_UNITS, round(share * self.left, 1))


def raised(snapshot: CapacitySnapshot, changes: Iterable[Change]) -> CapacitySnapshot:
    """Return the capacity as it is after these changes."""
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
    """Return units per second by resource.

    PROVISIONED: the provisioned figures. On-demand: warm throughput, at least what a new table
    takes at once, at most its maximum. The table's quota bounds both.
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
    """Find the tightest of the resources that are read or written."""
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
