"""The plan's figures: worked examples to the cent, and what each input does to them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, CapacityUnits, TableClass
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.plan.estimate import Load, effort
from airflow_ddb_migrate.core.plan.migration_plan import DryRunFigures, MigrationPlan, corrected
from airflow_ddb_migrate.core.plan.page import plan_markdown
from airflow_ddb_migrate.core.plan.segmentation import Layout, total_segments
from airflow_ddb_migrate.core.plan.table_facts import IndexFacts
from tests.support.factories import snapshot
from tests.support.plans import GIB, KIB, facts, on_demand, plan, sampled, warnings

HOUR = 3_600
WARM = {"table": CapacityUnits(120_000, 40_000)}


@pytest.mark.parametrize(
    ("gib", "warm", "rate", "expected"),
    [
        # 104,857,600 items: /4,000 = 26,214 s; x $0.625/M; 13,107,200 reads; /800 = 131,072 s.
        (100, {}, 4_000, ("7.3 h", 65.54, 1.64, 1.75, 0.06, 800, 5)),
        (100, WARM, 40_000, ("0.7 h", 65.54, 1.64, 1.75, 0.06, 800, 40)),
        # 1,048,576 items: 262 s; 131,072 reads; 1,311 s of Lambda; 16 segments x 3.
        (1, {}, 4_000, ("0.1 h", 0.66, 0.02, 0.02, 0.00, 16, 4)),
        # 10,737,418,240 items: 268,435 s; 1,342,177,280 reads; 13,421,773 s; 10,000 segments,
        # lanes of 1,342 s each, which are two slices: 5 transitions.
        (10_240, WARM, 40_000, ("74.6 h", 6_710.89, 167.77, 178.96, 1.25, 10_000, 50)),
    ],
    ids=["100 GiB", "100 GiB, warm", "1 GiB", "10 TiB"],
)
def test_worked_examples(
    gib: float, warm: dict[str, CapacityUnits], rate: float, expected: tuple[Any, ...]
) -> None:
    """Items of 1 KiB, all changed, on demand: writes, reads, Lambda of 1 GB, Step Functions."""
    table = facts(gib, snapshot=on_demand(**warm), quota=CapacityUnits(40_000, 40_000))
    made = plan(table, write_units_per_second=rate)

    cost = made.cost_usd
    found = [cost[part] for part in ("writes", "reads", "lambda", "step_functions")]
    layout = (made.total_segments, made.max_concurrency)
    assert expected == (
        f"{made.seconds.low / HOUR:.1f} h",
        *(round(dollars, 2) for dollars in found),
        *layout,
    )


def test_44_minutes_at_the_default_quota() -> None:
    """100 GiB at 40,000 write units per second."""
    made = plan(facts(100, snapshot=on_demand(**WARM)), write_units_per_second=40_000)

    assert 43.7 == round(made.seconds.low / 60, 1)


def test_ten_billion_items() -> None:
    """A plan of a table as large as they come: within what Step Functions and Scan allow."""
    table = facts(item_bytes=400, gib=10_000_000_000 * 400 / GIB, snapshot=on_demand(**WARM))
    made = plan(table, sampled(bytes=400_000))

    assert (10_000_000_000, 10_000, 10_000) == (
        made.load.items,
        made.layout.lanes,
        made.total_segments,
    )
    assert (32_000, 32_000) == (made.read_units_per_second, made.write_units_per_second)
    assert 3.6 == round(made.seconds.low / 86_400, 1)
    assert 6_250 == round(made.cost_usd["writes"])


def test_what_takes_over_a_year_is_refused() -> None:
    """An execution may run a year: 10 billion items by one write unit per second do not end."""
    with pytest.raises(InvalidInputError) as refused:
        plan(facts(10_240), write_units_per_second=100)
    assert str(refused.value) == (
        "Table orders: the migration would take 1,242.8 days, limited by the write budget (100 "
        "write and 9,600 read units per second); Step Functions allows 365 days. Raise the "
        "capacity by prewarm, or raise the budgets."
    )
    rules = AuthorRules.of({"max_units_per_second": 100})
    with pytest.raises(InvalidInputError, match=r"budgets\. The DAG.s author set max_units"):
        plan(facts(10_240), write_units_per_second=100, limits=rules)


# Budgets


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (9_600, 3_200)),
        ({"peak": {"": CapacityUnits(2_000, 1_000)}}, (8_000, 2_400)),
        ({"peak": {"": CapacityUnits(12_000, 5_000)}}, (1, 1)),
        ({"snapshot": on_demand(**WARM)}, (32_000, 32_000)),
        ({"quota": CapacityUnits(1_000, 500)}, (800, 400)),
        ({"snapshot": snapshot()}, (40, 20)),
        ({"snapshot": snapshot(provisioned={"": CapacityUnits(100, 100)})}, (80, 80)),
    ],
    ids=["new", "live", "full", "warm", "quota", "provisioned", "more"],
)
def test_a_budget_is_80_percent_of_what_live_traffic_leaves(
    fields: dict[str, Any], expected: tuple[float, float]
) -> None:
    """At least one unit, so that a migration goes on; the quota bounds what a table takes."""
    made = plan(facts(1, **fields), sampled())

    assert expected == (made.read_units_per_second, made.write_units_per_second)


def test_an_on_demand_maximum_bounds_the_budget() -> None:
    """It would throttle live traffic, too."""
    limited = replace(on_demand(), on_demand_maximum={"": CapacityUnits(-1, 1_000)})
    made = plan(facts(1, snapshot=limited))

    assert (9_600, 800) == (made.read_units_per_second, made.write_units_per_second)


def test_a_small_index_bounds_the_writes_of_the_table() -> None:
    """Its key changes: two writes of it for each of the table's, by which the budget is spent."""
    units = {"": CapacityUnits(1_000, 1_000), "by_day": CapacityUnits(10, 100)}
    index = IndexFacts(name="by_day", key_names=("done",))
    made = plan(facts(1, snapshot=snapshot(provisioned=units), indexes=(index,)), sampled())

    assert 80 == made.write_units_per_second
    assert "index by_day" == made.seconds.bound_by
    assert made.load.items * 2 / 80 == made.seconds.low
    assert 3 == made.load.writes_per_change


