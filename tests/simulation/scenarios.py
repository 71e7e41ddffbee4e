"""What is simulated: a table, a budget, what happens meanwhile, and the goals it is held to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.table_facts import IndexFacts
from tests.simulation.live import Alarm, Traffic
from tests.support import plans

READS_PER_WRITE = 3  # of a table's capacity: so a partition takes them
_INDEX = "by_state"


class Goal(StrEnum):
    """What a run is held to. RANGE: its time is within the least and most that the plan names.

    LIVE is about the application's writes, where there is one.
    """

    BUDGET = "budget"
    THROTTLED = "throttled"
    PLAN = "plan"
    RANGE = "range"
    LIVE = "live"


class Order(StrEnum):
    """In which order the lanes begin. SPREAD is the product's."""

    SPREAD = "spread"
    SHUFFLED = "shuffled"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A migration of an on-demand table whose warm throughput is ``write`` units per second.

    ``index_write`` makes a global index of so many, each change of an item one write of it;
    ``used`` is what live traffic takes of a partition, by number. ``write_budget``,
    ``max_concurrency`` and ``total_segments`` override the plan's. ``retunes`` are shares of the
    budget by share of the planned time; ``pause`` is the begin, as such a share, and the length in
    seconds. ``traffic`` is an application's; its ``alarm`` holds the migration in state ALARM.
    A bite is ``bite_seconds`` of one worker. It is held to the ``goals``, and why not to all of
    them ``why`` says.
    """

    name: str
    says: str
    gib: float
    write: int
    item_bytes: int = plans.KIB
    changed_share: float = 1.0
    index_write: int = 0
    zipf: float = 0.0
    used: Mapping[int, float] = field(default_factory=dict)
    order: Order = Order.SPREAD
    write_budget: float | None = None
    max_concurrency: int | None = None
    total_segments: int | None = None
    retunes: tuple[tuple[float, float], ...] = ()
    pause: tuple[float, float] | None = None
    traffic: Traffic | None = None
    alarm: Alarm | None = None
    burst_seconds: float = 300.0
    split_seconds: float = 0.0
    bite_seconds: float = 1.0
    lambda_concurrency: int = 1_000
    seed: int = 1
    goals: frozenset[Goal] = frozenset(Goal)
    why: str = ""

    @property
    def plan(self) -> MigrationPlan:
        """The product's plan for it."""
        names = (_INDEX,) if self.index_write else ()
        warm = {"table": self._warm(self.write)}
        if self.index_write:
            warm[_INDEX] = self._warm(self.index_write)
        facts = plans.facts(
            self.gib,
            self.item_bytes,
            snapshot=plans.on_demand(*names, **warm),
            indexes=tuple(IndexFacts(name=name, key_names=("state",)) for name in names),
            quota=self._warm(max(self.write, 40_000)),
            lambda_concurrency=self.lambda_concurrency,
            lambda_memory_mb=1_769,
        )
        seen = plans.sampled(
            bytes=1_000 * self.item_bytes,
            changed=round(1_000 * self.changed_share),
            write_units=round(1_000 * self.changed_share) * -(-self.item_bytes // plans.KIB),
            pages=10,
            cut_pages=0,
            total_segments=10,
        )
        return plans.plan(
            facts,
            seen,
            write_units_per_second=self.write_budget,
            max_concurrency=self.max_concurrency,
            total_segments=self.total_segments,
        )

    def _warm(self, write: int) -> CapacityUnits:
        return CapacityUnits(READS_PER_WRITE * write, write)
