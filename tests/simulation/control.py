"""The control record that the workers share, in memory: the product's rule, and its conditions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from airflow_ddb_migrate.core.execution.budget_sharing import (
    counted,
    is_count_due,
    seconds_after_join,
)
from airflow_ddb_migrate.core.health.gate import after_reading, is_reading_due, judged
from airflow_ddb_migrate.core.ledger.holds import HoldKind, HoldRecord, summary_of
from airflow_ddb_migrate.core.ledger.records import Budget, Command, ControlRecord
from airflow_ddb_migrate.core.limits import (
    FIRST_COUNT_SECONDS,
    SHARERS_SECONDS,
    SUFFERING_HOLD_SECONDS,
)
from ddb_transform.guard import Order, order_of
from tests.simulation.loop import Loop

ATTEMPT = 1


@dataclass(slots=True)
class SimControl:
    """``taken`` counts the lane rows that have an owner; ``holds`` how often writes suffered.

    ``alarms`` gives the states by name of what ``hold_while`` names; ``health_holds`` counts how
    often they held.
    """

    loop: Loop
    budget: Budget
    count_seconds: float
    hold_while: tuple[str, ...] = ()
    alarms: Callable[[], Mapping[str, str]] = dict
    record: ControlRecord = field(init=False)
    taken: int = 0
    counts: int = 0
    void_counts: int = 0
    holds: int = 0
    health_holds: int = 0

    def __post_init__(self) -> None:
        self.record = ControlRecord(
            command=Command.RUN,
            attempt=ATTEMPT,
            counted_at=self.loop.now - SHARERS_SECONDS + FIRST_COUNT_SECONDS,
            read_units_per_second=self.budget.read_units_per_second,
            write_units_per_second=self.budget.write_units_per_second,
            sharers=self.budget.sharers,
            hold_while=self.hold_while,
            alarms_at=self.loop.now,
            known_at=self.loop.now,
        )

    @property
    def order(self) -> Order:
        return order_of(self.record, ATTEMPT, self.loop.now)

    def join(self) -> float:
        """Count a worker in; return the seconds after which it may spend."""
        self._change(live=self.record.live + 1, joins=self.record.joins + 1)
        seconds = seconds_after_join(self.record)
        if seconds:
            self._change(sharers=max(self.record.sharers, self.record.live))
        return seconds

    def leave(self) -> None:
        self._change(live=self.record.live - 1)

    def renew(self) -> None:
        """Count anew if that is due. Reading the rows takes time, in which workers work on."""
        if is_count_due(self.record, self.loop.now):
            self._change(counted_at=self.loop.now)
            self.loop.spawn(self._count(self.record))

    def read_alarms(self) -> None:
        """Read the alarms if that is due, and hold or go on, as the product's health gate does."""
        now = self.loop.now
        if not is_reading_due(self.record, now):
            return
        verdict = judged(self.record, self.alarms(), now)
        self._change(alarms_at=now, known_at=verdict.known_at, healthy_since=verdict.healthy_since)
        before = self.record.in_force(now)
        after = after_reading(before, verdict, now)
        if after == before:
            return
        self.health_holds += not verdict.is_well and len(after) > len(before)
        self._hold(after, **({"eased_at": now} if verdict.is_well else {}))

    def hold_for_others(self) -> None:
        self.holds += 1
        self.hold(HoldKind.THROTTLED, until=self.loop.now + SUFFERING_HOLD_SECONDS)

    def hold(self, kind: HoldKind, until: float = 0.0) -> None:
        holds, now = self.record.in_force(self.loop.now), self.loop.now
        if all(one.kind != kind for one in holds):
            mine = HoldRecord(kind=kind, reason=kind.value, by="simulated", since=now, until=until)
            self._hold((*holds, mine))

    def resume(self, kind: HoldKind) -> None:
        self._hold(tuple(one for one in self.record.in_force(self.loop.now) if one.kind != kind))

    def _hold(self, holds: tuple[HoldRecord, ...], **also: float) -> None:
        told = summary_of(holds) if holds else None
        self._change(
            command=Command.HOLD if holds else Command.RUN,
            holds=holds,
            since=told.since if told else self.loop.now,
            until=told.until if told else 0.0,
            **also,
        )

    def set_write_budget(self, units_per_second: float) -> None:
        self._change(write_units_per_second=units_per_second)

    def _count(self, seen: ControlRecord) -> Iterator[float]:
        yield self.count_seconds
        if self.record.joins != seen.joins:
            self.void_counts += 1
            return
        self.counts += 1
        count = counted(seen, self.taken)
        self._change(live=count.live, sharers=count.sharers)

    def _change(self, **fields: object) -> None:
        self.record = replace(self.record, **fields)