@pytest.mark.parametrize(
    ("index", "attributes", "expected"),
    [
        (IndexFacts(name="i", key_names=("done",)), {"done": 1}, 2),
        (IndexFacts(name="i", key_names=("day",)), {"done": 1}, 1),
        (IndexFacts(name="i", key_names=("day",), projected=()), {"done": 1}, 0),
        (IndexFacts(name="i", key_names=("day",), projected=("done",)), {"done": 1}, 1),
    ],
    ids=["key", "all", "keys only", "included"],
)
def test_an_index_is_written_when_what_it_holds_changes(
    index: IndexFacts, attributes: dict[str, int], expected: int
) -> None:
    """By the attributes that the sample saw change."""
    table = facts(1, snapshot=on_demand("i"), indexes=(index,))
    made = plan(table, sampled(attributes=attributes))

    assert 1 + expected == made.load.writes_per_change
    assert (1 + expected) * made.load.write_units == made.load.billed_write_units


def test_without_a_sample_every_index_is_taken_for_written() -> None:
    """Nobody knows better."""
    index = IndexFacts(name="i", key_names=("day",), projected=())
    table = facts(1, snapshot=on_demand("i"), indexes=(index,))

    assert 2 == plan(table).load.writes_per_change
    assert 2 == plan(table, sampled(deleted=1, changed=0)).load.writes_per_change


def test_a_local_index_shares_the_table_s_capacity() -> None:
    """Its writes are the table's: two for each item of the same budget."""
    local = IndexFacts(name="l", key_names=("id", "day"), is_local=True)
    made = plan(facts(1, indexes=(local,)), sampled())

    assert 3_200 == made.write_units_per_second
    assert made.load.items * 2 / 3_200 == made.seconds.low


