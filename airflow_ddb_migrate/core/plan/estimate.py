"""How much there is to do, how fast it may go, and so how long it takes: pure.

The formulas, with N items, S bytes, f the share that changes, u write units of one, g writes per
change (the table's and its indexes'), m those of whichever of these is written most, r regions, P
partitions, and w write units per second of one worker::

    RRU = S/4096 x 0.5      WRU = N f u      billed WRU = WRU g r
    P   = max(S/10 GiB, warm_write/1000, warm_read/3000)
    T  >= max(RRU/read_budget, WRU m/write_budget, (N/P) f u/1000)
    concurrency    = clamp(min(ceil(write_budget/m/w), P, half of the free Lambdas), 1, 10000)
    total_segments = clamp(max(8, 4 concurrency, S/128 MiB), 1, 1000000)

The write budget counts the units of the table, or of whichever index is asked for more: each has
its own capacity, so none of them is asked for more than the budget. Hence m in T; g is billed.
"""

import math
from dataclasses import dataclass

from airflow_ddb_migrate.core.limits import (
    CHILD_STARTS_PER_SECOND,
    FIRST_LAP_TRANSITIONS,
    MORE_LAP_TRANSITIONS,
    PARTITION_WRITE_UNITS,
    READ_UNIT_BYTES,
    START_SECONDS,
    WORKER_READ_UNITS,
    WORKER_WRITE_UNITS,
)
from airflow_ddb_migrate.core.plan.segmentation import Layout

PARTITION = "partition"
LAMBDA = "Lambda concurrency"
READ_BUDGET = "read budget"
WRITE_BUDGET = "write budget"

_SLOWER = 1.5  # live traffic, lost races, throttling, the last lanes alone
_EVENTUALLY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What there is to do. ``changed_share`` is 0 to 1; ``units_per_item`` of one changed item.

    ``writes_per_change`` counts the table's own write and those of its indexes,
    ``writes_at_busiest`` those of whichever of them gets the most; ``vector_writes`` are those of
    vector indexes, which have no capacity; ``logged_bytes`` are what the undo log keeps of one
    changed item.
    """

    items: int
    bytes: int
    changed_share: float = 1.0
    units_per_item: float = 1.0
    writes_per_change: int = 1
    writes_at_busiest: int = 1
    vector_writes: int = 0
    regions: int = 1
    logged_bytes: float = 0.0

    @property
    def changed(self) -> float:
        return self.items * self.changed_share

    @property
    def read_units(self) -> float:
        return self.bytes / READ_UNIT_BYTES * _EVENTUALLY

    @property
    def write_units(self) -> float:
        return self.changed * self.units_per_item

    @property
    def reported_write_units(self) -> float:
        """What DynamoDB reports of the writes: the table's units and its indexes'."""
        return self.write_units * self.writes_per_change

    @property
    def busiest_write_units(self) -> float:
        """What the write budget is spent by."""
        return self.write_units * self.writes_at_busiest

    @property
    def billed_write_units(self) -> float:
        return self.reported_write_units * self.regions

    @property
    def vector_write_units(self) -> float:
        """AWS charges these by bytes; about as much as units of 1 KB of the whole item."""
        return self.write_units * self.vector_writes * self.regions


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast it may go: units per second of the whole migration, and how many work at a time.

    ``write_bound`` names what the write rate comes from. ``wanted_concurrency`` is what rate and
    partitions would keep busy; fewer workers than that bound the time themselves.
    """

    read_units_per_second: float
    write_units_per_second: float
    partitions: int
    wanted_concurrency: int
    write_bound: str = WRITE_BUDGET


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Seconds. ``low``: the bound itself, nothing in the way; ``high``: half as much again."""

    low: float
    expected: float
    high: float
    bound_by: str

    @property
    def longest_work(self) -> float:
        """What is at work at worst, without starting."""
        return self.low * _SLOWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What the workers spend: billed Lambda seconds, invocations, state transitions."""

    lambda_seconds: float
    laps_per_lane: int
    invocations: int
    transitions: int


def duration(load: Load, pace: Pace, layout: Layout) -> Duration:
    """Return how long it takes, and what bounds it.

    ``expected`` adds what starting takes: the execution, cold Lambdas, and children, of which Step
    Functions begins so many a second.
    """
    bounds = _bounds(load, pace, layout)
    bound_by = max(bounds, key=lambda name: bounds[name])
    low = bounds[bound_by]
    start = START_SECONDS + layout.lanes / CHILD_STARTS_PER_SECOND
    return Duration(low=low, expected=low + start, high=low * _SLOWER + start, bound_by=bound_by)


def effort(load: Load, layout: Layout, seconds: float) -> Effort:
    """Return what the workers spend in these seconds; one that waits for its turn is billed, too.

    A lane is worked on in slices, each an invocation: ``Work, More?, Done`` and, for each slice
    before the last one, ``Work, More?``.
    """
    lambda_seconds = max(_busy_seconds(load), layout.workers * seconds)
    laps = max(1, math.ceil(lambda_seconds / layout.lanes / layout.slice_seconds))
    per_lane = FIRST_LAP_TRANSITIONS + (laps - 1) * MORE_LAP_TRANSITIONS
    return Effort(
        lambda_seconds=lambda_seconds,
        laps_per_lane=laps,
        invocations=layout.lanes * laps,
        transitions=layout.lanes * per_lane,
    )


def _bounds(load: Load, pace: Pace, layout: Layout) -> dict[str, float]:
    """Of equal ones the first is named."""
    return {
        pace.write_bound: load.busiest_write_units / pace.write_units_per_second,
        READ_BUDGET: load.read_units / pace.read_units_per_second,
        PARTITION: load.write_units / pace.partitions / PARTITION_WRITE_UNITS,
        LAMBDA: _worker_bound(load, pace, layout),
    }


def _worker_bound(load: Load, pace: Pace, layout: Layout) -> float:
    """Writes are bounded by the workers only where these are fewer than rate and partitions ask."""
    reading = load.read_units / WORKER_READ_UNITS
    is_short = layout.workers < pace.wanted_concurrency
    writing = load.write_units / WORKER_WRITE_UNITS if is_short else 0
    return max(reading, writing) / layout.workers


def _busy_seconds(load: Load) -> float:
    """Seconds of CPU: a worker reads while its writes are on their way."""
    return max(load.write_units / WORKER_WRITE_UNITS, load.read_units / WORKER_READ_UNITS)
