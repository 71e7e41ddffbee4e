"""The limit of what a migration may cost, as an attempt begins with it and as plan checks it."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.keys import attempt_key
from airflow_ddb_migrate.aws.ledger.notes import keep_plan, note_capacity
from airflow_ddb_migrate.aws.plan.cost_limit import (
    cost_limit_of,
    new_limit,
    require_unspent,
    spent_before,
)
from airflow_ddb_migrate.aws.preflight.table_lease import take_lease
from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules
from airflow_ddb_migrate.core.capacity.owed import note_raised
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import CapacityState, ControlRecord
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.text.times import iso
from tests.support.factories import MIGRATION, NOW, at, attempt, snapshot
from tests.support.plans import facts
from tests.support.plans import plan as made
from tests.support.worlds.site_world import SiteWorld, arn_of


def made_plan(**fields: Any) -> MigrationPlan:
    return replace(made(facts(1)), migration_id=MIGRATION, **fields)


def plan(world: SiteWorld, limit: float | None, *, planned_at: float = NOW) -> None:
    keep_plan(world.site.ledger, made_plan(max_cost_usd=limit, planned_at_iso=iso(planned_at)))


@pytest.mark.parametrize(
    ("of_plan", "of_author", "expected"),
    [(None, None, 0.0), (5.0, None, 5.0), (None, 9.0, 9.0), (5.0, 9.0, 5.0), (5.0, 3.0, 3.0)],
)
def test_the_lower_limit_counts(
    world: SiteWorld, of_plan: float | None, of_author: float | None, expected: float
) -> None:
    """Of the run's and of its author's; without both there is none, and rates all the same."""
    plan(world, of_plan)

    found = cost_limit_of(world.site, AuthorRules.of({"max_cost_usd": of_author}))

    assert expected == found.max_cost_usd
    assert found.rates["second"] > 0


def test_a_limit_that_a_person_raised_stays_until_it_is_planned_anew(world: SiteWorld) -> None:
    """A cleared start goes on with it; a new plan says what it says."""
    plan(world, 5.0, planned_at=world.clock() - 60)
    world.start()
    world.site.ledger.retune(MIGRATION, 1, {"max_cost_usd": 50.0})
    world.end(1, ExecutionStatus.ABORTED)

    assert 50.0 == cost_limit_of(world.site, NO_RULES).max_cost_usd
    assert 40.0 == cost_limit_of(world.site, AuthorRules.of({"max_cost_usd": 40})).max_cost_usd
    plan(world, 5.0, planned_at=world.clock() + 60)
    assert 5.0 == cost_limit_of(world.site, NO_RULES).max_cost_usd


@pytest.mark.parametrize(
    ("planned", "retuned", "of_author", "expected"),
    [(5.0, 3.0, None, 3.0), (None, 3.0, None, 3.0), (5.0, 3.0, 2.0, 2.0), (None, 3.0, 9.0, 3.0)],
)
def test_a_limit_that_a_person_lowered_or_added_stays(
    world: SiteWorld,
    planned: float | None,
    retuned: float,
    of_author: float | None,
    expected: float,
) -> None:
    """The next attempt begins without anybody: in the next window, say."""
    plan(world, planned, planned_at=world.clock() - 60)
    world.start()
    world.site.ledger.retune(MIGRATION, 1, {"max_cost_usd": retuned})
    world.end(1, ExecutionStatus.SUCCEEDED)

    rules = AuthorRules.of({"max_cost_usd": of_author})
    assert expected == cost_limit_of(world.site, rules).max_cost_usd


def test_a_limit_of_an_attempt_that_only_waits_stays(world: SiteWorld) -> None:
    """Nothing of it was begun, so it has no beginning but that of what it was told."""
    plan(world, 5.0, planned_at=world.clock() - 60)
    world.start(windows=["00:00-06:00 UTC"])
    world.site.ledger.retune(MIGRATION, 1, {"max_cost_usd": 3.0})

    assert 3.0 == cost_limit_of(world.site, NO_RULES).max_cost_usd
    plan(world, 5.0, planned_at=world.clock() + 60)
    assert 5.0 == cost_limit_of(world.site, NO_RULES).max_cost_usd


def raise_capacity(world: SiteWorld, *, hourly: float, once: float) -> None:
    """Do what a prewarm task does by a plan of these prices."""
    tariff = replace(made_plan().tariff, hourly_difference=hourly, once=once)
    keep_plan(world.site.ledger, made_plan(tariff=tariff, planned_at_iso=iso(world.clock())))
    take_lease(world.site)
    world.site.leases.change(
        world.site.table.key, lambda lease: note_raised(lease, MIGRATION, snapshot(), ())
    )
    note_capacity(world.site.ledger, MIGRATION, "during", snapshot())
    world.clock.advance(60)


def restore_capacity(world: SiteWorld) -> None:
    world.site.leases.change(
        world.site.table.key, lambda lease: replace(lease, capacity_state=CapacityState.RESTORED)
    )


def test_raised_capacity_counts_by_the_hour(world: SiteWorld) -> None:
    """While it is owed, for the time of every attempt."""
    raise_capacity(world, hourly=7.2, once=1.0)
    world.start()
    began = world.clock()
    world.site.ledger.attempt_ended(MIGRATION, 1, result="FAILED", now=began + 1_800)

    found = cost_limit_of(at(world.site, began + 2_000), NO_RULES).rates

    assert (7.2, began + 2_000, pytest.approx(1.0 + 3.6)) == (
        found["hour"],
        found["since"],
        found["base"],
    )


def test_restored_capacity_costs_no_more_but_what_it_has_cost_counts(world: SiteWorld) -> None:
    raise_capacity(world, hourly=7.2, once=1.0)
    world.start()
    began = world.clock()
    world.site.ledger.attempt_ended(MIGRATION, 1, result="FAILED", now=began + 1_800)
    restore_capacity(world)

    later = spent_before(at(world.site, began + 90_000))

    assert 1.0 + 3.6 == pytest.approx(later, abs=0.01)


def test_an_hour_raised_by_an_earlier_plan_keeps_the_price_of_that_plan(world: SiteWorld) -> None:
    """Each raise of warm throughput is paid once, however many attempts follow."""
    raise_capacity(world, hourly=7.2, once=1.0)
    world.start()
    world.clock.advance(1_800)
    world.stepfunctions.end(arn_of(1), ExecutionStatus.ABORTED, at=world.clock())
    restore_capacity(world)
    world.clock.advance(60)
    raise_capacity(world, hourly=36.0, once=2.0)
    world.start()
    world.clock.advance(3_600)
    world.stepfunctions.end(arn_of(2), ExecutionStatus.ABORTED, at=world.clock())

    assert (1.0 + 3.6) + (2.0 + 36.0) == pytest.approx(spent_before(world.site), abs=0.01)


def test_hours_of_an_attempt_whose_start_was_not_confirmed_count(world: SiteWorld) -> None:
    """Its execution ran although the ledger never learned when it began."""
    raise_capacity(world, hourly=7.2, once=0.0)
    world.start()
    world.site.ledger.update(attempt_key(MIGRATION, 1), {"started_at": 0.0})
    world.clock.advance(1_800)
    world.end(1, ExecutionStatus.ABORTED)

    assert 3.6 == pytest.approx(spent_before(world.site), abs=0.01)


def test_an_attempt_that_was_never_started_is_not_charged(world: SiteWorld) -> None:
    """Its capacity was restored at some time, and nothing says when."""
    raise_capacity(world, hourly=7.2, once=1.0)
    world.start()
    world.site.ledger.update(attempt_key(MIGRATION, 1), {"started_at": 0.0})
    world.stepfunctions.executions.clear()
    restore_capacity(world)
    world.clock.advance(86_400)

    assert 1.0 == pytest.approx(spent_before(world.site), abs=0.01)


NIGHTS = ("22:00-06:00 UTC",)
EVENING, MORNING = 1_796_077_800.0, 1_796_104_800.0  # 2026-11-30, 22:30, and 06:00 after it


def control_of(world: SiteWorld, **fields: Any) -> ControlRecord:
    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    return replace(control, **fields)


def raised(world: SiteWorld, at_once: float = 0.0) -> ControlRecord:
    """What the workers of an attempt are told that raised capacity for 4 dollars an hour."""
    rates = {"hour": 4.0, "since": world.clock(), "base": at_once}
    return control_of(world, rates=rates, max_cost_usd=40.0)


@pytest.mark.parametrize("is_noted", [False, True])
def test_capacity_that_was_given_back_is_not_charged_on(
    world: SiteWorld, *, is_noted: bool
) -> None:
    """A limit that is raised by day counts what was raised by night; nobody had to look."""
    world.clock.now = EVENING
    world.start(windows=NIGHTS)
    control = raised(world)
    world.stepfunctions.end(arn_of(1), ExecutionStatus.SUCCEEDED, at=MORNING)
    world.clock.now = MORNING + 14 * 3_600
    if is_noted:
        world.site.ledger.attempt_ended(MIGRATION, 1, result="WAITING", now=MORNING)

    assert 30.5 == new_limit(world.site, control, 30.5)
    with pytest.raises(InvalidInputError, match=r"has already cost \$30\.00"):
        new_limit(world.site, control, 29.5)


def test_capacity_of_an_attempt_that_runs_is_charged_by_now(world: SiteWorld) -> None:
    world.start()
    control = raised(world)
    world.clock.advance(3_600)

    with pytest.raises(InvalidInputError, match=r"has already cost \$4\.00"):
        new_limit(world.site, control, 3.5)


def test_a_number_that_nobody_uses_yet_ends_no_charge(world: SiteWorld) -> None:
    """The limit and its rates are those of the attempt that runs."""
    world.start()
    control = raised(world)
    world.site.ledger.create_attempt(MIGRATION, attempt(2, intended_at=world.clock()))
    world.clock.advance(3_600)

    with pytest.raises(InvalidInputError, match=r"has already cost \$4\.00"):
        new_limit(world.site, control, 3.5)


def test_capacity_of_an_attempt_that_only_waits_is_not_charged(world: SiteWorld) -> None:
    """What others of this migration had raised is."""
    world.clock.now = MORNING
    world.start(windows=NIGHTS)
    control = raised(world, at_once=2.0)
    world.clock.advance(36_000)

    assert 2.5 == new_limit(world.site, control, 2.5)
    with pytest.raises(InvalidInputError, match=r"has already cost \$2\.00"):
        new_limit(world.site, control, 1.5)


def test_a_limit_below_what_is_spent_is_refused(world: SiteWorld) -> None:
    """A migration that goes on has cost something already."""
    world.start()
    second = cost_limit_of(world.site, NO_RULES).rates["second"]
    world.lane(0, worked_seconds=3.0 / second)
    spent = spent_before(world.site)

    assert 3.0 == pytest.approx(spent, abs=0.01)
    rules = AuthorRules.of({"max_cost_usd": 2})
    require_unspent(world.site, 3.5, spent, rules)
    for limits, how in ((NO_RULES, "Give a higher max"), (rules, "Ask the DAG's author for a")):
        words = rf"max_cost_usd is \$2\.00, but migration .* has already cost \$3\.00\. {how}"
        with pytest.raises(InvalidInputError, match=words):
            require_unspent(world.site, 2.0, spent, limits)
