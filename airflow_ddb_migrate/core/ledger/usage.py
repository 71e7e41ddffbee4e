"""How often the workers of a migration may use the ledger: pure.

The control record is of one key, as the lease is; a key takes 3,000 read and 1,000 write units a
second. The lane rows are spread over LEDGER_SHARDS keys, but all of them share what a new
on-demand table takes: 4,000 write units a second.
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

CONTROL_READ_UNITS = 1 / CONTROL_SECONDS  # a second, of one worker: consistently, under 4 KB
LEASE_READ_UNITS = 0.5 / LEASE_LOOK_SECONDS  # likewise, eventually consistently


def save_seconds(workers: int) -> float:
    """Return the seconds between two saves of a lane's row when so many workers save theirs."""
    return max(float(SAVE_SECONDS), workers * LANE_ROW_UNITS / LEDGER_WRITE_UNITS)


def held_wait_seconds(lasted: float) -> int:
    """Return the wait of a held child until it looks again: as long as the hold has lasted.

    Within bounds: a pause of minutes ends soon after it is lifted, one of an hour costs few looks.
    """
    first, longest = HOLD_WAIT_SECONDS
    return min(longest, max(first, int(lasted)))


def looks_of_hold(seconds: float = HOLD_SECONDS) -> int:
    """Return how often a child looks at most while it is held for so long."""
    at, looks = 0, 0
    while at <= seconds:
        at += held_wait_seconds(at)
        looks += 1
    return looks


def return_seconds(workers: int) -> int:
    """Return over how many seconds so many held workers spread their return."""
    return workers // RETURNS_PER_SECOND


def leave_seconds(workers: int) -> int:
    """Return over how many seconds so many workers that were told to end spread their last save."""
    return workers // LEAVES_PER_SECOND
