"""Segments of a parallel Scan, and the lanes that work through them.

A lane is one child execution. Up to 10,000 segments, a lane is one segment. With more, the lane
that starts at segment *i* works through ``range(i, total_segments, lanes)``.
"""

import math
import random
from collections.abc import Iterable

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import MAP_CHILDREN, TOTAL_SEGMENTS
from airflow_ddb_migrate.core.validation import is_whole

_GOLDEN = (math.sqrt(5) - 1) / 2


def validate_total_segments(value: object) -> int:
    """Return the number of segments, or raise InvalidInputError unless it is 1 ... 1,000,000."""
    if not is_whole(value):
        raise InvalidInputError(
            f"segments is {value!r} ({type(value).__name__}); it must be a whole number from 1 to "
            f'{TOTAL_SEGMENTS:,}, without quotes, as in {{"table": "orders", "segments": 100}}.'
        )
    if not 1 <= value <= TOTAL_SEGMENTS:
        raise InvalidInputError(
            f"segments is {value:,}; DynamoDB scans a table in 1 to {TOTAL_SEGMENTS:,} segments. "
            "100 suits most tables; take about one per 128 MiB for large ones."
        )
    return value


def lane_count(total_segments: int) -> int:
    """Return how many lanes work through this many segments; the limit is 10,000."""
    return min(total_segments, MAP_CHILDREN)


def lane_segments(lane: int, total_segments: int, lanes: int) -> range:
    """Return the segments that a lane works through, in order."""
    return range(lane, total_segments, lanes)


def sample_lanes(lanes: int, number: int, seed: str) -> tuple[int, ...]:
    """Return this many of the lanes, in ascending order; only the seed decides which."""
    return tuple(sorted(shuffled(range(lanes), seed)[:number]))


def shuffled(lanes: Iterable[int], seed: str) -> list[int]:
    """Return the lanes in an order that only the seed decides.

    Neighbouring segments very likely lie on the same DynamoDB partition; started in order, the
    first children would all load one partition.
    """
    order = sorted(lanes)
    random.Random(seed).shuffle(order)  # noqa: S311  # an order, not a secret
    return order


def spread(lanes: Iterable[int], seed: str, workers: int) -> list[int]:
    """Return the lanes in an order in which lanes that work at the same time are far apart.

    Neighbouring segments very likely lie on the same DynamoDB partition. In a random order, some
    workers would meet on one partition and throttle each other while other partitions are idle. So
    the lanes are cut into as many parts as there are workers, and start in waves of one lane of
    each part. Waves, and the parts within each, follow in steps of the golden ratio (Weyl 1916,
    Swierczkowski 1958), so that the work of fewer workers is spread evenly, too. The seed decides
    where the order begins.
    """
    ordered = sorted(lanes)
    count = len(ordered)
    parts = max(1, min(workers, count))
    begin = random.Random(seed).random()  # noqa: S311  # an order, not a secret

    def turn(place: int) -> tuple[float, float]:
        part, rest = divmod(place * parts, count)
        return (begin + rest // parts * _GOLDEN) % 1, (begin + part * _GOLDEN) % 1

    return [ordered[place] for place in sorted(range(count), key=turn)]
