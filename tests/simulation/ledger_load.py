"""What the workers of a migration ask of the ledger, second by second, through a hold and a stop.

How often they look, save, leave and return are the product's rules; how many units each of that
takes of which key is counted here. Nothing bursts, and nothing is asked again: a second in which a
key or the table is asked for more than it takes is a miss.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord
from airflow_ddb_migrate.core.ledger.usage import leave_seconds, return_seconds, save_seconds
from airflow_ddb_migrate.core.limits import (
    CHILD_STARTS_PER_SECOND,
    CONTROL_SECONDS,
    LANE_ROW_UNITS,
    LEASE_LOOK_SECONDS,
    LEDGER_SHARDS,
    ON_DEMAND_READ_UNITS,
    ON_DEMAND_WRITE_UNITS,
    PARTITION_READ_UNITS,
    PARTITION_WRITE_UNITS,
    SHARERS_SECONDS,
    SUFFERING_HOLD_SECONDS,
)
from ddb_transform.guard import Order, hold_wait_seconds, order_of
from tests.simulation.loop import Loop

NAME = "ledger"
WORKERS = (100, 1_000, 5_000, 10_000)
_WORK_SECONDS = 300.0  # before the hold, and after it
_SLICE_READS = 4  # of the migration's key: its record, its attempts, the control record twice
_ROW_READ_UNITS = 0.25  # of a row of 1 KB in a query


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLoad:
    """The most units of any second: of the busiest keys, and of the ledger as a whole.

    ``obeyed_seconds`` is from the moment of the hold until the last worker at work has seen it.
    """

    workers: int
    read_by_all: float  # the migration's key and the lease: they may lie on one partition
    migration_writes: float
    shard_writes: float
    table_reads: float
    table_writes: float
    obeyed_seconds: float

    @property
    def is_met(self) -> bool:
        """Return whether no key was asked for more than a partition takes, nor a new table."""
        return (
            self.read_by_all <= PARTITION_READ_UNITS
            and max(self.migration_writes, self.shard_writes) <= PARTITION_WRITE_UNITS
            and self.table_reads <= ON_DEMAND_READ_UNITS
            and self.table_writes <= ON_DEMAND_WRITE_UNITS
        )

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "is_met": self.is_met}


@dataclass(slots=True)
class _Ledger:
    """``units`` by key, ``read`` or ``write``, and second."""

    loop: Loop
    workers: int
    control: ControlRecord
    random: random.Random
    units: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    counted_at: float = 0.0
    obeyed_at: float = 0.0

    def use(self, key: str, verb: str, units: float) -> None:
        self.units[key, verb, int(self.loop.now)] += units  # type: ignore[assignment]

    def most(self, verb: str, prefix: str) -> float:
        """Return the most of any one key that begins so in any second."""
        found = (n for (key, v, _), n in self.units.items() if v == verb and key.startswith(prefix))
        return max(found, default=0.0)

    def most_of(self, verb: str, *prefixes: str) -> float:
        """Return the most in any second of all keys that begin so, together."""
        seconds: Counter[int] = Counter()
        for (key, v, second), units in self.units.items():
            if v == verb and key.startswith(prefixes):
                seconds[second] += units  # type: ignore[assignment]
        return max(seconds.values(), default=0.0)

    def order(self) -> Order:
        """Look at the control record; the first to find the count old reads every lane's row."""
        self.use("migration", "read", 1)
        if self.loop.now - self.counted_at >= SHARERS_SECONDS:
            self.counted_at = self.loop.now
            for shard in range(LEDGER_SHARDS):
                self.use(f"lanes {shard}", "read", self.workers / LEDGER_SHARDS * _ROW_READ_UNITS)
        return order_of(self.control, 1, self.loop.now)

    def draw(self, seconds: int) -> int:
        return self.random.randint(0, seconds)


