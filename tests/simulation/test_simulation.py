"""The simulated migrations of small tables: goals, laws, and the same again by the same seed."""

import functools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.limits import (
    BATCH_STATEMENTS,
    BURST_SECONDS,
    HEALTHY_SECONDS,
    SCAN_PAGE_ITEMS,
    WORKER_WRITE_UNITS,
    WRITER_THREADS,
)
from tests.conftest import ROOT
from tests.simulation import ledger_load
from tests.simulation.cases import ALL
from tests.simulation.heat import Places
from tests.simulation.latency import PROCESSOR_WRITE_UNITS, Latency
from tests.simulation.live import ALARM, Alarm, LiveLoad, Traffic
from tests.simulation.loop import Loop
from tests.simulation.model import Run, run
from tests.simulation.report import line, picture, scenarios_table, table
from tests.simulation.results import Result, result_of
from tests.simulation.scenarios import Goal, Order, Scenario
from tests.simulation.table import INDEX, KEY_RANGE, Limits, SimTable

pytestmark = pytest.mark.story  # half a minute of two processors

SMALL = Scenario(name="small", says="5 GiB, ten workers on ten partitions", gib=5, write=10_000)
ONE = replace(SMALL, name="one", gib=1, write=4_000, write_budget=WORKER_WRITE_UNITS)
HUNDRED = replace(SMALL, name="hundred", gib=50, write=100_000, bite_seconds=2.0)
IN_ORDER = replace(SMALL, name="in-order", order=Order.TABLE)
SHUFFLED = replace(SMALL, name="shuffled", order=Order.SHUFFLED)
TINY = replace(SMALL, gib=1)  # where much is throttled, bites are small and many
NO_BURST = replace(TINY, name="no-burst", burst_seconds=0.0)
HOT = replace(TINY, name="hot", used={3: 0.7}, burst_seconds=30.0)
DRIVEN = replace(  # more than its index takes
    TINY,
    name="driven",
    index_write=1_000,
    write_budget=2_000,
    max_concurrency=8,
    burst_seconds=30.0,
)
RETUNED = replace(SMALL, name="retuned", retunes=((0.25, 0.5), (0.75, 1.0)))
PAUSED = replace(SMALL, name="paused", pause=(0.5, 600.0))
LIVE = replace(
    SMALL,
    name="live",
    write_budget=6_000,
    traffic=Traffic(usual=2_000, peak=7_000, peaks=((100.0, 900.0),)),
    burst_seconds=20.0,
)
GATED = replace(LIVE, name="gated", alarm=Alarm(throttled_share=0.001))
LOADS = (SMALL, ONE, IN_ORDER, SHUFFLED, NO_BURST, HOT, DRIVEN, RETUNED, PAUSED, LIVE, GATED)

_NAMES = {"ids": lambda scenario: scenario.name}
_FLOAT = 1 + 1e-9


@functools.cache
def run_of(name: str) -> Run:
    """Return the run of a scenario, made once for all that look at it."""
    return run(next(one for one in (*LOADS, HUNDRED) if one.name == name))


def result(scenario: Scenario) -> Result:
    return result_of(run_of(scenario.name))


@pytest.mark.parametrize("scenario", [ONE, SMALL, HUNDRED], **_NAMES)
def test_goals(scenario):
    """One, ten and a hundred workers use the budget, are hardly throttled, and on time."""
    assert () == result(scenario).missed


@pytest.mark.parametrize("scenario", LOADS, **_NAMES)
def test_every_item(scenario):
    """Every item is worked on once, whatever is throttled, retuned or paused."""
    done = run_of(scenario.name)
    load = done.plan.load

    assert load.items == round(done.world.items)
    assert load.busiest_write_units == pytest.approx(done.world.written.total)
    assert load.read_units <= done.world.read_units * _FLOAT


@pytest.mark.parametrize(
    "scenario", [one for one in LOADS if one not in (DRIVEN, PAUSED)], **_NAMES
)
def test_nothing_is_read_twice(scenario):
    """What was throttled is written again, and not read again unless its slice was ended."""
    done = run_of(scenario.name)

    assert done.plan.load.read_units == pytest.approx(done.world.read_units)


