"""How long things take that no share of a budget knows of: starts, requests, the processor.

Seconds, each a pair of least and most, drawn evenly. Assumptions: AWS promises none.
"""

import random
from dataclasses import dataclass

from airflow_ddb_migrate.core.limits import BATCH_STATEMENTS, WORKER_READ_UNITS, WRITER_THREADS

# Half of what a core did in the slowest `make bench` so far: 0.25 ms of CPU an item, undo log and
# all. A plan counts on WORKER_WRITE_UNITS.
PROCESSOR_WRITE_UNITS = 2_000

Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What an item costs: units, and writes of the table or of the index that gets more of them."""

    read_units: float
    write_units: float  # of the table alone, by the mean item: unchanged ones cost none
    writes_at_busiest: float
    changed_share: float
    page_items: int

    @property
    def cpu_seconds(self) -> float:
        """A worker reads while its writes are on their way."""
        return max(self.read_units / WORKER_READ_UNITS, self.write_units / PROCESSOR_WRITE_UNITS)

    def batches(self, items: float) -> float:
        return items * self.changed_share / BATCH_STATEMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds, least and most; ``slow_share`` of all requests takes ``slow`` instead."""

    cold: Bounds = (1.0, 2.0)  # a child's first Lambda, on a new sandbox
    warm: Bounds = (0.2, 0.6)  # child and Lambda, sandbox in place
    begin: Bounds = (0.1, 0.3)  # records, the lane's row, the first page
    end: Bounds = (0.05, 0.15)  # the row given back
    page: Bounds = (0.03, 0.15)  # a Scan of 1 MB
    batch: Bounds = (0.015, 0.06)  # 25 statements
    slow: Bounds = (0.2, 3.0)  # what a client's own second try comes to, too
    slow_share: float = 1e-4
    threads: int = WRITER_THREADS

    def request(self, bounds: Bounds, draw: random.Random) -> float:
        """Return how long one request takes."""
        return draw.uniform(*(self.slow if draw.random() < self.slow_share else bounds))

    def busy_seconds(self, costs: Costs, items: float, draw: random.Random) -> float:
        """Return the least time that reading and writing of so many items takes a worker.

        Threads take turns at the processor and wait for their batches at the same time; the next
        page is fetched meanwhile.
        """
        batch = BATCH_STATEMENTS * costs.cpu_seconds + draw.uniform(*self.batch)
        writing = costs.batches(items) * batch / self.threads
        reading = items / costs.page_items * draw.uniform(*self.page)
        return max(items * costs.cpu_seconds, writing, reading)

    def held_up_seconds(
        self, costs: Costs, items: float, page_ends: int, draw: random.Random
    ) -> float:
        """Return what nothing hides: a page's last batch, and requests that are slow.

        The next page is not begun before it is answered. One slow thread in six holds up a page
        once the others are through; it is counted in full.
        """
        seconds = sum(draw.uniform(*self.batch) for _ in range(page_ends))
        if draw.random() < self.slow_share * (costs.batches(items) + items / costs.page_items):
            seconds += draw.uniform(*self.slow)
        return seconds