def simulated(workers: int, seed: int = 1) -> LedgerLoad:
    """Let so many workers begin, work, be held, return all at once, work, and be stopped."""
    loop = Loop()
    control = ControlRecord(command=Command.RUN, attempt=1, sharers=workers)
    ledger = _Ledger(loop, workers, control, random.Random(seed))
    held_at = workers / CHILD_STARTS_PER_SECOND + _WORK_SECONDS
    ended: list[int] = []
    loop.spawn(_commands(ledger, held_at))
    for lane in range(workers):
        loop.spawn(_child(ledger, lane, ended))
    loop.run(until=lambda: len(ended) == workers)
    return LedgerLoad(
        workers=workers,
        read_by_all=ledger.most_of("read", "migration", "lease"),
        migration_writes=ledger.most("write", "migration"),
        shard_writes=ledger.most("write", "lanes"),
        table_reads=ledger.most_of("read", ""),
        table_writes=ledger.most_of("write", ""),
        obeyed_seconds=ledger.obeyed_at - held_at,
    )


def _commands(ledger: _Ledger, held_at: float) -> Iterator[float]:
    """A hold that ends by itself: the one from which all return in the same moment."""
    yield held_at
    now = ledger.loop.now
    ledger.control = ControlRecord(
        command=Command.HOLD,
        attempt=1,
        since=now,
        until=now + SUFFERING_HOLD_SECONDS,
        sharers=ledger.workers,
    )
    yield SUFFERING_HOLD_SECONDS + _WORK_SECONDS
    ledger.control = ControlRecord(command=Command.STOP, attempt=1, sharers=ledger.workers)


def _child(ledger: _Ledger, lane: int, ended: list[int]) -> Iterator[float]:
    """Slice after slice, as Step Functions runs them: begun so many a second."""
    yield lane / CHILD_STARTS_PER_SECOND + ledger.random.random()
    while True:
        ledger.use("migration", "read", 2)
        order = ledger.order()
        if order is Order.GO:
            order = yield from _slice(ledger, f"lanes {lane % LEDGER_SHARDS}")
        if order is Order.QUIT:
            ended.append(lane)
            return
        wait = hold_wait_seconds(ledger.control, ledger.loop.now)
        yield wait + ledger.draw(return_seconds(ledger.workers)) + ledger.random.random()


def _slice(ledger: _Ledger, shard: str) -> Iterator[float]:
    """Take the lane, join, look and save until told otherwise; leave and give the lane back."""
    ledger.use("lease", "read", 0.5)
    ledger.use(shard, "write", LANE_ROW_UNITS)
    ledger.use("migration", "write", 1)
    leased_at = saved_at = ledger.loop.now
    seconds = save_seconds(ledger.workers)
    while (order := ledger.order()) is Order.GO:
        yield float(CONTROL_SECONDS)
        if ledger.loop.now - leased_at >= LEASE_LOOK_SECONDS:
            leased_at = ledger.loop.now
            ledger.use("lease", "read", 0.5)
        if due := int((ledger.loop.now - saved_at) / seconds):
            saved_at = ledger.loop.now
            ledger.use(shard, "write", due * LANE_ROW_UNITS)
    if order is Order.HOLD:
        ledger.obeyed_at = ledger.loop.now
    yield ledger.draw(leave_seconds(ledger.workers)) + ledger.random.random()
    ledger.use("migration", "write", 1)
    ledger.use(shard, "write", LANE_ROW_UNITS)
    return order


def table(loads: list[LedgerLoad]) -> Iterator[str]:
    """Yield a table in Markdown."""
    heads = (
        "control record and lease: reads",
        "control record: writes",
        "busiest key of lanes: writes",
        "whole ledger: reads",
        "whole ledger: writes",
        "all workers see a hold within",
    )
    yield f"| workers | {' | '.join(heads)} | within the limits |"
    yield "|--:|--:|--:|--:|--:|--:|--:|---|"
    yield (
        f"| limit | {PARTITION_READ_UNITS:,} | {PARTITION_WRITE_UNITS:,} | "
        f"{PARTITION_WRITE_UNITS:,} | {ON_DEMAND_READ_UNITS:,} | {ON_DEMAND_WRITE_UNITS:,} | "
        "10 s | |"
    )
    for load in loads:
        yield (
            f"| {load.workers:,} | {load.read_by_all:,.0f} | {load.migration_writes:,.0f} | "
            f"{load.shard_writes:,.0f} | {load.table_reads:,.0f} | {load.table_writes:,.0f} | "
            f"{load.obeyed_seconds:.1f} s | "
            f"{'yes' if load.is_met else 'NO'} |"
        )
