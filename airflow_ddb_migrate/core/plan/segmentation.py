"""How a table is cut into segments, and how many of them are worked on at a time: pure.

For the formulas see core/plan/estimate.py.
"""

import math
from dataclasses import dataclass

from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.execution.segments import lane_count
from airflow_ddb_migrate.core.limits import (
    LAMBDA_SECONDS,
    LAMBDA_SHARE,
    MAP_CHILDREN,
    PARTITION_BYTES,
    PARTITION_READ_UNITS,
    PARTITION_WRITE_UNITS,
    SEGMENT_BYTES,
    SLICE_MARGIN_SECONDS,
    WORKER_WRITE_UNITS,
)

_LEAST_SEGMENTS = 8
_SEGMENTS_PER_WORKER = 4  # lanes end at different times: who is done takes the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the table is cut, how many lanes are worked on at a time, and for how long at once."""

    total_segments: int
    max_concurrency: int
    slice_seconds: float = LAMBDA_SECONDS - SLICE_MARGIN_SECONDS

    @property
    def lanes(self) -> int:
        return lane_count(self.total_segments)

    @property
    def workers(self) -> int:
        return min(self.max_concurrency, self.lanes)


def partitions(size_bytes: int, capacity: CapacityUnits) -> int:
    """Estimate how many partitions a table has, which AWS does not tell."""
    return math.ceil(
        max(
            1,
            size_bytes / PARTITION_BYTES,
            capacity.write / PARTITION_WRITE_UNITS,
            capacity.read / PARTITION_READ_UNITS,
        )
    )


def wanted_concurrency(write_units_per_second: float, in_partitions: int) -> int:
    """Return how many workers the rate keeps busy, at most one per partition."""
    busy = math.ceil(write_units_per_second / WORKER_WRITE_UNITS)
    return max(1, min(busy, in_partitions, MAP_CHILDREN))


def concurrency(wanted: int, lambda_concurrency: int) -> int:
    """Return how many of the wanted workers half of the account's free Lambdas can be."""
    return max(1, min(wanted, int(LAMBDA_SHARE * lambda_concurrency)))


def total_segments(size_bytes: int, max_concurrency: int) -> int:
    """Return how many segments keep the workers busy, none of them too large.

    No more than there can be lanes: a lane of several segments is no smaller, and as lane *i*
    begins with segment *i*, all of them would begin in one corner of the table.
    """
    wanted = max(
        _LEAST_SEGMENTS,
        _SEGMENTS_PER_WORKER * max_concurrency,
        math.ceil(size_bytes / SEGMENT_BYTES),
    )
    return min(wanted, MAP_CHILDREN)
