"""A migration that its alarms have ended goes on when they are well, by Airflow's wait alone."""

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.steering import pause
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import HOLD_SECONDS
from tests.support.factories import MIGRATION, hold
from tests.support.worlds.site_world import SiteWorld


def held_for_an_hour(world: SiteWorld, *kinds: HoldKind) -> None:
    """Its first attempt was on hold for so long that its workers ended."""
    world.cloudwatch.alarms["checkout"] = "ALARM"
    world.start(hold_while=["checkout"])
    world.lane(0, LaneState.PENDING)
    for kind in kinds:
        record = hold(kind, reason="Alarm checkout is in ALARM.", since=world.clock())
        assert world.site.ledger.hold(MIGRATION, record, attempt=1)
    world.clock.advance(HOLD_SECONDS + 90)
    world.end(1, ExecutionStatus.SUCCEEDED)


def tended(world: SiteWorld, seconds: float = 0) -> tuple[Outcome, int]:
    world.clock.advance(seconds)
    seen = tend(world.site)
    return seen.verdict.outcome, seen.attempt.number


def test_the_wait_begins_the_next_attempt_when_the_alarms_are_well(world: SiteWorld) -> None:
    """OK for five minutes, as while it runs; it begins at half of its budget."""
    held_for_an_hour(world, HoldKind.HEALTH)
    assert (Outcome.WAITING, 1) == tended(world)
    assert "Alarm checkout is in ALARM." in tend(world.site).verdict.reason
    world.cloudwatch.alarms["checkout"] = "OK"

    assert [(Outcome.WAITING, 1)] * 2 == [tended(world, 60), tended(world, 240)]
    assert (Outcome.RUNNING, 2) == tended(world, 60)

    control = world.site.ledger.control(MIGRATION)
    assert control is not None
    assert ((), ("checkout",), world.clock()) == (
        control.in_force(world.clock()),
        control.hold_while,
        control.eased_at,
    )


def test_alarms_that_cannot_be_read_are_not_well(world: SiteWorld) -> None:
    """Nor is one that is gone."""
    held_for_an_hour(world, HoldKind.HEALTH)
    del world.cloudwatch.alarms["checkout"]

    assert {(Outcome.WAITING, 1)} == {tended(world, 300) for _ in range(4)}
    assert "is unknown for 3 minutes" in tend(world.site).verdict.reason


@pytest.mark.parametrize("kind", [HoldKind.PERSON, HoldKind.MONEY])
def test_another_hold_beside_it_ends_it_as_before(world: SiteWorld, kind: HoldKind) -> None:
    """Nobody but a person ends that one, so the wait fails and says how to go on."""
    held_for_an_hour(world, HoldKind.HEALTH, kind)
    world.cloudwatch.alarms["checkout"] = "OK"

    assert (Outcome.FAILED, 1) == tended(world, 600)
    assert "clear the tasks from prewarm on" in observe(world.site).verdict.reason


def test_a_pause_while_it_waits_keeps_it_from_beginning(world: SiteWorld) -> None:
    """It is a person's."""
    held_for_an_hour(world, HoldKind.HEALTH)
    assert (Outcome.WAITING, 1) == tended(world)
    pause(world.site, by="ann")
    world.cloudwatch.alarms["checkout"] = "OK"

    assert 1 == tended(world, 900)[1]
    assert 1 == tended(world, 900)[1]