@pytest.mark.parametrize("scenario", LOADS, **_NAMES)
def test_physical_bounds(scenario):
    """No run is faster than its budget, its workers, and the slowest partition with its burst."""
    done = run_of(scenario.name)
    load, workers = done.plan.load, done.plan.layout.workers
    most = max(budget for _, budget in done.budgets)
    slowest = min(done.world.table.partition_writes, key=lambda bucket: bucket.rate)
    in_partition = load.write_units / done.plan.pace.partitions

    assert done.seconds >= load.busiest_write_units / most
    assert done.seconds >= load.write_units / workers / PROCESSOR_WRITE_UNITS
    assert done.seconds >= (in_partition - slowest.most) / slowest.rate


@pytest.mark.parametrize("scenario", LOADS, **_NAMES)
def test_buckets(scenario):
    """Nothing gives more than its rate for the time, and its burst."""
    done = run_of(scenario.name)
    table_ = done.world.table
    partitions = [*table_.partition_writes, *table_.partition_reads]

    for bucket in [*partitions, *table_.indexes, table_.writes, table_.reads]:
        assert bucket.given <= (bucket.rate * done.seconds + bucket.most) * _FLOAT


@pytest.mark.parametrize("scenario", LOADS, **_NAMES)
def test_budget(scenario):
    """No minute uses more than the budget, and what bins and bursts may shift."""
    assert result(scenario).most_of_budget <= 1.05


@pytest.mark.parametrize("scenario", [SHUFFLED, DRIVEN, HOT], **_NAMES)
def test_seed(scenario):
    """The same seed gives the same run, to the last bit; another one another."""
    first, again = run_of(scenario.name), run(scenario)
    other = run(replace(scenario, seed=2))

    assert (first.seconds, first.world.throttled.bins) == (
        again.seconds,
        again.world.throttled.bins,
    )
    assert first.seconds != other.seconds


def test_order():
    """Lanes spread over the table are faster than shuffled ones, and these than in its order."""
    spread, shuffled, in_order = (run_of(one.name).seconds for one in (SMALL, SHUFFLED, IN_ORDER))

    assert spread < shuffled < in_order


@pytest.mark.parametrize("scenario", [SMALL, NO_BURST], **_NAMES)
def test_larger_bites(scenario):
    """A bite of five seconds, as the largest runs take, tells the same time within 5 %."""
    large = run(replace(scenario, bite_seconds=5.0))

    assert run_of(scenario.name).seconds == pytest.approx(large.seconds, rel=0.05)


def test_latency():
    """Six threads hide what a batch usually takes; one that takes a second bounds the worker."""
    usual, slow = (run(ONE, Latency(batch=(s, s), slow_share=0.0)) for s in (0.05, 1.0))

    assert usual.seconds == pytest.approx(ONE.plan.seconds.low, rel=0.01)
    assert slow.seconds >= slow.plan.load.items / BATCH_STATEMENTS / WRITER_THREADS


def test_slow_requests():
    """Each holds up the worker by what it takes beyond what may be made up for."""
    usual, held_up = (
        run(ONE, Latency(slow=(2.0, 2.0), slow_share=share)) for share in (0.0, 0.005)
    )
    requests = usual.plan.load.items * (1 / BATCH_STATEMENTS + 1 / SCAN_PAGE_ITEMS)
    lost = held_up.seconds - usual.seconds

    assert lost == pytest.approx(0.005 * requests * (2.0 - BURST_SECONDS), rel=0.2)


def test_index_holds_back():
    """An index that has nothing left throttles the table's writes; what it can take is used."""
    (index,) = run_of(DRIVEN.name).world.table.indexes

    assert result(DRIVEN).throttled_share > 0
    assert index.given >= 0.85 * (index.rate * result(DRIVEN).seconds + index.most)


def test_retuned():
    """Half the budget is spent at half the pace, and twice as much at twice."""
    assert result(RETUNED).budget_used >= 0.97


def test_paused():
    """A pause costs its own time, and at most two minutes until the last child looks again."""
    paused, plain = result(PAUSED), result(SMALL)

    assert 600 <= paused.seconds - plain.seconds <= 600 + 120 + 10


