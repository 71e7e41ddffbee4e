"""How fast one worker may go: its share of the budget, and slower where DynamoDB throttles.

Pure but for the clock that is given; safe to use from several threads. The rules: a migration has
one budget, a worker's share is budget / sharers; a throttled worker cuts its rate to 70 % and
raises it by 5 % every five seconds; throttling that lasts although it was cut is told, so that the
migration can be put on hold.
"""

import math
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from airflow_ddb_migrate.core.ledger.throttles import names_reason
from airflow_ddb_migrate.core.limits import (
    BURST_SECONDS,
    CUT_FACTOR,
    CUT_SECONDS,
    RAISE_FACTOR,
    RAISE_SECONDS,
    SUFFERING_SECONDS,
    SUFFERING_SHARE,
    SUFFERING_UNITS,
)

_KEY_RANGE = "KeyRange"
_LEAST_PER_SECOND = 1.0
_MEASURE_SECONDS = (1.0, 5.0)  # least and most that is looked back


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units taken, and the seconds to wait before they may be spent.

    ``changes`` is how often the share had changed by then, see ``Pacer.stretch_of``.
    """

    estimated: float
    units: float
    wait_seconds: float
    changes: int = 0


@dataclass(slots=True, eq=False, repr=False)
class Pacer:
    """Spaces spending in units so that it stays within a rate.

    Units are earned before they are spent, so that a thousand short lives are no faster than one
    long one: over any time a worker spends at most its rate times that time and ``BURST_SECONDS``,
    and what a report says above the estimate, which the next reservation, or ``debt_seconds`` at
    the end, makes good. ``share`` is in units per second, None for no budget.
    """

    clock: Callable[[], float]
    share: float | None = None
    _limit: float | None = field(default=None, init=False)
    _next_at: float = field(default=float("-inf"), init=False)
    _ratio: float = field(default=1.0, init=False)
    _cut_at: float = field(default=float("-inf"), init=False)
    _hot_at: float = field(default=float("-inf"), init=False)
    _raised_at: float = field(default=float("-inf"), init=False)
    _stretches: list[float] = field(default_factory=list, init=False)
    _spent: deque[tuple[float, float]] = field(default_factory=deque, init=False)
    _tries: deque[tuple[float, float, float]] = field(default_factory=deque, init=False)
    _refused: Counter[str] = field(default_factory=Counter, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def rate(self) -> float | None:
        """Units per second in force; None when nothing bounds it."""
        if self.share is None or self._limit is None:
            return self._limit if self.share is None else self.share
        return min(self.share, self._limit)

    def set_share(self, share: float | None) -> None:
        """Take another share. What is waited for, in units, stays: it is earned at the new rate."""
        with self._lock:
            now, old = self.clock(), self.rate
            self.share = share
            if old is None or old == self.rate:
                return
            stretch = old / self.rate if self.rate else 0.0
            self._stretches.append(stretch)
            if self._next_at > now:
                self._next_at = now + (self._next_at - now) * stretch

    def stretch_of(self, reservation: Reservation) -> Callable[[], float]:
        """Return a function that tells by how much the wait for it has changed since it last did.

        A factor of what is left to wait: 1 while the share stays, 0 when nothing bounds it any
        more.
        """
        seen = reservation.changes

        def stretch() -> float:
            nonlocal seen
            with self._lock:
                fresh = self._stretches[seen:]
                seen += len(fresh)
            return math.prod(fresh)

        return stretch

    def reserve(self, estimated: float) -> Reservation:
        """Take units for what is estimated to cost so many."""
        with self._lock:
            now = self.clock()
            self._recover(now)
            units = estimated * self._ratio
            if self.rate is None:
                return Reservation(estimated, units, 0.0)
            idle_since = now - BURST_SECONDS if self._next_at > float("-inf") else now
            self._next_at = max(self._next_at, idle_since) + units / self.rate
            wait_seconds = max(0.0, self._next_at - now)
            return Reservation(estimated, units, wait_seconds, len(self._stretches))

    def settle(self, reservation: Reservation, reported: float) -> None:
        """Charge what was really spent: the larger of what was reserved and what was reported.

        A report above the estimate (indexes) raises the next reservations by the same ratio.
        """
        with self._lock:
            now = self.clock()
            if self.rate:
                self._next_at += max(0.0, reported - reservation.units) / self.rate
            if reservation.estimated > 0:
                seen = reported / reservation.estimated
                self._ratio = max(1.0, seen, (9 * self._ratio + seen) / 10)
            spent = max(reservation.units, reported)
            self._spent.append((now, spent))
            self._note(now, tried=spent, throttled=0.0)

    def debt_seconds(self) -> float:
        """Return how long to wait until everything spent is earned."""
        with self._lock:
            return max(0.0, self._next_at - self.clock()) if self.rate else 0.0

    def throttled(self, units: float, reason: str) -> None:
        """Slow down, at most once in ``CUT_SECONDS``: threads are throttled together.

        ``units`` are a part of what was settled, or all of it.
        A hot key range concerns this lane alone and never counts as the suffering of others. What
        comes without a reason, as from a batch's statements, is for the reason that was told last.
        """
        with self._lock:
            now = self.clock()
            self._refused[reason] += 1
            if not self._is_hot(reason, now):
                self._note(now, tried=0.0, throttled=units)
            if now - self._cut_at < CUT_SECONDS:
                return
            self._cut_at = self._raised_at = now
            self._limit = max(_LEAST_PER_SECOND, self._current(now) * CUT_FACTOR)

    def _is_hot(self, reason: str, now: float) -> bool:
        """Return whether a key range is throttled and not the table, as far as is known."""
        if names_reason(reason):
            self._hot_at = now if _KEY_RANGE in reason else float("-inf")
        return now - self._hot_at <= SUFFERING_SECONDS

    def take_refused(self) -> Mapping[str, int]:
        """Return how often it was throttled since this was last asked, by what was told of it."""
        if not self._refused:
            return {}
        with self._lock:
            refused, self._refused = self._refused, Counter()
        return refused

    def others_suffer(self) -> bool:
        """Return whether much is throttled, for long, although this worker went slower.

        Of the last minute, and of its second half alone: what the cut has ended does not count.
        """
        with self._lock:
            now = self.clock()
            self._forget(now)
            half = now - SUFFERING_SECONDS / 2
            if not self._tries or self._tries[0][0] > half:
                return False
            lately = [row for row in self._tries if row[0] > half]
            return _throttled(self._tries) >= SUFFERING_UNITS and all(
                0 < SUFFERING_SHARE * _tried(rows) <= _throttled(rows)
                for rows in (self._tries, lately)
            )

    def _recover(self, now: float) -> None:
        while self._limit is not None and now - self._raised_at >= RAISE_SECONDS:
            self._raised_at += RAISE_SECONDS
            self._limit *= RAISE_FACTOR
            if self.share is not None and self._limit >= self.share:
                self._limit = None

    def _current(self, now: float) -> float:
        """Units per second that a cut begins from: what was spent of late, where that is less.

        Within its first second a worker has spent next to nothing; of a cut of that it would be
        minutes before it had its share again.
        """
        least, most = _MEASURE_SECONDS
        while self._spent and now - self._spent[0][0] > most:
            self._spent.popleft()
        if self.rate is not None and (not self._spent or now - self._spent[0][0] < least):
            return self.rate
        return min(self.rate or float("inf"), self._measured(now))

    def _measured(self, now: float) -> float:
        least = _MEASURE_SECONDS[0]
        if not self._spent:
            return 0.0
        return sum(units for _, units in self._spent) / max(least, now - self._spent[0][0])

    def _note(self, now: float, *, tried: float, throttled: float) -> None:
        self._tries.append((now, tried, throttled))
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._tries and now - self._tries[0][0] > SUFFERING_SECONDS:
            self._tries.popleft()


def _tried(rows: Iterable[tuple[float, float, float]]) -> float:
    return sum(tried for _, tried, _ in rows)


def _throttled(rows: Iterable[tuple[float, float, float]]) -> float:
    return sum(throttled for _, _, throttled in rows)


def share_of(budget: float, sharers: int) -> float | None:
    """Return a worker's share in units per second; None when there is no budget (0)."""
    return budget / max(1, sharers) if budget > 0 else None