@pytest.mark.parametrize("seen", [None, sampled()], ids=["unknown", "written"])
def test_an_index_as_large_as_the_table_costs_no_time(seen: SampleResult | None) -> None:
    """Each has its own capacity: the budget is what either has left, and both are billed."""
    index = IndexFacts(name="i", key_names=("day",))
    without, made = (
        plan(facts(1, snapshot=on_demand("i"), indexes=indexes), seen) for indexes in ((), (index,))
    )

    assert 3_200 == made.write_units_per_second
    assert without.seconds == made.seconds
    assert without.max_concurrency == made.max_concurrency
    assert 2 * without.cost_usd["writes"] == made.cost_usd["writes"]


@pytest.mark.parametrize("attributes", [{"day": 1}, {"done": 1}], ids=["key", "untouched"])
def test_no_resource_is_planned_for_more_than_its_traffic_leaves(
    attributes: dict[str, int],
) -> None:
    """Whatever the writes turn out to touch: the budget is within each that may be written."""
    peak = {"": CapacityUnits(0, 1_000), "i": CapacityUnits(0, 3_000)}
    index = IndexFacts(name="i", key_names=("day",), projected=())
    table = facts(1, snapshot=on_demand("i"), indexes=(index,), peak=peak)
    budget = plan(table, sampled(attributes=attributes)).write_units_per_second

    assert (800 if "day" in attributes else 2_400) == budget


def test_a_budget_beyond_the_table_is_bounded_by_its_capacity() -> None:
    """Or by the index's that is written: neither gives more."""
    index = IndexFacts(name="i", key_names=("day",))
    table = facts(1, snapshot=on_demand("i"), indexes=(index,))

    made = plan(table, sampled(), write_units_per_second=100_000)

    assert 4_000 == made.pace.write_units_per_second
    assert made.load.items / 4_000 == made.seconds.low


def test_workers_are_as_many_as_the_budget_keeps_busy() -> None:
    """Each change takes two units of it where it moves an item in an index."""
    index = IndexFacts(name="i", key_names=("done",))
    table = facts(100, snapshot=on_demand("i"), indexes=(index,))

    workers = [plan(one, sampled()).max_concurrency for one in (facts(100), table)]

    assert [4, 2] == workers


def test_what_a_person_gives_wins() -> None:
    """Segments, concurrency, both budgets; 0 is none."""
    made = plan(
        facts(1),
        total_segments=7,
        max_concurrency=3,
        read_units_per_second=0,
        write_units_per_second=10,
    )

    assert (7, 3, 0, 10) == (
        made.total_segments,
        made.max_concurrency,
        made.read_units_per_second,
        made.write_units_per_second,
    )
    assert (12_000, 10) == (made.pace.read_units_per_second, made.pace.write_units_per_second)


def test_another_share_may_be_asked_for() -> None:
    """Of what live traffic leaves."""
    assert 2_000 == plan(facts(1), budget_share=0.5).write_units_per_second


# Time


@pytest.mark.parametrize(
    ("fields", "seen", "asked", "bound"),
    [
        ({}, {}, {}, "write budget"),
        ({}, {"changed": 0, "write_units": 0}, {"read_units_per_second": 500}, "read budget"),
        (
            {"snapshot": snapshot(provisioned={"": CapacityUnits(99, 40_000)})},
            {},
            {},
            "read budget",
        ),
        ({"lambda_concurrency": 2}, {}, {}, "Lambda concurrency"),
        ({}, {}, {"max_concurrency": 1}, "Lambda concurrency"),
        ({}, {}, {"total_segments": 1}, "Lambda concurrency"),
    ],
)
def test_what_bounds_the_time_is_named(
    fields: dict[str, Any], seen: dict[str, Any], asked: dict[str, Any], bound: str
) -> None:
    """One bound is the longest."""
    assert bound == plan(facts(10, **fields), sampled(**seen), **asked).seconds.bound_by


def test_few_partitions_bound_the_time() -> None:
    """A budget above what a partition takes does not help."""
    load = plan(facts(1), write_units_per_second=0)
    slow = replace(load, pace=replace(load.pace, partitions=2))

    assert "partition" == slow.seconds.bound_by


def test_the_range_of_time() -> None:
    """The bound itself; and half as much again, both behind what starting takes."""
    seconds = plan(facts(100), write_units_per_second=4_000).seconds

    assert (26_214.4, 26_214.4 + 38, 1.5 * 26_214.4 + 38) == (
        seconds.low,
        seconds.expected,
        seconds.high,
    )


