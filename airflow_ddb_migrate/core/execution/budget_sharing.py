"""How many workers share a budget: the rule, pure; aws/ledger/budget_sharing.py keeps the count."""

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
    """What a count of the lane rows comes to; ``sharers`` is never less than ``live``."""

    live: int
    sharers: int


def seconds_after_join(joined: ControlRecord) -> float:
    """Return for how long one that has just been counted in spends nothing.

    Above 0 the budget is divided by too few, and ``sharers`` has to be raised to ``live`` at once:
    by the end of that time every other worker has looked at it.
    """
    return 0.0 if joined.live <= joined.sharers else float(CONTROL_SECONDS)


def is_count_due(control: ControlRecord, now: float) -> bool:
    """Return whether the last count of the live workers is old."""
    return now - control.counted_at >= SHARERS_SECONDS


def counted(control: ControlRecord, live: int) -> Count:
    """Return what to keep when so many rows were found live; a few less change nobody's share."""
    live = max(1, live)
    keeps = live <= control.sharers and live >= SHARERS_SLACK * control.sharers
    return Count(live, control.sharers if keeps else live)


def eased(control: ControlRecord, now: float) -> float:
    """Return the share of the budget that may be used: half after a hold for health, then more."""
    if not control.eased_at:
        return 1.0
    part = min(1.0, max(0.0, now - control.eased_at) / EASED_SECONDS)
    return EASED_SHARE + (1 - EASED_SHARE) * part
