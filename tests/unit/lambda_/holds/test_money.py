"""The limit of the cost in the worker: who adds up, and what all of them obey."""

import json

import pytest
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.core.ledger.records import CostLimit
from ddb_transform.guard import Guard, Order
from tests.support.worlds.migration_world import MigrationWorld


@pytest.fixture
def world(dynamodb: object) -> MigrationWorld:
    world = MigrationWorld(dynamodb)
    limit = CostLimit(max_cost_usd=1.0, rates={"hour": 3.6, "since": world.clock(), "base": 0.5})
    assert world.ledger.begin_attempt(world.record.migration_id, 1, world.clock(), limit=limit)
    return world


def guard_of(world: MigrationWorld) -> Guard:
    return Guard(world.ledger, world.record, 1, world.clock, world.pacers())


def kinds(world: MigrationWorld) -> list[str]:
    record = world.ledger.control(world.record.migration_id)
    assert record is not None
    return [one.kind for one in record.in_force(world.clock())]


def test_it_is_on_hold_when_the_limit_is_spent(world: MigrationWorld) -> None:
    """A tenth of a cent a second, from fifty cents on: to a dollar in 500 seconds."""
    guard, began = guard_of(world), world.clock()
    while guard.order() is Order.GO:
        world.clock.advance(5)

    assert 450 <= world.clock() - began <= 500
    assert ["money"] == kinds(world)
    (event,) = events(world.ledger, world.record.migration_id)
    assert ("HELD", "money") == (event.what, event.kind)
    assert " was spent; the limit is $1.00 (max_cost_usd)." in event.words


def test_a_limit_below_a_cent_is_told_in_figures(world: MigrationWorld) -> None:
    """Not as nothing of nothing."""
    limit = CostLimit(max_cost_usd=0.005, rates={"base": 0.0062})
    name = world.record.migration_id
    assert world.ledger.begin_attempt(name, 2, world.clock(), limit=limit)

    assert Order.HOLD is Guard(world.ledger, world.record, 2, world.clock, world.pacers()).order()

    (event,) = events(world.ledger, name)
    said = "On hold for money: $0.0062 was spent; the limit is $0.0050 (max_cost_usd)."
    assert said in event.words


def test_a_limit_of_the_author_is_not_to_be_raised_by_others(world: MigrationWorld) -> None:
    """It says whose it is; a lower one of the run says how far it can be raised."""
    name = world.record.migration_id
    for number, most in ((2, 0.5), (3, 7.0)):
        world.ledger.keep_limits(world.record, json.dumps({"max_cost_usd": most}))
        limit = CostLimit(max_cost_usd=0.5, rates={"base": 0.62})
        assert world.ledger.begin_attempt(name, number, world.clock(), limit=limit)
        Guard(world.ledger, world.record, number, world.clock, world.pacers()).order()

    author, run = (event.words for event in events(world.ledger, name))
    assert "Ask the DAG's author for a higher max_cost_usd (migration_params" in author
    assert "Give a higher max_cost_usd by retune, at most the $7.00 of the DAG's author." in run


def test_one_of_many_adds_up(world: MigrationWorld) -> None:
    """Every row is read for it."""
    guards = [guard_of(world) for _ in range(5)]
    world.dynamodb.calls.clear()
    for _ in range(4):
        assert {Order.GO} == {guard.order() for guard in guards}
        world.clock.advance(5)

    shards = [name for name, _ in world.dynamodb.calls if name == "query"]
    assert 32 == len(shards)  # at once, and when a rate is known


def test_another_limit_lets_it_go_on(world: MigrationWorld) -> None:
    """And it is added up again at once."""
    guard = guard_of(world)
    while guard.order() is Order.GO:
        world.clock.advance(5)
    name = world.record.migration_id
    world.ledger.retune(name, 1, {"max_cost_usd": 2.0, "spent_due": 0.0})
    world.ledger.end_holds(name, {"money"}, attempt=1, reason="raised", now=world.clock())

    world.clock.advance(5)
    assert Order.GO is guard.order()


def test_a_sum_of_before_the_limit_was_raised_holds_nothing(world: MigrationWorld) -> None:
    """It was added up while a person gave another limit, and nothing would end its hold."""
    guard, name = guard_of(world), world.record.migration_id
    world.clock.advance(600)

    def raise_limit(called: str, _: object) -> None:
        if called == "query":  # the lanes are read
            world.dynamodb.before = lambda *_: None
            world.ledger.retune(name, 1, {"max_cost_usd": 9.0, "spent_due": 0.0})

    world.dynamodb.before = raise_limit

    assert Order.GO is guard.order()
    assert [] == kinds(world)
