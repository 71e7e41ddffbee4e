"""How many workers share a budget. Pure; aws/ledger/budget_sharing.py keeps the count."""

from dataclasses import dataclass

from airflow_ddb_migrate.core.ledger.records import ControlRecord
from airflow_ddb_migrate.core.limits import (
    CONTROL_SECONDS,
    EASED_SECONDS,
    EASED_SHARE,
    SHARERS_SECONDS,
    SHARERS_SLACK,
)


@dataclass(frozen=True, slots=True)
class Count:
    """The result of counting live workers in lane rows; ``sharers`` is never less than ``live``."""

    live: int
    sharers: int


def seconds_after_join(joined: ControlRecord) -> float:
    """Return for how many seconds a worker that has just joined must spend nothing.

    Above 0, the budget is divided among too few workers, and ``sharers`` has to be raised to
    ``live`` at once. After that time every other worker has read the new value.
    """
    return 0.0 if joined.live <= joined.sharers else float(CONTROL_SECONDS)


def is_count_due(control: ControlRecord, now: float) -> bool:
    """Return whether the last count of live workers is too old."""
    return now - control.counted_at >= SHARERS_SECONDS


def counted(control: ControlRecord, live: int) -> Count:
    """Return the new count. If only a few workers have left, ``sharers`` stays as it is."""
    live = max(1, live)
    keeps = live <= control.sharers and live >= SHARERS_SLACK * control.sharers
    return Count(live, control.sharers if keeps else live)


def eased(control: ControlRecord, now: float) -> float:
    """Return the share of the budget in use: half after a hold for health, then rising to 1."""
    if not control.eased_at:
        return 1.0
    part = min(1.0, max(0.0, now - control.eased_at) / EASED_SECONDS)
    return EASED_SHARE + (1 - EASED_SHARE) * part
