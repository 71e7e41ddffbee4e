"""The health gate in the worker: who reads the alarms, and what all of them obey."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.records import Budget, Command, ControlRecord, HealthGate
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS, HOLD_SECONDS
from ddb_transform.guard import Guard, Order
from tests.support.factories import hold
from tests.support.worlds.migration_world import MigrationWorld

NAMES = ("checkout", "stream-lag")


@dataclass
class Alarms:
    """CloudWatch as the workers see it: states by name, and every reading."""

    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys(NAMES, "OK"))
    asked: list[Sequence[str]] = field(default_factory=list)
    is_down: bool = False

    def read(self, names: Sequence[str]) -> dict[str, str]:
        self.asked.append(names)
        if self.is_down:
            raise AwsRequestError("CloudWatch does not answer.")
        return {name: self.states[name] for name in names if name in self.states}


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


@pytest.fixture
def world(dynamodb: object) -> MigrationWorld:
    world = MigrationWorld(dynamodb)
    begin(world, 1)
    return world


def begin(world: MigrationWorld, attempt: int) -> None:
    budget = Budget(write_units_per_second=100.0, read_units_per_second=50.0, sharers=1)
    gate = HealthGate(hold_while=NAMES, healthy_for=300.0)
    name = world.record.migration_id
    assert world.ledger.begin_attempt(name, attempt, world.clock(), budget, gate)


def worker(world: MigrationWorld, alarms: Alarms, attempt: int = 1) -> Guard:
    return Guard(
        world.ledger,
        world.record,
        attempt,
        world.clock,
        world.pacers(),
        read_alarms=alarms.read,
    )


def control(world: MigrationWorld) -> ControlRecord:
    record = world.ledger.control(world.record.migration_id)
    assert record is not None
    return record


def kinds(world: MigrationWorld) -> list[str]:
    return [one.kind for one in control(world).in_force(world.clock())]


def orders(
    world: MigrationWorld, guard: Guard, seconds: float, every: float = CONTROL_SECONDS
) -> list[Order]:
    """Look every few seconds for so long."""
    seen = []
    for _ in range(int(seconds // every)):
        world.clock.advance(every)
        seen.append(guard.order())
    return seen


def test_the_first_worker_reads_before_it_works(world: MigrationWorld, alarms: Alarms) -> None:
    """And all others wait by its reading."""
    alarms.states["checkout"] = "ALARM"
    guards = [worker(world, alarms) for _ in range(5)]

    assert 5 * [Order.HOLD] == [guard.order() for guard in guards]
    assert [NAMES] == alarms.asked
    (held,) = control(world).in_force(world.clock())
    assert ("health", "Alarm checkout is in ALARM.", "workers") == (
        held.kind,
        held.reason,
        held.by,
    )


def test_there_is_one_reader_however_many_workers(world: MigrationWorld, alarms: Alarms) -> None:
    """A reading every 30 seconds."""
    guards = [worker(world, alarms) for _ in range(20)]
    for _ in range(12):
        assert {Order.GO} == {guard.order() for guard in guards}
        world.clock.advance(CONTROL_SECONDS)

    assert 2 == len(alarms.asked)


def test_a_migration_without_alarms_asks_nobody(dynamodb: object, alarms: Alarms) -> None:
    """Nor does it write anything more."""
    world = MigrationWorld(dynamodb)
    guard = worker(world, alarms)

    assert {Order.GO} == set(orders(world, guard, 120))
    assert [] == alarms.asked


def test_an_alarm_holds_and_held_workers_go_on_reading(
    world: MigrationWorld, alarms: Alarms
) -> None:
    """It ends by itself once all are OK for five minutes, at half of the budget."""
    guard = worker(world, alarms)
    assert Order.GO is guard.order()
    alarms.states["checkout"] = "ALARM"
    assert Order.HOLD is orders(world, guard, 35)[-1]
    assert {Order.HOLD} == set(orders(world, guard, 600))
    alarms.states["checkout"] = "OK"

    calm = orders(world, guard, 345)

    went_on = calm.index(Order.GO) * CONTROL_SECONDS
    assert 300 <= went_on <= 340
    assert 50 <= (guard.pacers.write.share or 0) <= 55
    orders(world, guard, 600)
    assert (100, 50) == (guard.pacers.write.share, guard.pacers.read.share)
    noted = list(events(world.ledger, world.record.migration_id))
    assert [("HELD", "health"), ("RELEASED", "health")] == [(e.what, e.kind) for e in noted]
    assert "Alarm checkout is in ALARM" in noted[0].words
    assert "(on hold for 16 minutes: Alarm checkout is in ALARM)" in noted[1].words


def test_an_alarm_that_flaps_holds_throughout(world: MigrationWorld, alarms: Alarms) -> None:
    """Four minutes of OK are no five."""
    guard = worker(world, alarms)
    for _ in range(5):
        alarms.states["stream-lag"] = "ALARM"
        orders(world, guard, 60)
        alarms.states["stream-lag"] = "OK"
        assert {Order.HOLD} == set(orders(world, guard, 240))

    assert ["health"] == kinds(world)


def test_what_cannot_be_read_for_three_minutes_holds(world: MigrationWorld, alarms: Alarms) -> None:
    """A shorter silence is none; readable and OK again, it goes on like after an alarm."""
    guard = worker(world, alarms)
    guard.order()
    alarms.is_down = True
    assert {Order.GO} == set(orders(world, guard, 150))
    alarms.is_down = False
    assert {Order.GO} == set(orders(world, guard, 60))
    alarms.is_down = True
    silent = orders(world, guard, 260)
    assert 150 <= silent.index(Order.HOLD) * CONTROL_SECONDS <= 220

    alarms.is_down = False
    assert Order.GO is orders(world, guard, 345)[-1]


def test_an_alarm_that_was_deleted_is_unknown(world: MigrationWorld, alarms: Alarms) -> None:
    """That is no OK."""
    guard = worker(world, alarms)
    guard.order()
    del alarms.states["checkout"]

    assert Order.HOLD is orders(world, guard, 260)[-1]
    assert (
        "The state of alarm checkout has been unknown"
        in control(world).in_force(world.clock())[0].reason
    )


def test_a_person_s_pause_is_never_ended_by_it(world: MigrationWorld, alarms: Alarms) -> None:
    """Whichever came first."""
    guard = worker(world, alarms)
    guard.order()
    alarms.states["checkout"] = "ALARM"
    orders(world, guard, 35)
    world.command(Command.HOLD)
    alarms.states["checkout"] = "OK"
    orders(world, guard, 400)

    assert (Order.HOLD, ["person"]) == (guard.order(), kinds(world))
    world.command(Command.RUN)
    assert Order.GO is orders(world, guard, 5)[-1]


def test_an_hour_of_it_ends_the_attempt(world: MigrationWorld, alarms: Alarms) -> None:
    """As a pause does; what is unfinished is a new attempt's, which looks at once itself."""
    alarms.states["checkout"] = "ALARM"
    guard = worker(world, alarms)
    guard.order()

    assert Order.QUIT is orders(world, guard, HOLD_SECONDS + 120, every=60)[-1]
    begin(world, 2)
    assert Order.HOLD is worker(world, alarms, 2).order()


def test_a_reader_that_was_overtaken_ends_no_hold(world: MigrationWorld, alarms: Alarms) -> None:
    """It saw OK a while ago; a later reading saw an alarm."""
    guard, other = worker(world, alarms), worker(world, alarms)
    guard.order()
    world.ledger.hold(
        world.record.migration_id, hold(HoldKind.HEALTH, since=world.clock()), attempt=1
    )
    orders(world, guard, 330)
    healthy = dict(alarms.states)

    def slow(names: Sequence[str]) -> dict[str, str]:
        alarms.states["checkout"] = "ALARM"
        world.clock.advance(31)
        assert Order.HOLD is other.order()
        return healthy

    guard.read_alarms = slow
    world.clock.advance(30)
    guard.order()

    assert (["health"], 0.0) == (kinds(world), control(world).healthy_since)
