"""How a table is cut into segments, and how many of them are processed at a time. Pure.

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
_SEGMENTS_PER_WORKER = 4  # lanes end at different times, and a free worker takes the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The segments, how many lanes are processed at a time, and the seconds of a slice."""

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
    """Return an estimate of the table's partitions, whose number AWS does not publish."""
    return math.ceil(
        max(
            1,
            size_bytes / PARTITION_BYTES,
            capacity.write / PARTITION_WRITE_UNITS,
            capacity.read / PARTITION_READ_UNITS,
        )
    )


def wanted_concurrency(write_units_per_second: float, in_partitions: int) -> int:
    """Return how many workers the write rate keeps busy, at most one per partition."""
    busy = math.ceil(write_units_per_second / WORKER_WRITE_UNITS)
    return max(1, min(busy, in_partitions, MAP_CHILDREN))


def concurrency(wanted: int, lambda_concurrency: int) -> int:
    """Return how many of the wanted workers fit into LAMBDA_SHARE of the free concurrency."""
    return max(1, min(wanted, int(LAMBDA_SHARE * lambda_concurrency)))


def total_segments(size_bytes: int, max_concurrency: int) -> int:
    """Return how many segments keep the workers busy without being too large.

    At most as many as there can be lanes: a lane of several segments is not smaller, and since lane
    *i* begins with segment *i*, all lanes would begin in one corner of the table.
    """
    wanted = max(
        _LEAST_SEGMENTS,
        _SEGMENTS_PER_WORKER * max_concurrency,
        math.ceil(size_bytes / SEGMENT_BYTES),
    )
    return min(wanted, MAP_CHILDREN)
