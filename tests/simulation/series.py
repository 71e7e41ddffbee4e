"""What is seen of a run over its time, in bins."""

from collections import defaultdict
from dataclasses import dataclass, field


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
        """Return the middle of each bin, and its amount per second."""
        width, bins = self.width, self.bins
        return [
            ((place + 0.5) * width, bins.get(place, 0.0) / width)
            for place in range(int(until / width))
        ]

    def most_per_second(self, bins: int) -> float:
        """Return the most of so many bins in a row."""
        last = max(self.bins, default=0)
        sums = (
            sum(self.bins.get(place + more, 0.0) for more in range(bins))
            for place in range(max(1, last - bins + 2))
        )
        return max(sums) / bins / self.width

    def between(self, begin: float, end: float) -> tuple[float, float, float]:
        """Return the amount in the whole bins between two times, and their first and last edge."""
        first, last = int(-(-begin // self.width)), int(end / self.width)
        amount = sum(self.bins.get(place, 0.0) for place in range(first, last))
        return amount, first * self.width, last * self.width
