"""How fast one worker may go: at its share of the budget, and slower if DynamoDB throttles.

Pure, apart from the clock that is given. Safe to use from several threads. The rules: a migration
has one budget, and a worker's share is budget / sharers. A throttled worker cuts its rate to 70 %,
then raises it by 5 % every five seconds. If throttling lasts although the rate was cut,
``others_suffer`` says so, and the migration can be put on hold.
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
_MEASURE_SECONDS = (1.0, 5.0)  # the shortest and longest time over which the rate is measured


@dataclass(frozen=True, slots=True)
class Reservation:
    """Reserved units, and the seconds to wait before they may be spent.

    ``changes`` is how often the share had changed by then; see ``Pacer.stretch_of``.
    """

    estimated: float
    units: float
    wait_seconds: float
    changes: int = 0


@dataclass(slots=True, eq=False, repr=False)
class Pacer:
    """Spaces out spending in units so that it stays within a rate.

    Units are earned before they are spent, so a thousand short-lived workers are no faster than one
    long-lived worker. Over any time, a worker spends at most its rate times that time plus
    ``BURST_SECONDS``, plus what DynamoDB reports above the estimate. The next reservation makes up
    for that excess, or ``debt_seconds`` at the end. ``share`` is in units per second; None: no
    budget.
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
        """Units per second in force; None if nothing limits it."""
        if self.share is None or self._limit is None:
            return self._limit if self.share is None else self.share
        return min(self.share, self._limit)

    def set_share(self, share: float | None) -> None:
        """Change the share. Units that are waited for stay, and are earned at the new rate."""
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
        """Return a function that returns by what factor the wait has changed since its last call.

        The factor applies to the remaining wait: 1 if the share has not changed, 0 if nothing
        limits the rate any more.
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
        """Reserve units for work with an estimated cost."""
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
        """Charge the units that were spent: the larger of the reserved and the reported units.

        If more is reported than was estimated, as with indexes, the next reservations are raised by
        the same ratio.
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
        """Return the seconds until all spent units are earned."""
        with self._lock:
            return max(0.0, self._next_at - self.clock()) if self.rate else 0.0

    def throttled(self, units: float, reason: str) -> None:
        """Slow down, at most once in ``CUT_SECONDS``, since threads are throttled together.

        ``units`` are part of the settled units, or all of them. A throttled key range affects this
        lane alone and does not count in ``others_suffer``. Throttling without a reason, as in a
        batch's statements, is taken to have the last reason that was given.
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
        """Return whether a key range, and not the table, is throttled, as far as is known."""
        if names_reason(reason):
            self._hot_at = now if _KEY_RANGE in reason else float("-inf")
        return now - self._hot_at <= SUFFERING_SECONDS

    def take_refused(self) -> Mapping[str, int]:
        """Return the numbers of throttled requests since the last call, by reason."""
        if not self._refused:
            return {}
        with self._lock:
            refused, self._refused = self._refused, Counter()
        return refused

    def others_suffer(self) -> bool:
        """Return whether a large share was throttled for long, although this worker slowed down.

        That must be so for the last minute and for its second half alone, so that throttling which
        ended when the rate was cut does not count.
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
        """Return the units per second from which to cut: what was spent recently, if that is less.

        In its first second a worker has spent next to nothing. After a cut from that, it would take
        minutes to reach its share again.
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
    """Return a worker's share in units per second; None without a budget (0)."""
    return budget / max(1, sharers) if budget > 0 else None