@pytest.mark.parametrize(
    ("lane_seconds", "laps", "transitions"),
    [(0, 1, 3), (840, 1, 3), (841, 2, 5), (8_400, 10, 21)],
)
def test_a_lane_costs_three_transitions_and_two_for_each_further_slice(
    lane_seconds: float, laps: int, transitions: int
) -> None:
    """Work, More?, Done; a slice ends a minute before Lambda's limit."""
    load = Load(items=0, bytes=0)
    spent = effort(load, Layout(total_segments=10, max_concurrency=1), 10 * lane_seconds)

    assert (laps, 10 * laps, 10 * transitions) == (
        spent.laps_per_lane,
        spent.invocations,
        spent.transitions,
    )


def test_workers_that_wait_for_their_turn_are_billed() -> None:
    """A hundred of them at a rate that keeps five busy cost twenty times as much."""
    few = plan(facts(100), write_units_per_second=4_000).effort.lambda_seconds
    many = plan(facts(100), write_units_per_second=4_000, max_concurrency=100)

    assert 20 == round(many.effort.lambda_seconds / few)


@pytest.mark.parametrize(
    ("size", "workers", "expected"),
    [(0, 1, 8), (0, 5, 20), (100 * GIB, 5, 800), (10**18, 1, 10_000)],
)
def test_segments_by_workers_and_size(size: int, workers: int, expected: int) -> None:
    """Eight at least; four for each worker; 128 MiB each; and no more than there can be lanes."""
    assert expected == total_segments(size, workers)


# Cost


def test_provisioned_capacity_is_paid_anyway() -> None:
    """Only what prewarm adds costs more, for as long as it is raised."""
    table = facts(1, snapshot=snapshot(provisioned={"": CapacityUnits(100, 100)}))
    assert (0, 0, 0) == tuple(plan(table).cost_usd[p] for p in ("writes", "reads", "prewarm"))

    made = plan(table, prewarm=CapacityUnits(100, 1_100))
    hours = made.seconds.expected / HOUR
    assert 880 == made.write_units_per_second
    assert made.cost_usd["prewarm"] == pytest.approx(0.65 * hours)
    assert (
        "table: provisioned capacity 100 read / 100 write -> 100 read / 1,100 write units "
        "per second",
    ) == made.raises


def test_warm_throughput_is_paid_once() -> None:
    """Of the difference; and the budget grows with it."""
    warm = on_demand(table=CapacityUnits(12_000, 4_000))
    made = plan(
        facts(1, snapshot=warm), prewarm=CapacityUnits(12_000, 10_000), warm_throughput=True
    )

    assert (3.9, 8_000) == (round(made.cost_usd["warm_throughput"], 2), made.write_units_per_second)


def test_replicas_are_billed_per_region() -> None:
    """Two regions, twice the writes."""
    one = plan(facts(1))
    two = plan(facts(1, replicas=("eu-west-1",)))

    assert 2 * one.cost_usd["writes"] == two.cost_usd["writes"]


def test_the_undo_log_is_kept_for_three_months() -> None:
    """A gibibyte of it, at $0.023 a month; and one object for a page with a change."""
    made = plan(facts(1), sampled(logged_bytes=1_000 * KIB))

    assert made.cost_usd["undo_log"] == pytest.approx(3 * 0.023 + 1_048.576 * 0.005 / 1_000)


# The sample


def test_share_and_units_come_from_the_sample() -> None:
    """A tenth changes, of three units each."""
    made = plan(facts(1), sampled(changed=100, write_units=300))

    assert (0.1, 3) == (made.load.changed_share, made.load.units_per_item)


def test_without_a_sample_everything_changes() -> None:
    """By items of the table's average size."""
    made = plan(facts(1, item_bytes=2_500))

    assert (1.0, 3) == (made.load.changed_share, made.load.units_per_item)


