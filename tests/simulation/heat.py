"""Where the partitions of a table lie, and when one splits for heat."""

from bisect import bisect_right
from dataclasses import dataclass, field

_COOL_SECONDS = 300.0  # without a throttle: the heat is over, and the burst is there again


@dataclass(slots=True)
class Places:
    """Equal partitions, by number; one that is throttled for ``split_seconds`` splits in two.

    That DynamoDB splits a partition whose traffic stays near its limit is AWS's word; after which
    time it does nobody says. ``split_seconds`` is an assumption, 0: never.
    """

    partitions: int
    split_seconds: float = 0.0
    _starts: list[float] = field(init=False)
    _numbers: list[int] = field(init=False)
    _hot: dict[int, tuple[float, float]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._starts = [number / self.partitions for number in range(self.partitions)]
        self._numbers = list(range(self.partitions))

    def at(self, place: float) -> int:
        """Return the number of the partition at a place of the table, 0 to 1, by bytes."""
        return self._numbers[bisect_right(self._starts, place) - 1]

    def splits(self, now: float, number: int) -> bool:
        """Note that a partition was throttled; tell whether its upper half is a new one now."""
        since, last = self._hot.get(number, (now, now))
        if now - last > _COOL_SECONDS:
            since = now
        self._hot[number] = (since, now)
        if not self.split_seconds or now - since < self.split_seconds:
            return False
        del self._hot[number]
        self._split(self._numbers.index(number))
        return True

    def _split(self, where: int) -> None:
        ends = [*self._starts[1:], 1.0]
        self._starts.insert(where + 1, (self._starts[where] + ends[where]) / 2)
        self._numbers.insert(where + 1, len(self._numbers))
