"""What a migration has spent, from its lanes' rows, and when that is a reason to hold it.

The rates are worked out once, when an attempt begins, so that a worker needs no list of prices.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Self

from airflow_ddb_migrate.core.ledger.records import ControlRecord, LaneRow
from airflow_ddb_migrate.core.limits import (
    SPENDING_LAG_SECONDS,
    SPENDING_SECONDS,
    SPENDING_TOLERANCE,
)

_HOUR = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Dollars of one unit, of a second of a worker, of an invocation, and of a child once more.

    ``hour`` is of the capacity that is raised ``since`` then; ``base`` was spent before.
    """

    written: float = 0.0
    read: float = 0.0
    second: float = 0.0
    lap: float = 0.0
    child: float = 0.0
    hour: float = 0.0
    since: float = 0.0
    base: float = 0.0

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        """Read what the control record has; what a later version added is left out."""
        known = asdict(cls())
        return cls(**{name: value for name, value in values.items() if name in known})


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent by now, whether to hold for it, and when to look again."""

    dollars: float
    is_up: bool
    due_at: float


def spent_by(rows: Iterable[LaneRow], rates: Rates, now: float) -> float:
    """Return the dollars that all attempts have cost by now, as far as lanes have saved it."""
    laps, dollars, lanes = 0, rates.base, 0
    for row in rows:
        lanes, laps = lanes + 1, laps + row.total_laps
        dollars += row.units.written * rates.written + row.units.read * rates.read
        dollars += row.worked_seconds * rates.second
    raised = rates.hour * max(0.0, now - rates.since) / _HOUR
    return dollars + laps * rates.lap + min(laps, lanes) * rates.child + raised


def is_sum_due(control: ControlRecord, now: float) -> bool:
    """Return whether to add up again: never without a limit, nor while it is on hold anyway."""
    is_limited = control.max_cost_usd > 0 and bool(control.rates)
    return is_limited and now >= control.spent_due and not control.in_force(now)


def judged_spending(control: ControlRecord, dollars: float, now: float) -> Spending:
    """Judge a sum by what is spent until everybody has heard of a hold.

    Near the limit it is looked at more often, so that it is passed by the tolerance at most.
    """
    least, longest = SPENDING_SECONDS
    seconds = now - control.spent_at
    # More than that lies between two sums after a hold, while which nothing was spent.
    is_known = control.spent_at > 0 and 0 < seconds <= longest + SPENDING_LAG_SECONDS
    rate = max(0.0, dollars - control.spent_usd) / seconds if is_known else 0.0
    by_then = dollars + rate * SPENDING_LAG_SECONDS
    limit = control.max_cost_usd
    later = by_then + rate * least
    if by_then >= limit or later > limit + tolerance(limit):
        return Spending(dollars, is_up=True, due_at=now + longest)
    in_seconds = (limit - by_then) / rate if rate else longest if is_known else least
    return Spending(dollars, is_up=False, due_at=now + min(longest, max(least, in_seconds)))


def tolerance(limit: float) -> float:
    """Return how far above its limit a migration may end."""
    part, dollars = SPENDING_TOLERANCE
    return max(part * limit, dollars)
