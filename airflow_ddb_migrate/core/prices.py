"""What a change of capacity costs, in dollars and in words.

List prices of us-east-1 as of November 2024 (AWS's price list; regions and table classes differ).
A guide for the person who reads the log, never a bill.
"""

from collections.abc import Iterable
from typing import Final, assert_never

from airflow_ddb_migrate.core.capacity import BillingMode, CapacityUnits, Setting
from airflow_ddb_migrate.core.changes import CapacityChange, Change, ModeChange, ScalingChange

PRICES_AS_OF: Final = "us-east-1, November 2024"
READ_UNIT_HOUR: Final = 0.00013  # provisioned, per unit and hour
WRITE_UNIT_HOUR: Final = 0.00065
WARM_READ_UNIT: Final = 0.00013  # warm throughput, once per unit of the difference
WARM_WRITE_UNIT: Final = 0.00065
READ_REQUESTS_MILLION: Final = 0.125  # on-demand, per million request units
WRITE_REQUESTS_MILLION: Final = 0.625


def hourly(units: CapacityUnits) -> float:
    """Return what provisioned units cost per hour."""
    return units.read * READ_UNIT_HOUR + units.write * WRITE_UNIT_HOUR


def hourly_difference(changes: Iterable[Change]) -> float:
    """Return how much more per hour provisioned capacity costs after the changes."""
    return sum(
        hourly(change.after) - hourly(change.before)
        for change in changes
        if isinstance(change, CapacityChange) and change.setting is Setting.PROVISIONED
    )


def once(changes: Iterable[Change]) -> float:
    """Return what raised warm throughput costs once."""
    return sum(
        (change.after.read - change.before.read) * WARM_READ_UNIT
        + (change.after.write - change.before.write) * WARM_WRITE_UNIT
        for change in changes
        if isinstance(change, CapacityChange) and change.setting is Setting.WARM_THROUGHPUT
    )


def cost_words(change: Change) -> str:
    """Say what a raise costs and whether it can be undone."""
    match change:
        case ScalingChange():
            return "free by itself; restore brings it back"
        case ModeChange():
            return _mode_words(change)
        case CapacityChange(setting=Setting.PROVISIONED):
            return f"${hourly_difference([change]):,.2f} more per hour until restore lowers it"
        case CapacityChange(setting=Setting.WARM_THROUGHPUT):
            return f"${once([change]):,.2f} once; permanent, AWS never lowers it again"
        case CapacityChange():
            return "free by itself, allows more requests to be charged; restore brings it back"
    assert_never(change)


def _mode_words(change: ModeChange) -> str:
    saved = sum(hourly(units) for units in change.provisioned.values())
    if change.after is BillingMode.PROVISIONED:
        return f"${saved:,.2f} per hour"
    return (
        f"${WRITE_REQUESTS_MILLION} per million write and ${READ_REQUESTS_MILLION} per million "
        f"read units instead of ${saved:,.2f} per hour; restore switches back"
    )