def test_gate():
    """An alarm on the application's throttles keeps them few; nothing is lost or read in vain."""
    alone, gated = result(LIVE), result(GATED)

    assert alone.live_throttled > 0.02
    assert gated.live_throttled <= alone.live_throttled / 5
    assert (0, True) == (alone.health_holds, gated.health_holds >= 1)
    assert gated.seconds >= alone.seconds + HEALTHY_SECONDS


def test_live_load():
    """All that an application asks for is given or throttled; an alarm knows it a minute later."""
    loop, table_ = Loop(), SimTable(Limits(partitions=2, read=100, write=500, burst_seconds=1))
    traffic = Traffic(usual=400, peak=1_000, peaks=((60.0, 60.0),))
    live = LiveLoad(loop, table_, traffic, Alarm(throttled_share=0.1, delay_seconds=30.0))
    states = {}

    def look() -> Iterator[float]:
        while loop.now < 250:
            states[round(loop.now)] = live.states[ALARM]
            yield 10.0

    for process in (live.write(), live.watch(), look()):
        loop.spawn(process)
    loop.run(until=lambda: loop.now >= 250)

    assert live.given + live.throttled == pytest.approx(400 * 190 + 1_000 * 60, rel=0.02)
    assert live.throttled == pytest.approx(500 * 60 - 500, rel=0.05)
    assert [150, 160, 170, 180, 190, 200] == [at for at in states if states[at] == "ALARM"]


def test_reason():
    """The tightest limit is the reason of a throttle, and what it had left is given."""
    limits = Limits(partitions=2, read=100, write=5_000, indexes=(400,), burst_seconds=1)

    assert (400, INDEX) == SimTable(limits).write(0.0, 0, 600)
    assert (1_000, KEY_RANGE) == SimTable(replace(limits, indexes=())).write(0.0, 1, 1_200)


def test_split():
    """A partition splits once it was throttled for so long, without five minutes of rest."""
    places = Places(2, split_seconds=600.0)

    assert [False, False] == [places.splits(now, 1) for now in (0.0, 301.0)]
    assert [False, True] == [places.splits(now, 1) for now in (601.0, 901.0)]
    assert [0, 1, 2] == [places.at(place) for place in (0.49, 0.74, 0.75)]


def test_splitting():
    """Partitions that split take more; every item is still worked on once."""
    hot = replace(TINY, used=dict.fromkeys(range(10), 0.5), burst_seconds=1.0)
    one, two = run(hot), run(replace(hot, split_seconds=30.0))

    assert len(one.world.table.partition_writes) < len(two.world.table.partition_writes)
    assert one.seconds > two.seconds
    assert two.plan.load.items == round(two.world.items)


@pytest.mark.parametrize("scenario", ALL, **_NAMES)
def test_who_is_not_held_says_why(scenario):
    """A scenario of the product's own order and budget is held to every goal."""
    assert bool(scenario.why) == (scenario.goals != frozenset(Goal))


def test_what_is_off_is_told():
    """A goal that was not reached is missed where it applies, and named where it does not."""
    slow = replace(result(SMALL), seconds=2 * result(SMALL).seconds)
    excused = replace(slow, name="excused", goals=(Goal.BUDGET,))

    assert (Goal.PLAN, Goal.RANGE) == slow.missed == excused.off
    assert () == excused.missed
    assert " missed: plan, range |" in line(slow)
    assert " met (budget); not reached: plan, range |" in line(excused)


def test_report():
    """The report has a row per scenario, and a picture names its lines."""
    rows = list(table([result(SMALL), result(DRIVEN)]))

    assert ["| small ", "| driven "] == [row[: row.index("|", 1)] for row in rows[2:]]
    assert "throttled</text>" in picture(run_of(DRIVEN.name))


def test_the_docs_have_every_scenario():
    """As they are run, in the columns that are printed."""
    page = (ROOT / "docs" / "simulation.md").read_text()

    assert "\n".join(scenarios_table(ALL)) in page
    assert "\n".join(table([])) in page
    assert "\n".join(list(ledger_load.table([]))) in page
    assert [] == [one.name for one in ALL if page.count(f"\n| {one.name} | ") < 2]
