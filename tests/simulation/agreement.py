"""The product's own worker loop and the page model, on the same table: how far they agree."""

from dataclasses import asdict, dataclass
from typing import Any

from tests.simulation import real_loop
from tests.simulation.latency import Latency
from tests.simulation.model import ORDERS, run
from tests.simulation.scenarios import Scenario
from tests.simulation.table import SimTable

NAME = "agreement"
MOST_APART = 0.05
_NONE = (0.0, 0.0)
# One thread writes, whose batches take a sixth of what six threads would wait at the same time.
_ONE_THREAD = Latency(
    cold=_NONE, warm=_NONE, begin=_NONE, end=_NONE, batch=(0.0025, 0.01), threads=1
)

MILLION = Scenario(
    name=NAME,
    says="a million items, eight lanes one after the other, a partition that takes half of them",
    gib=1_000_000 / 1_048_576,
    write=4_000,
    write_budget=700,
    max_concurrency=1,
    total_segments=8,
    used={1: 0.6},
    burst_seconds=60.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one of both tells of a run, in virtual seconds and units."""

    items: int
    seconds: float
    read_units: float
    throttled_units: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What both tell, and the real time that each took."""

    model: Told
    worker: Told
    slices: int
    model_real_seconds: float
    worker_real_seconds: float

    @property
    def apart(self) -> dict[str, float]:
        """How far the model is from the worker, as a share of the worker's figure."""
        pairs = {
            "items": (self.model.items, self.worker.items),
            "seconds": (self.model.seconds, self.worker.seconds),
            "read units": (self.model.read_units, self.worker.read_units),
        }
        return {name: model / worker - 1 for name, (model, worker) in pairs.items()}

    @property
    def is_met(self) -> bool:
        return all(abs(share) <= MOST_APART for share in self.apart.values())

    def to_dict(self) -> dict[str, object]:
        return {**asdict(self), "apart": self.apart, "is_met": self.is_met}

    def __str__(self) -> str:
        model, worker = self.model, self.worker
        words = ", ".join(f"{name} {share:+.2%}" for name, share in self.apart.items())
        return (
            f"{worker.items:,} items by the product's worker in {self.slices} slices: "
            f"{worker.seconds:,.1f} s, {worker.read_units:,.0f} read units, "
            f"{worker.throttled_units:,.0f} writes throttled, {self.worker_real_seconds:,.0f} s of "
            f"real time; by the page model: {model.seconds:,.1f} s, {model.read_units:,.0f} read "
            f"units, {model.throttled_units:,.0f} throttled, {self.model_real_seconds:,.0f} s. "
            f"Apart: {words} ({'met' if self.is_met else 'missed'}: {MOST_APART:.0%})."
        )


def compare(dynamodb: Any, scenario: Scenario) -> Agreement:
    """Let both work through a scenario of one worker; no child takes time to start."""
    expected = run(scenario, _ONE_THREAD)
    world, layout = expected.world, expected.plan.layout
    real = real_loop.work(
        dynamodb,
        SimTable(world.table.limits),
        items=expected.plan.load.items,
        units_per_second=expected.plan.write_units_per_second,
        lanes=ORDERS[scenario.order](range(layout.lanes), str(scenario.seed), layout.workers),
        slice_seconds=layout.slice_seconds,
        latency=_ONE_THREAD,
    )
    return Agreement(
        model=Told(
            items=round(world.items),
            seconds=expected.seconds,
            read_units=world.read_units,
            throttled_units=world.throttled.total,
        ),
        worker=Told(
            items=real.client.written,
            seconds=real.seconds,
            read_units=real.client.read_units,
            throttled_units=real.client.throttled,
        ),
        slices=real.slices,
        model_real_seconds=expected.real_seconds,
        worker_real_seconds=real.real_seconds,
    )
