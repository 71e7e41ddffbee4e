"""The cases that are simulated: tables, budgets, and what happens meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from airflow_ddb_migrate.core.capacity import CapacityUnits
from airflow_ddb_migrate.core.plan import MigrationPlan
from airflow_ddb_migrate.core.table_facts import IndexFacts
from tests import plans

READS_PER_WRITE = 3  # of a table's capacity: so a partition takes them
_INDEX = "by_state"


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
    seconds. A bite is ``bite_seconds`` of one worker.
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
    burst_seconds: float = 300.0
    bite_seconds: float = 1.0
    lambda_concurrency: int = 1_000
    seed: int = 1

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


_HUNDRED = Scenario(
    name="hundred", says="300 GiB, a hundred workers", gib=300, write=100_000, bite_seconds=2.0
)
_MIDDLE = Scenario(
    name="spread", says="20 GiB, twenty workers on twenty partitions", gib=20, write=20_000
)
_NO_BURST = "the same, partitions without any burst, "

ALL = (
    Scenario(name="one-worker", says="10 GiB, one worker", gib=10, write=4_000, write_budget=800),
    Scenario(name="ten", says="50 GiB, ten workers", gib=50, write=10_000),
    _HUNDRED,
    replace(_HUNDRED, name="hundred-shuffled", says="the same, shuffled", order=Order.SHUFFLED),
    Scenario(
        name="roomy",
        says="1 TiB, ten workers among 103 partitions",
        gib=1_024,
        write=103_000,
        write_budget=8_000,
        bite_seconds=2.0,
    ),
    Scenario(
        name="thousand-workers",
        says="3 TiB, a thousand workers",
        gib=3 * 1_024,
        write=1_000_000,
        lambda_concurrency=2_000,
        bite_seconds=5.0,
    ),
    Scenario(
        name="ten-billion",
        says="10 TiB, 10,737,418,240 items, 10,000 lanes",
        gib=10 * 1_024,
        write=1_000_000,
        lambda_concurrency=2_000,
        bite_seconds=5.0,
    ),
    _MIDDLE,
    replace(_MIDDLE, name="shuffled", says="the same, shuffled", order=Order.SHUFFLED),
    replace(_MIDDLE, name="in-order", says="the same, in the table's order", order=Order.TABLE),
    replace(_MIDDLE, name="no-burst", says=_NO_BURST + "spread", burst_seconds=0.0),
    replace(
        _MIDDLE,
        name="no-burst-shuffled",
        says=_NO_BURST + "shuffled",
        burst_seconds=0.0,
        order=Order.SHUFFLED,
    ),
    Scenario(
        name="skewed",
        says="100 GiB, n-th largest segment 1/sqrt(n) of the largest, half of one partition used",
        gib=100,
        write=100_000,
        write_budget=32_000,
        zipf=0.5,
        used={17: 0.5},
    ),
    Scenario(
        name="small-index",
        says="50 GiB, an index of a tenth of the table's capacity, the plan's budget",
        gib=50,
        write=40_000,
        index_write=4_000,
    ),
    Scenario(
        name="index-ignored",
        says="the same, budget and workers by hand, twice what the index takes",
        gib=50,
        write=40_000,
        index_write=4_000,
        write_budget=16_000,
        max_concurrency=20,
    ),
    Scenario(
        name="retuned",
        says="100 GiB among 100 partitions, the budget halved, then doubled",
        gib=100,
        write=100_000,
        write_budget=16_000,
        retunes=((0.25, 0.5), (0.75, 1.0)),
    ),
    Scenario(
        name="paused",
        says="100 GiB among 100 partitions, paused for 20 minutes",
        gib=100,
        write=100_000,
        write_budget=16_000,
        pause=(0.4, 1_200),
    ),
)
