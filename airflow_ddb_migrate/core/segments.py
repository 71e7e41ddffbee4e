"""Segments of a parallel Scan, and the lanes that work through them.

A lane is one child execution. Up to 10,000 segments a lane is a segment; with more, the lane
that starts at segment *i* works through ``range(i, total_segments, lanes)``.
"""

import math
import random
from collections.abc import Iterable

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import MAP_CHILDREN, TOTAL_SEGMENTS

_GOLDEN = (math.sqrt(5) - 1) / 2


def validate_total_segments(value: object) -> int:
    """Return the number of segments, or raise InvalidInputError unless it is 1 ... 1,000,000."""
    if isinstance(value, bool) or not isinstance(value, int):
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
    """Return how many lanes work through this many segments: at most 10,000."""
    return min(total_segments, MAP_CHILDREN)


def lane_segments(lane: int, total_segments: int, lanes: int) -> range:
    """Return the segments that a lane works through, in order."""
    return range(lane, total_segments, lanes)


def sample(lanes: int, number: int, seed: str) -> tuple[int, ...]:
    """Return this many of the lanes, ascending, chosen by the seed alone."""
    return tuple(sorted(shuffled(range(lanes), seed)[:number]))


def shuffled(lanes: Iterable[int], seed: str) -> list[int]:
    """Return the lanes in an order that only the seed decides.

    Neighbouring segments very likely lie on the same DynamoDB partition; started in order, the
    first children would all load one partition.
    """
    order = sorted(lanes)
    random.Random(seed).shuffle(order)  # noqa: S311  # an order, not a secret
    return order


def spread(lanes: Iterable[int], seed: str) -> list[int]:
    """Return the lanes in an order of which any stretch lies evenly over all of them.

    Neighbouring segments very likely lie on the same DynamoDB partition. Children run about in
    their order, so those that run at a time are as far from each other as they can be; by chance,
    some of them would meet on a partition, and throttle each other while others lie idle. Steps of
    the golden ratio (Weyl 1916, Swierczkowski 1958) leave gaps of three lengths only. The seed
    decides where the order begins.
    """
    begin = random.Random(seed).random()  # noqa: S311  # an order, not a secret
    return sorted(lanes, key=lambda lane: (begin + lane * _GOLDEN) % 1)
