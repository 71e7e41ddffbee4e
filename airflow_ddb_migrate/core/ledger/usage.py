"""How often the workers of a migration may use the ledger. Pure.

The control record and the lease have one partition key each; DynamoDB serves a key with at most
3,000 read and 1,000 write units per second. The lane rows are spread over LEDGER_SHARDS keys, but
together they can use no more than a new on-demand table offers: 4,000 write units per second.
"""

from airflow_ddb_migrate.core.limits import (
    CONTROL_SECONDS,
    HOLD_SECONDS,
    HOLD_WAIT_SECONDS,
    LANE_ROW_UNITS,
    LEASE_LOOK_SECONDS,
    LEAVES_PER_SECOND,
    LEDGER_WRITE_UNITS,
    RETURNS_PER_SECOND,
    SAVE_SECONDS,
)

CONTROL_READ_UNITS = (
    1 / CONTROL_SECONDS
)  # per second and worker: a consistent read of less than 4 KB
LEASE_READ_UNITS = 0.5 / LEASE_LOOK_SECONDS  # the same, for an eventually consistent read


def save_seconds(workers: int) -> float:
    """Return the seconds between two saves of a lane row, for a number of workers."""
    return max(float(SAVE_SECONDS), workers * LANE_ROW_UNITS / LEDGER_WRITE_UNITS)


def held_wait_seconds(lasted: float) -> int:
    """Return how many seconds a held child waits before it polls again: as long as the hold lasted.

    The wait is kept within HOLD_WAIT_SECONDS. So a pause of minutes ends soon after it is lifted,
    and a pause of an hour costs few polls.
    """
    first, longest = HOLD_WAIT_SECONDS
    return min(longest, max(first, int(lasted)))


def looks_of_hold(seconds: float = HOLD_SECONDS) -> int:
    """Return how often a child polls at most during a hold of so many seconds."""
    at, looks = 0, 0
    while at <= seconds:
        at += held_wait_seconds(at)
        looks += 1
    return looks


def return_seconds(workers: int) -> int:
    """Return over how many seconds this number of held workers spread their resumption."""
    return workers // RETURNS_PER_SECOND


def leave_seconds(workers: int) -> int:
    """Return over how many seconds this number of stopped workers spread their last saves."""
    return workers // LEAVES_PER_SECOND
