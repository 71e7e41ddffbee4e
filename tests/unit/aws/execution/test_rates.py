"""What is told of a migration while it runs."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.rates import planned_work, reading_of
from airflow_ddb_migrate.core.execution.rates import NOTHING_PLANNED
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.notes import PLAN
from tests.support.factories import MIGRATION, NOW, at, client_error
from tests.support.plans import facts, plan
from tests.support.worlds.site_world import SiteWorld


def test_a_look_holds_budget_and_cost(world: SiteWorld) -> None:
    """The budget of the attempt that is looked at; another one's says nothing of it."""
    world.start(write_units_per_second=400)
    world.lane(0, counts=Counts(seen=9), units=Units(0, 2_000_000), worked_seconds=100)
    seen = observe(at(world.site, NOW + 5))
    look = reading_of(at(world.site, NOW + 5), seen)
    world.site.ledger.begin_attempt(MIGRATION, 2, NOW)

    assert (400, NOW + 5, NOW) == (look.write_units_per_second, look.at, look.attempt_started_at)
    assert look.dollars is not None
    assert look.dollars > 1
    later = reading_of(at(world.site, NOW), observe(at(world.site, NOW)))
    assert 0 == later.write_units_per_second


def test_a_cost_that_cannot_be_read_is_unknown(world: SiteWorld) -> None:
    """It is a nicety: a watch goes on without it."""
    world.start()
    seen = observe(at(world.site, NOW))

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        raise client_error("AccessDeniedException", "GetItem")

    world.dynamodb.before = refuse

    assert reading_of(at(world.site, NOW), seen).dollars is None
    assert NOTHING_PLANNED == planned_work(world.site, seen)


def test_the_plan_says_what_to_expect(world: SiteWorld) -> None:
    """Items, and the dollars of what is measured; its other parts are not compared."""
    made = plan(facts(gib=1))
    world.site.ledger.note(MIGRATION, PLAN, made.to_json())
    world.start()

    expected = planned_work(world.site, observe(at(world.site, NOW)))

    assert made.load.items == expected.items
    assert expected.dollars is not None
    assert 0 < expected.dollars < made.total_cost_usd


@pytest.mark.parametrize("text", ["", "{}", "no plan", '{"basis": 1}', "[]"])
def test_a_plan_that_cannot_be_read_says_nothing(world: SiteWorld, text: str) -> None:
    """None was made, or it is of another version."""
    world.start()
    if text:
        world.site.ledger.note(MIGRATION, PLAN, text)

    assert NOTHING_PLANNED == planned_work(world.site, observe(at(world.site, NOW)))


def test_the_plan_of_all_says_nothing_of_some_segments(world: SiteWorld) -> None:
    """A canary's time left is not the table's."""
    world.site.ledger.note(MIGRATION, PLAN, plan(facts(gib=1)).to_json())
    world.start(sample_lanes=1)

    assert NOTHING_PLANNED == planned_work(world.site, observe(at(world.site, NOW)))
