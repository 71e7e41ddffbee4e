"""How the items of a table lie in its segments, and these in its partitions."""

import itertools
import random
from bisect import bisect_right
from dataclasses import dataclass

from airflow_ddb_migrate.core.execution.segments import lane_segments


@dataclass(frozen=True, slots=True)
class Cut:
    """A table cut into segments. ``ends`` are the items up to the end of each one.

    Segments lie in the order of the partitions, as those very likely do; a partition holds as many
    bytes as any other.
    """

    ends: tuple[float, ...]
    lanes: int

    @property
    def items(self) -> float:
        return self.ends[-1]

    def stretches(self, lane: int) -> list[tuple[float, float]]:
        """Return where each segment of the lane begins and ends, in items of the whole table."""
        ends = self.ends
        return [
            (ends[segment - 1] if segment else 0.0, ends[segment])
            for segment in lane_segments(lane, len(ends), self.lanes)
        ]

    def segment_at(self, item: float) -> int:
        return bisect_right(self.ends, item)

    @property
    def largest_lane(self) -> float:
        return max(sum(e - b for b, e in self.stretches(lane)) for lane in range(self.lanes))


def cut(items: float, total_segments: int, lanes: int, *, zipf: float, seed: int) -> Cut:
    """Cut a table; with ``zipf`` above 0 the n-th largest segment is 1 / n^zipf of the largest."""
    weights = [1 / (place + 1) ** zipf for place in range(total_segments)]
    random.Random(seed).shuffle(weights)
    factor = items / sum(weights)
    return Cut(tuple(itertools.accumulate(weight * factor for weight in weights)), lanes)
