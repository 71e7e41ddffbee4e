"""Workers that share a budget, without any work: lane rows, and the control record."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.aws.ledger.budget_sharing import Sharing
from airflow_ddb_migrate.aws.ledger.keys import lane_partition
from airflow_ddb_migrate.aws.ledger.lanes import Claim, Lanes
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.ledger.records import Budget, ControlRecord, LaneState, TypedItem
from airflow_ddb_migrate.core.limits import SHARERS_SECONDS
from tests.support.factories import LEDGER, lane_row
from tests.support.worlds.migration_world import Clock

_names = itertools.count()


class InterruptedLedger(Ledger):
    """Something happens just before the rows of one partition key are read."""

    def __init__(self, dynamodb: Any, pk: str, act: Callable[[], object]) -> None:
        super().__init__(dynamodb, LEDGER)
        self._pk, self._act = pk, act

    def query_all(self, pk: str) -> Iterator[TypedItem]:
        if pk == self._pk:
            self._act()
        return super().query_all(pk)


@dataclass(slots=True)
class Workers:
    """Workers of a migration, each with a lane; ``live`` are those that have joined."""

    dynamodb: Any
    clock: Clock = field(default_factory=Clock)
    live: set[int] = field(default_factory=set)
    migration_id: str = field(default_factory=lambda: f"migration-{next(_names)}")

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.dynamodb, LEDGER)

    @property
    def lanes(self) -> Lanes:
        return Lanes(self.ledger)

    @property
    def control(self) -> ControlRecord:
        control = self.ledger.control(self.migration_id)
        assert control is not None
        return control

    def sharing(self, attempt: int = 1) -> Sharing:
        return Sharing(self.ledger, self.migration_id, attempt)

    def begin_attempt(self, number: int = 1, *, sharers: int = 0) -> None:
        """Let an attempt begin, its budget divided by so many."""
        budget = Budget(write_units_per_second=1_000, sharers=sharers)
        assert self.ledger.begin_attempt(self.migration_id, number, self.clock(), budget)

    def begin(self, *lanes: int) -> list[float]:
        """Take the lanes, then join; returns how long each worker has to wait."""
        return [self._begin(lane) for lane in lanes]

    def _begin(self, lane: int) -> float:
        assert self.lanes.take(self._claim(lane), self.clock())
        seconds = self.sharing().join()
        self.live.add(lane)
        return seconds

    def end(self, lane: int) -> None:
        """Leave, then give the lane back."""
        self.sharing().leave()
        row = lane_row(lane, LaneState.PENDING)
        assert self.lanes.give_back(self._claim(lane), row, self.clock())
        self.live.discard(lane)

    def kill(self, lane: int) -> None:
        """It says no word: its row stays as it was until its sign of life is over."""
        self.live.discard(lane)

    def count(self, *, shard: int = 0, meanwhile: Callable[[], object] = lambda: None) -> bool:
        """Let a count become due and be made; something happens before one shard is read."""
        control = self._due()
        pk = lane_partition(self.migration_id, shard)
        ledger = InterruptedLedger(self.dynamodb, pk, meanwhile)
        return Sharing(ledger, self.migration_id, 1).renew(control, self.clock())

    def _due(self) -> ControlRecord:
        """Let time pass in which everybody alive shows it; return what a worker sees then."""
        self.clock.advance(SHARERS_SECONDS)
        for lane in self.live:
            row = lane_row(lane, LaneState.RUNNING, owner="worker")
            assert self.lanes.save(self._claim(lane), row, self.clock())
        return self.control

    def _claim(self, lane: int) -> Claim:
        return Claim(migration_id=self.migration_id, attempt=1, lane=lane, owner="worker")