@pytest.mark.parametrize(
    ("count", "seen", "items"),
    [
        (0, {"is_whole": True, "seen": 40, "bytes": 40 * KIB}, 40),
        (0, {}, 80_000),
        (10, {}, 80_000),
        (70_000, {}, 70_000),
        (30_000, {}, 80_000),
        (45, {"is_whole": True, "seen": 40, "bytes": 40 * KIB}, 40),
        (45, {"is_whole": True, "seen": 0, "bytes": 0, "changed": 0}, 0),
    ],
    ids=["new", "unknown", "far off", "fine", "off", "whole", "emptied"],
)
def test_a_stale_count_gives_way_to_the_sample(
    count: int, seen: dict[str, Any], items: int
) -> None:
    """AWS counts every six hours; a sample of the whole table is exact."""
    table = facts(0, item_count=count, size_bytes=count * KIB)
    made = plan(table, sampled(**seen))

    assert (items, items * KIB) == (made.load.items, made.load.bytes)


def test_an_empty_table_has_a_plan() -> None:
    """Of nothing."""
    made = plan(facts(0), sampled(seen=0, changed=0, is_whole=True, bytes=0, write_units=0))

    assert (0, 0, 16) == (made.load.items, made.seconds.low, made.total_segments)


# What a dry run has seen


def test_a_whole_dry_run_corrects_items_share_units_and_cost() -> None:
    """Budgets and segments stay: the approved run is the one that starts."""
    index = IndexFacts(name="i", key_names=("day",), projected=())
    made = plan(facts(1, snapshot=on_demand("i"), indexes=(index,)), sampled(attributes={"day": 9}))
    seen = DryRunFigures(items=1_000_000, changed=400_000, deleted=0, write_units=800_000)
    better = corrected(made, seen)

    assert (1_000_000, 0.4, 2, 1) == (
        better.load.items,
        better.load.changed_share,
        better.load.units_per_item,
        better.load.writes_per_change,
    )
    assert 0.5 == better.cost_usd["writes"]
    assert made.layout == better.layout
    assert (made.read_units_per_second, made.write_units_per_second) == (
        better.read_units_per_second,
        better.write_units_per_second,
    )


@pytest.mark.parametrize(
    ("lanes", "count", "items"),
    [
        (0, 104_857_600, 1_000),
        (8, 104_857_600, 100_000),
        (7, 104_857_600, 104_857_600),
        (7, 0, None),
    ],
    ids=["all", "1 %", "less", "no count"],
)
def test_items_are_extrapolated_from_enough_lanes(
    lanes: int, count: int, items: int | None
) -> None:
    """One per cent of them; or any, where AWS counts none."""
    made = replace(plan(facts(100)), item_count=count)
    better = corrected(
        made, DryRunFigures(items=1_000, changed=1, deleted=0, write_units=1, sampled_lanes=lanes)
    )

    assert (items or round(1_000 * 800 / 7)) == better.load.items


def test_a_dry_run_that_deletes_writes_every_index() -> None:
    """A deleted item leaves them all."""
    index = IndexFacts(name="i", key_names=("day",), projected=())
    made = plan(facts(1, snapshot=on_demand("i"), indexes=(index,)), sampled())

    seen = DryRunFigures(items=10, changed=0, deleted=5, write_units=5)

    assert 2 == corrected(made, seen).load.writes_per_change


def test_a_dry_run_that_moves_items_in_an_index_spends_its_budget_twice() -> None:
    """The index is written twice for each change, deleted items or not; the table once."""
    index = IndexFacts(name="i", key_names=("day",))
    made = plan(facts(1, snapshot=on_demand("i"), indexes=(index,)))
    seen = DryRunFigures(
        items=10, changed=5, deleted=5, write_units=10, changed_attributes=("day",)
    )
    load = corrected(made, seen).load

    assert (3, 2) == (load.writes_per_change, load.writes_at_busiest)


def test_a_dry_run_that_saw_nothing_corrects_nothing() -> None:
    """There is no share of nothing."""
    made = plan(facts(1))

    assert made is corrected(made, DryRunFigures(items=0, changed=0, deleted=0, write_units=0))


# As text


