"""Step Functions as far as a Distributed Map's pace goes: children in their order."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from airflow_ddb_migrate.core.limits import CHILD_STARTS_PER_SECOND
from tests.simulation.workers import SimWorker, World


@dataclass(slots=True)
class Scheduler:
    """Starts a child per lane: so many a second, and never more than ``most`` at a time.

    ``last_start`` is when the last one began; from then on who is done has no successor.
    """

    world: World
    most: int
    waiting: deque[int]
    running: int = 0
    ended: int = 0
    last_start: float = 0.0
    _next_at: float = 0.0
    _cold: int = field(default=0, init=False)

    @classmethod
    def of(cls, world: World, most: int, lanes: Iterable[int]) -> "Scheduler":
        return cls(world, most, deque(lanes))

    def fill(self) -> None:
        """Start children while there is room."""
        loop = self.world.loop
        while self.waiting and self.running < self.most:
            self.running += 1
            begins_at = max(loop.now, self._next_at)
            self._next_at = begins_at + 1 / CHILD_STARTS_PER_SECOND
            self.last_start = begins_at
            loop.spawn(self._child(self.waiting.popleft()), begins_at - loop.now)

    def _child(self, lane: int) -> Iterator[float]:
        latency = self.world.latency
        is_cold = self._cold < self.most  # as many sandboxes as children at a time
        self._cold += is_cold
        yield self.world.draw(latency.cold if is_cold else latency.warm)
        yield from SimWorker(self.world, lane).life()
        self.running -= 1
        self.ended += 1
        self.fill()
