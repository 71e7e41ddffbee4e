"""What is seen of a run over its time, in bins."""

from collections import defaultdict
from dataclasses import dataclass, field

_POINTS = 150


@dataclass(slots=True)
class Series:
    """Sums by bins of ``width`` seconds; a bite counts where it ends."""

    width: float
    bins: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, now: float, amount: float) -> None:
        self.bins[int(now / self.width)] += amount

    @property
    def total(self) -> float:
        return sum(self.bins.values())

    def rates(self, until: float) -> list[tuple[float, float]]:
        """Return the middle of some bins together, and their amount per second, to be drawn."""
        together = max(1, round(until / self.width / _POINTS))
        width = together * self.width
        return [
            ((place + 0.5) * width, self._sum(place * together, (place + 1) * together) / width)
            for place in range(int(until / width))
        ]

    def _sum(self, begin: int, end: int) -> float:
        return sum(self.bins.get(place, 0.0) for place in range(begin, end))

    def most_per_second(self, bins: int) -> float:
        """Return the most of so many bins in a row."""
        last = max(self.bins, default=0)
        sums = (self._sum(place, place + bins) for place in range(max(1, last - bins + 2)))
        return max(sums) / bins / self.width

    def between(self, begin: float, end: float) -> tuple[float, float, float]:
        """Return the amount in the whole bins between two times, and their first and last edge."""
        first, last = int(-(-begin // self.width)), int(end / self.width)
        return self._sum(first, last), first * self.width, last * self.width
