"""Live traffic on the simulated table, and the CloudWatch alarm that sees how it fares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from airflow_ddb_migrate.core.health.alarms import AlarmState
from tests.simulation.loop import Loop
from tests.simulation.table import SimTable

ALARM = "the-application"
_PERIOD_SECONDS = 60.0  # of a metric, and between two evaluations of an alarm
_TICK_SECONDS = (0.1, 1.0)  # where a bucket runs low, and else


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Writes a second, spread evenly over the table: ``usual``, and ``peak`` in peaks.

    ``peaks`` are pairs of begin and length in seconds.
    """

    usual: float
    peak: float
    peaks: tuple[tuple[float, float], ...]

    def rate(self, now: float) -> float:
        is_peak = any(begin <= now < begin + length for begin, length in self.peaks)
        return self.peak if is_peak else self.usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Goes off by one minute: known ``delay_seconds`` after it, an assumption.

    It compares the share of the application's writes that were throttled, or what all writes took
    of the table's capacity, with its threshold; the other one is above what there can be.
    """

    throttled_share: float = 1.0
    used_share: float = float("inf")
    delay_seconds: float = 60.0


@dataclass(slots=True)
class Minute:
    """What a minute of the metrics came to, in write units."""

    given: float = 0.0
    throttled: float = 0.0
    used: float = 0.0


@dataclass(slots=True)
class LiveLoad:
    """An application that writes, gets what the table has left, and gives the rest up."""

    loop: Loop
    table: SimTable
    traffic: Traffic
    alarm: Alarm | None = None
    given: float = 0.0
    throttled: float = 0.0
    states: dict[str, str] = field(default_factory=dict)
    _minute: Minute = field(default_factory=Minute)
    _used_before: float = 0.0

    def __post_init__(self) -> None:
        if self.alarm:
            self.states[ALARM] = AlarmState.OK

    @property
    def throttled_share(self) -> float:
        return self.throttled / (self.throttled + self.given) if self.given else 0.0

    def read(self) -> Mapping[str, str]:
        return self.states

    def write(self) -> Iterator[float]:
        """Write at the rate of the hour, in ticks, until the run is over."""
        while True:
            rate = self.traffic.rate(self.loop.now)
            few, usual = _TICK_SECONDS
            seconds = few if self._is_low(rate * usual) else usual
            yield seconds
            self._tick(rate * seconds)

    def watch(self) -> Iterator[float]:
        """End a minute of the metrics, and let the alarm know it some time later."""
        while True:
            yield _PERIOD_SECONDS
            minute, self._minute = self._minute, Minute()
            used = self.table.writes.given
            minute.used, self._used_before = used - self._used_before, used
            if self.alarm:
                self.loop.spawn(self._evaluate(self.alarm, minute))

    def _is_low(self, units: float) -> bool:
        share = units / len(self.table.partition_writes)
        return any(
            self.table.is_low(self.loop.now, number, share)
            for number in range(len(self.table.partition_writes))
        )

    def _tick(self, units: float) -> None:
        share = units / len(self.table.partition_writes)
        for number in range(len(self.table.partition_writes)):
            given, _ = self.table.write(self.loop.now, number, share)
            for sums in (self, self._minute):
                sums.given += given
                sums.throttled += share - given

    def _evaluate(self, alarm: Alarm, minute: Minute) -> Iterator[float]:
        yield alarm.delay_seconds
        tried = minute.given + minute.throttled
        capacity = self.table.limits.write * _PERIOD_SECONDS
        is_ill = (
            minute.throttled > alarm.throttled_share * tried
            or minute.used > alarm.used_share * capacity
        )
        self.states[ALARM] = AlarmState.ALARM if is_ill else AlarmState.OK