def test_a_plan_survives_its_json() -> None:
    """The ledger keeps it; its figures follow from it again."""
    index = IndexFacts(name="i", key_names=("day",), projected=("a", "b"))
    table = facts(1, snapshot=on_demand("i"), indexes=(index,), unknown=("unknown: x",))
    made = replace(plan(table, sampled()), warnings=("look",))

    assert made == MigrationPlan.from_json(made.to_json())


def test_the_start_finds_what_it_left_open() -> None:
    """At the top of the JSON; a budget may be a fraction."""
    made = plan(facts(1, peak={"": CapacityUnits(0, 3_999)}))
    data = json.loads(made.to_json())

    names = ("total_segments", "max_concurrency", "read_units_per_second", "write_units_per_second")
    assert (8, 1, 9_600, 1) == tuple(data[name] for name in names)


def test_the_mode_is_kept() -> None:
    """It decides what is charged."""
    made = plan(facts(1, snapshot=snapshot()))

    assert BillingMode.PROVISIONED is MigrationPlan.from_json(made.to_json()).tariff.billing_mode


INDEXES = (
    IndexFacts(name="by_done", key_names=("done",), projected=()),
    IndexFacts(name="by_day", key_names=("day",), projected=("origin",)),
)
RAISED_INDEXES = {
    "not sampled": (None, ["table", "index by_done", "index by_day"]),
    "a change": (sampled(), ["table", "index by_done"]),
    "a deletion": (sampled(deleted=1), ["table", "index by_done", "index by_day"]),
    "no change": (
        sampled(changed=0, write_units=0, attributes={}),
        ["table", "index by_done", "index by_day"],
    ),
}


@pytest.mark.parametrize("case", RAISED_INDEXES)
def test_a_plan_raises_only_the_indexes_that_it_knows_to_be_written(case: str) -> None:
    """A sample without a change, or with a deletion, does not tell which those are."""
    seen, raised = RAISED_INDEXES[case]
    provisioned = dict.fromkeys(["", "by_done", "by_day"], CapacityUnits(5, 5))
    table = facts(1, snapshot=snapshot(provisioned=provisioned), indexes=INDEXES)

    made = plan(table, seen, prewarm=CapacityUnits(100, 50))

    assert raised == [words.partition(":")[0] for words in made.raises]
    assert made.writes == MigrationPlan.from_json(made.to_json()).writes
    reads = len([words for words in made.raises if "100 read" in words])
    assert 1 == reads


@pytest.mark.parametrize(
    ("figures", "writes"),
    [
        ({"changed": 9, "changed_attributes": ("origin",)}, {"": 1, "by_done": 0, "by_day": 1}),
        ({"changed": 9, "deleted": 1}, {"": 1, "by_done": 1, "by_day": 1}),
        ({"changed": 0, "sampled_lanes": 1}, {"": 1, "by_done": 1, "by_day": 1}),
        ({"changed": 0}, {"": 1, "by_done": 0, "by_day": 0}),  # every item was looked at
    ],
)
def test_a_dry_run_tells_which_indexes_are_written(
    figures: dict[str, Any], writes: dict[str, int]
) -> None:
    """It has seen more than the sample; prewarm comes after it."""
    made = plan(facts(1, indexes=INDEXES), sampled())
    seen = DryRunFigures(**{"items": 10, "deleted": 0, "write_units": 9, **figures})

    assert writes == corrected(made, seen).writes


OTHER_REGIONS = ("eu-central-1", "eu-west-1")


def test_prewarm_of_a_global_table_is_billed_per_region() -> None:
    """Writes of provisioned capacity in each; reads where they are raised."""
    provisioned = snapshot(provisioned={"": CapacityUnits(0, 0)})
    wanted = CapacityUnits(1_000, 1_000)
    table = facts(1, snapshot=provisioned, replicas=OTHER_REGIONS)

    made = plan(table, prewarm=wanted)

    assert 0.13 + 3 * 0.65 == pytest.approx(made.tariff.hourly_difference)
    assert 0 == made.tariff.once
    assert MigrationPlan.from_json(made.to_json()) == made
    assert any(
        "costs $2.08 more per hour in all of them" in w for w in warnings(table, prewarm=wanted)
    )


