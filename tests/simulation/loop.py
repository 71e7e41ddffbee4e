"""Virtual time: processes that say how long they wait, resumed in order of time."""

import heapq
import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

Process = Generator[float, None, None]
_Event = tuple[float, int, Process]


@dataclass(slots=True)
class Loop:
    """Runs processes: generators that yield seconds. Events of one time run as they were made."""

    now: float = 0.0
    events: int = 0
    _queue: list[_Event] = field(default_factory=list)
    _number: itertools.count = field(default_factory=itertools.count)

    def clock(self) -> float:
        return self.now

    def spawn(self, process: Process, after: float = 0.0) -> None:
        heapq.heappush(self._queue, (self.now + after, next(self._number), process))

    def run(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Run until nothing is left to happen, or it is enough."""
        queue = self._queue
        while queue and not until():
            self.now, _, process = heapq.heappop(queue)
            self.events += 1
            seconds = next(process, None)
            if seconds is not None:
                heapq.heappush(queue, (self.now + seconds, next(self._number), process))
