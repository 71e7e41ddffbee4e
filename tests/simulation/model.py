"""One run of a scenario: the product's plan, order, shares and pace, on a simulated AWS."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from airflow_ddb_migrate.core.execution.segments import shuffled, spread
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.records import Budget
from airflow_ddb_migrate.core.limits import SCAN_PAGE_BYTES, SCAN_PAGE_ITEMS
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from tests.simulation.control import SimControl
from tests.simulation.lanes import cut
from tests.simulation.latency import Costs, Latency
from tests.simulation.live import ALARM, LiveLoad
from tests.simulation.loop import Loop
from tests.simulation.scenarios import Order, Scenario
from tests.simulation.scheduler import Scheduler
from tests.simulation.series import Series
from tests.simulation.table import Limits, SimTable
from tests.simulation.workers import World

_BINS = 600  # of a run's planned time
_BITES = 2  # that a bin holds at least
_LEAST_BURST_SECONDS = 1.0  # AWS limits a second, not an instant
_COUNT_SECONDS = 0.3  # an assumption: 16 queries of up to 10,000 small rows
ORDERS: dict[Order, Callable[[range, str, int], list[int]]] = {
    Order.SPREAD: spread,
    Order.SHUFFLED: lambda lanes, seed, _: shuffled(lanes, seed),
    Order.TABLE: lambda lanes, _, __: list(lanes),
}


@dataclass(slots=True)
class Run:
    """A run that is over."""

    scenario: Scenario
    plan: MigrationPlan
    world: World
    scheduler: Scheduler
    budgets: list[tuple[float, float]]
    real_seconds: float

    @property
    def seconds(self) -> float:
        return self.world.loop.now


def run(scenario: Scenario, latency: Latency | None = None) -> Run:
    """Simulate it to the end."""
    began, plan, loop = time.perf_counter(), scenario.plan, Loop()
    world = _world(scenario, plan, loop, latency or Latency())
    lanes = ORDERS[scenario.order](
        range(plan.layout.lanes), str(scenario.seed), plan.layout.workers
    )
    scheduler = Scheduler.of(world, plan.layout.workers, lanes)
    budgets = [(0.0, plan.write_units_per_second)]
    loop.spawn(_begin(scheduler))
    for process in _disturbances(scenario, plan, world, budgets):
        loop.spawn(process)
    loop.run(until=lambda: scheduler.ended == plan.layout.lanes)
    return Run(scenario, plan, world, scheduler, budgets, time.perf_counter() - began)


def _world(scenario: Scenario, plan: MigrationPlan, loop: Loop, latency: Latency) -> World:
    load, layout = plan.load, plan.layout
    width = max(_BITES * scenario.bite_seconds, plan.seconds.low / _BINS)
    budget = Budget(
        read_units_per_second=plan.read_units_per_second,
        write_units_per_second=plan.write_units_per_second,
        sharers=layout.workers,
    )
    limits = Limits(
        partitions=plan.pace.partitions,
        read=3 * scenario.write,
        write=scenario.write,
        indexes=(scenario.index_write,) if scenario.index_write else (),
        used=dict(scenario.used),
        burst_seconds=max(scenario.burst_seconds, _LEAST_BURST_SECONDS),
        split_seconds=scenario.split_seconds,
    )
    table = SimTable(limits)
    live = LiveLoad(loop, table, scenario.traffic, scenario.alarm) if scenario.traffic else None
    control = SimControl(loop, budget, _COUNT_SECONDS)
    if live and scenario.alarm:
        control = SimControl(loop, budget, _COUNT_SECONDS, hold_while=(ALARM,), alarms=live.read)
    return World(
        loop=loop,
        table=table,
        control=control,
        load=live,
        cut=cut(
            load.items,
            layout.total_segments,
            layout.lanes,
            zipf=scenario.zipf,
            seed=scenario.seed,
        ),
        costs=Costs(
            read_units=load.read_units / load.items,
            write_units=load.write_units / load.items,
            writes_at_busiest=load.writes_at_busiest,
            changed_share=scenario.changed_share,
            page_items=min(SCAN_PAGE_ITEMS, SCAN_PAGE_BYTES // scenario.item_bytes),
        ),
        latency=latency,
        random=random.Random(scenario.seed),
        bite_seconds=scenario.bite_seconds,
        slice_seconds=layout.slice_seconds,
        written=Series(width),
        throttled=Series(width),
    )


def _begin(scheduler: Scheduler) -> Iterator[float]:
    scheduler.fill()
    yield from ()


def _disturbances(
    scenario: Scenario, plan: MigrationPlan, world: World, budgets: list[tuple[float, float]]
) -> Iterator[Iterator[float]]:
    planned = plan.seconds.low
    for at, share in scenario.retunes:
        yield _retune(world, at * planned, share * plan.write_units_per_second, budgets)
    if scenario.pause:
        at, seconds = scenario.pause
        yield _pause(world, at * planned, seconds)
    if world.load:
        yield world.load.write()
        yield world.load.watch()


def _retune(
    world: World, at: float, budget: float, budgets: list[tuple[float, float]]
) -> Iterator[float]:
    yield at
    world.control.set_write_budget(budget)
    budgets.append((at, budget))


def _pause(world: World, at: float, seconds: float) -> Iterator[float]:
    yield at
    world.control.hold(HoldKind.PERSON)
    yield seconds
    world.control.resume(HoldKind.PERSON)
