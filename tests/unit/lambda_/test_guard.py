"""Fencing: may this worker go on?"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.keys import control_key
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord, LeaseState
from airflow_ddb_migrate.core.limits import (
    CONTROL_SECONDS,
    HOLD_SECONDS,
    HOLD_WAIT_SECONDS,
    LEASE_SECONDS,
    LEAVES_PER_SECOND,
)
from ddb_transform.guard import Guard, Order, order_of
from tests.support.factories import NOW
from tests.support.worlds.migration_world import MigrationWorld


def control(command: Command = Command.RUN, attempt: int = 1) -> ControlRecord:
    return ControlRecord(command=command, attempt=attempt, since=NOW)


@pytest.mark.parametrize(
    ("record", "order"),
    [
        (control(), Order.GO),
        (control(Command.HOLD), Order.HOLD),
        (control(Command.STOP), Order.QUIT),
        (control(attempt=2), Order.QUIT),
        (control(Command.HOLD, attempt=2), Order.QUIT),
        (control(attempt=0), Order.QUIT),
        (None, Order.QUIT),
    ],
)
def test_the_control_record_decides(record: ControlRecord | None, order: Order) -> None:
    """Only the current attempt works; without a record nobody does."""
    assert order is order_of(record, 1, NOW)


@pytest.mark.parametrize(("held", "order"), [(0, Order.HOLD), (1, Order.QUIT)])
def test_a_hold_of_over_an_hour_ends_the_execution(held: int, order: Order) -> None:
    """Waits are billed: resume is a new attempt."""
    assert order is order_of(control(Command.HOLD), 1, NOW + HOLD_SECONDS + held)


@pytest.fixture
def world(dynamodb: Any) -> MigrationWorld:
    return MigrationWorld(dynamodb)


@pytest.fixture
def guard(world: MigrationWorld) -> Guard:
    return Guard(world.ledger, world.record, 1, world.clock, world.pacers())


@pytest.fixture
def lease(world: MigrationWorld) -> Callable[..., None]:
    """Changes the lease past everybody."""

    def change(**fields: Any) -> None:
        Leases(world.ledger).change(
            world.table_key,
            lambda lease: replace(lease, **fields),  # type: ignore[type-var]
        )

    return change


def test_the_ledger_is_asked_every_few_seconds_only(world: MigrationWorld, guard: Guard) -> None:
    """Between two looks the last order holds."""
    assert Order.GO is guard.order()
    world.command(Command.STOP)
    world.clock.advance(CONTROL_SECONDS - 0.1)
    assert Order.GO is guard.order()
    world.clock.advance(0.1)
    assert Order.QUIT is guard.order()


@pytest.mark.parametrize("fields", [{"migration_id": "another"}, {"state": LeaseState.FREE}])
def test_who_does_not_hold_the_table_quits(
    guard: Guard, lease: Callable[..., None], fields: dict[str, Any]
) -> None:
    """Taken by another migration, or freed: whatever the control record says."""
    lease(**fields)

    assert Order.QUIT is guard.order()


def test_the_lease_is_read_cheaply_and_a_loss_of_it_is_read_twice(
    world: MigrationWorld, guard: Guard
) -> None:
    """A read that is eventually consistent may be of before the table was taken."""
    stale = iter([None, "as it is"])

    def answer(name: str, answer: Any) -> Any:
        (*_, arguments) = world.dynamodb.arguments_of("get_item")
        is_lease = arguments["Key"]["sk"]["S"].startswith("lease#")
        return {} if is_lease and next(stale) is None else answer

    world.dynamodb.answers = answer
    world.dynamodb.calls.clear()

    assert Order.GO is guard.order()
    looks = [
        arguments["ConsistentRead"]
        for arguments in world.dynamodb.arguments_of("get_item")
        if arguments["Key"]["sk"]["S"].startswith("lease#")
    ]
    assert [False, True] == looks


def test_the_lease_is_looked_at_less_often_than_the_control_record(
    world: MigrationWorld, guard: Guard
) -> None:
    """One key takes so many reads: 10,000 workers look at each."""
    world.dynamodb.calls.clear()
    for _ in range(7):
        guard.order()
        world.clock.advance(CONTROL_SECONDS)
    keys = [arguments["Key"]["sk"]["S"] for arguments in world.dynamodb.arguments_of("get_item")]

    assert (7, 3) == (keys.count("control"), sum(key.startswith("lease#") for key in keys))


@pytest.mark.parametrize(("workers", "spread"), [(100, 0), (10_000, 66)])
def test_many_held_workers_do_not_return_at_once(
    world: MigrationWorld, workers: int, spread: int
) -> None:
    """Each of them reads and writes the control record then."""
    latest = Guard(
        world.ledger, world.record, 1, world.clock, world.pacers(), lambda least, most: most
    )
    world.ledger.update(
        control_key(world.record.migration_id),
        {"command": Command.HOLD, "since": world.clock(), "sharers": workers},
    )
    latest.order()

    assert HOLD_WAIT_SECONDS[0] + spread == latest.hold_wait_seconds()
    assert workers // LEAVES_PER_SECOND == latest.leave_wait_seconds()


def test_a_table_made_again_is_not_the_one_that_was_leased(world: MigrationWorld) -> None:
    """Same name, another id: this migration holds nothing there."""
    record = replace(world.record, table_id="another")
    guard = Guard(world.ledger, record, 1, world.clock, world.pacers())

    assert Order.QUIT is guard.order()


@pytest.mark.parametrize("command", [Command.RUN, Command.HOLD])
def test_looking_renews_the_lease_in_its_second_half(
    world: MigrationWorld, guard: Guard, lease: Callable[..., None], command: Command
) -> None:
    """Also on hold: whoever waits is alive."""
    world.command(command)
    lease(expires_at=NOW + LEASE_SECONDS / 2)
    guard.order()

    renewed = Leases(world.ledger).get(world.table_key)
    assert renewed is not None
    assert NOW + LEASE_SECONDS == renewed.expires_at
