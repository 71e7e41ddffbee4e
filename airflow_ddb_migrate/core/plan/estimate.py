"""How much work there is, how fast it can be done, and so how long it takes. Pure.

The formulas, with N items, S bytes, f the share that changes, u write units per changed item, g
writes per change (of the table and its indexes), m writes per change of the resource that is
written most, r regions, P partitions, and w write units per second of one worker::

    RRU = S/4096 x 0.5      WRU = N f u      billed WRU = WRU g r
    P   = max(S/10 GiB, warm_write/1000, warm_read/3000)
    T  >= max(RRU/read_budget, WRU m/write_budget, (N/P) f u/1000)
    concurrency    = clamp(min(ceil(write_budget/m/w), P, half of the free Lambdas), 1, 10000)
    total_segments = clamp(max(8, 4 concurrency, S/128 MiB), 1, 1000000)

The write budget counts the units of the table or of the index that gets the most. Each has its own
capacity, so none of them gets more than the budget. So T uses m, and the bill uses g.
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

_SLOWER = 1.5  # for live traffic, lost races, throttling, and the last lanes running alone
_EVENTUALLY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The work to do.

    - ``changed_share``: the share of items that change, 0 to 1.
    - ``units_per_item``: the write units of one changed item.
    - ``writes_per_change``: the writes of the table and its indexes per change.
    - ``writes_at_busiest``: those of the resource among these that gets the most.
    - ``vector_writes``: the writes of vector indexes, which have no capacity of their own.
    - ``logged_bytes``: what the undo log keeps of one changed item.
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
        """The write units that DynamoDB reports, of the table and its indexes."""
        return self.write_units * self.writes_per_change

    @property
    def busiest_write_units(self) -> float:
        """The write units that count against the write budget."""
        return self.write_units * self.writes_at_busiest

    @property
    def billed_write_units(self) -> float:
        return self.reported_write_units * self.regions

    @property
    def vector_write_units(self) -> float:
        """AWS charges these by bytes, about as much as one unit per KB of the whole item."""
        return self.write_units * self.vector_writes * self.regions


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The speed: units per second of the whole migration, and the number of workers.

    ``write_bound`` names what limits the write rate. ``wanted_concurrency`` is the number of
    workers that the rate and the partitions keep busy. With fewer, the workers limit the speed.
    """

    read_units_per_second: float
    write_units_per_second: float
    partitions: int
    wanted_concurrency: int
    write_bound: str = WRITE_BUDGET


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Seconds. ``low``: with nothing in the way; ``high``: half as much again."""

    low: float
    expected: float
    high: float
    bound_by: str

    @property
    def longest_work(self) -> float:
        """The longest time of work, without the time to start."""
        return self.low * _SLOWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What the workers use: billed Lambda seconds, invocations, state transitions."""

    lambda_seconds: float
    laps_per_lane: int
    invocations: int
    transitions: int


def duration(load: Load, pace: Pace, layout: Layout) -> Duration:
    """Return how long it takes, and what limits the speed.

    ``expected`` includes the time to start: the execution, cold Lambdas, and the children, of which
    Step Functions starts CHILD_STARTS_PER_SECOND.
    """
    bounds = _bounds(load, pace, layout)
    bound_by = max(bounds, key=lambda name: bounds[name])
    low = bounds[bound_by]
    start = START_SECONDS + layout.lanes / CHILD_STARTS_PER_SECOND
    return Duration(low=low, expected=low + start, high=low * _SLOWER + start, bound_by=bound_by)


def effort(load: Load, layout: Layout, seconds: float) -> Effort:
    """Return what the workers use in these seconds. Waiting for the budget is billed, too.

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
    """Return the seconds by limit; of equal ones the first is named."""
    return {
        pace.write_bound: load.busiest_write_units / pace.write_units_per_second,
        READ_BUDGET: load.read_units / pace.read_units_per_second,
        PARTITION: load.write_units / pace.partitions / PARTITION_WRITE_UNITS,
        LAMBDA: _worker_bound(load, pace, layout),
    }


def _worker_bound(load: Load, pace: Pace, layout: Layout) -> float:
    """Return the seconds by workers, which limit writes only if they are fewer than wanted."""
    reading = load.read_units / WORKER_READ_UNITS
    is_short = layout.workers < pace.wanted_concurrency
    writing = load.write_units / WORKER_WRITE_UNITS if is_short else 0
    return max(reading, writing) / layout.workers


def _busy_seconds(load: Load) -> float:
    """Return the seconds of CPU: a worker reads while its writes are in flight."""
    return max(load.write_units / WORKER_WRITE_UNITS, load.read_units / WORKER_READ_UNITS)