def test_warm_throughput_of_a_global_table_is_paid_per_region() -> None:
    """The plan, and so the page that is approved, says so, and that nothing of it comes back."""
    table = facts(1, snapshot=on_demand(), replicas=OTHER_REGIONS)
    asked = {"prewarm": CapacityUnits(1_000, 1_000), "warm_throughput": True}

    made = plan(table, **asked)

    assert 3 * (0.13 + 0.65) == pytest.approx(made.cost_usd["warm_throughput"])
    (said,) = [words for words in warnings(table, **asked) if "warm throughput" in words]
    assert said == (
        "Prewarm raises warm throughput for $2.34, once in 3 regions (here and in eu-central-1, "
        "eu-west-1). AWS never lowers it, and restore does not refund it."
    )
    page = plan_markdown(made)
    assert "| regions | 3, with eu-central-1, eu-west-1 |" in page
    assert "| warm throughput, once; permanent, and not refunded by restore | $2.34 |" in page


def test_the_writes_of_a_global_table_are_told_in_dollars() -> None:
    """What they cost in all regions, and would in one."""
    table = facts(100, replicas=OTHER_REGIONS)

    assert 3 * 65.536 == pytest.approx(plan(table).cost_usd["writes"])
    assert any("billed in 3 regions ($196.61 instead of $65.54)" in w for w in warnings(table))


def test_a_table_of_standard_ia_is_planned_by_its_own_prices() -> None:
    """Requests and capacity are dearer; the ledger is a table of the class Standard."""
    standard = plan(facts(100))
    made = plan(facts(100, table_class=TableClass.INFREQUENT_ACCESS))

    assert 104.8576 * 0.78 == pytest.approx(made.cost_usd["writes"])
    assert 13.1072 * 0.155 == pytest.approx(made.cost_usd["reads"])
    assert standard.cost_usd["ledger"] == made.cost_usd["ledger"]
    assert "Table class Standard-IA." in plan_markdown(made)
    assert MigrationPlan.from_json(made.to_json()) == made


VECTORS = (
    IndexFacts(
        name="near", key_names=("embedding", "tenant"), projected=("title",), is_vector=True
    ),
    IndexFacts(name="by_day", key_names=("day",), projected=()),
)


@pytest.mark.parametrize(
    ("changed", "times"),
    [("embedding", 1), ("tenant", 1), ("title", 1), ("day", 0), ("else", 0)],
)
def test_a_change_of_what_feeds_a_vector_index_is_one_more_write(changed: str, times: int) -> None:
    """Counted like a write of the item; it takes nothing of the table's capacity."""
    made = plan(facts(100, indexes=VECTORS), sampled(attributes={changed: 1_000}))

    assert times * 65.536 == pytest.approx(made.cost_usd["vector_indexes"])
    assert times == made.load.vector_writes
    assert {"": 1, "by_day": 2 if changed == "day" else 0} == made.writes
    assert MigrationPlan.from_json(made.to_json()) == made


def test_a_vector_index_of_a_provisioned_table_is_charged_in_each_region() -> None:
    """It is no part of the capacity that is paid anyway."""
    provisioned = snapshot(provisioned={"": CapacityUnits(100, 100)})
    table = facts(1, snapshot=provisioned, indexes=VECTORS, replicas=OTHER_REGIONS)

    made = plan(table, sampled(attributes={"embedding": 1_000}))

    assert 0 == made.cost_usd["writes"]
    assert 3 * 0.65536 == pytest.approx(made.cost_usd["vector_indexes"])
    assert "| vector indexes, about | $1.97 |" in plan_markdown(made)
    (said,) = [
        words for words in warnings(table, sampled(attributes={"title": 1_000})) if "ector" in words
    ]
    assert "Vector index near is written once per changed item" in said
    assert "AWS charges that by bytes" in said


def test_a_dry_run_corrects_the_writes_of_vector_indexes() -> None:
    """A deleted item leaves them, too."""
    made = plan(facts(1, indexes=VECTORS), sampled())
    seen = DryRunFigures(items=10, changed=9, deleted=1, write_units=9)

    assert (0, 1) == (made.load.vector_writes, corrected(made, seen).load.vector_writes)
