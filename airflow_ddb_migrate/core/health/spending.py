"""What a migration has cost, from its lanes' rows, and whether that is a reason to hold it.

The rates are computed when an attempt begins, so that a worker needs no list of prices.
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
    """Prices in dollars: of a unit, a second of a worker, an invocation, and a child execution.

    ``hour`` is the price of an hour of the capacity that was raised at ``since``; ``base`` was
    spent before the attempt, and ``once`` is the part of it that was paid to raise warm throughput.
    """

    written: float = 0.0
    read: float = 0.0
    second: float = 0.0
    lap: float = 0.0
    child: float = 0.0
    hour: float = 0.0
    since: float = 0.0
    once: float = 0.0
    base: float = 0.0

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        """Read the control record's rates; those that only a later version knows are left out."""
        known = asdict(cls())
        return cls(**{name: value for name, value in values.items() if name in known})

    def raised(self, now: float) -> float:
        """Return the dollars for raised capacity from the attempt's beginning until now."""
        return self.hour * max(0.0, now - self.since) / _HOUR


@dataclass(frozen=True, slots=True)
class Spending:
    """The dollars spent, whether the limit is reached, and when to add up again."""

    dollars: float
    is_up: bool
    due_at: float


def spent_by(rows: Iterable[LaneRow], rates: Rates, now: float) -> float:
    """Return the dollars that all attempts have cost, as far as the lanes' rows show it."""
    laps, dollars, lanes = 0, rates.base, 0
    for row in rows:
        lanes, laps = lanes + 1, laps + row.total_laps
        dollars += row.units.written * rates.written + row.units.read * rates.read
        dollars += row.worked_seconds * rates.second
    return dollars + laps * rates.lap + min(laps, lanes) * rates.child + rates.raised(now)


def is_sum_due(control: ControlRecord, now: float) -> bool:
    """Return whether to add up again: never without a limit, nor during a hold."""
    is_limited = control.max_cost_usd > 0 and bool(control.rates)
    return is_limited and now >= control.spent_due and not control.in_force(now)


def judged_spending(control: ControlRecord, dollars: float, now: float) -> Spending:
    """Decide whether to hold, including what workers spend until they know of the hold.

    Near the limit the cost is added up more often, so that it passes the limit by no more than the
    tolerance.
    """
    least, longest = SPENDING_SECONDS
    seconds = now - control.spent_at
    # A longer interval includes a hold, during which nothing was spent: it gives no rate.
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
    """Return by how many dollars a migration may pass its limit."""
    part, dollars = SPENDING_TOLERANCE
    return max(part * limit, dollars)
