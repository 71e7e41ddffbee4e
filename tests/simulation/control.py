"""The control record that the workers share, in memory: the product's rule, and its conditions."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from airflow_ddb_migrate.core.execution.budget_sharing import (
    counted,
    is_count_due,
    seconds_after_join,
)
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
    """``taken`` counts the lane rows that have an owner; ``holds`` how often writes suffered."""

    loop: Loop
    budget: Budget
    count_seconds: float
    record: ControlRecord = field(init=False)
    taken: int = 0
    counts: int = 0
    void_counts: int = 0
    holds: int = 0

    def __post_init__(self) -> None:
        self.record = ControlRecord(
            command=Command.RUN,
            attempt=ATTEMPT,
            counted_at=self.loop.now - SHARERS_SECONDS + FIRST_COUNT_SECONDS,
            read_units_per_second=self.budget.read_units_per_second,
            write_units_per_second=self.budget.write_units_per_second,
            sharers=self.budget.sharers,
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

    def hold_for_others(self) -> None:
        self.holds += 1
        self.command(Command.HOLD, until=self.loop.now + SUFFERING_HOLD_SECONDS)

    def command(self, command: Command, until: float = 0.0) -> None:
        self._change(command=command, since=self.loop.now, until=until)

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
