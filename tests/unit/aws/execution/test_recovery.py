"""A migration that its alarms have ended goes on when they are well, by Airflow's wait alone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import HOLD_SECONDS
from tests.support.factories import MIGRATION, hold
from tests.support.worlds.site_world import SiteWorld, arn_of


def held_for_an_hour(world: SiteWorld, *kinds: HoldKind, **fields: Any) -> None:
    """Its first attempt was on hold for so long that its workers ended."""
    world.cloudwatch.alarms["checkout"] = "ALARM"
    world.start(hold_while=["checkout"], **fields)
    world.lane(0, LaneState.PENDING)
    for kind in kinds:
        record = hold(kind, reason="Alarm checkout is in ALARM.", since=world.clock())
        assert world.site.ledger.hold(MIGRATION, record, attempt=1)
    world.clock.advance(HOLD_SECONDS + 90)
    world.stepfunctions.end(arn_of(1), ExecutionStatus.SUCCEEDED, at=world.clock())


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
    assert "has been unknown for 3 minutes" in tend(world.site).verdict.reason


@pytest.mark.parametrize("kind", [HoldKind.PERSON, HoldKind.MONEY])
def test_another_hold_beside_it_ends_it_as_before(world: SiteWorld, kind: HoldKind) -> None:
    """Nobody but a person ends that one, so the wait fails and says how to go on."""
    held_for_an_hour(world, HoldKind.HEALTH, kind)
    world.cloudwatch.alarms["checkout"] = "OK"

    assert (Outcome.FAILED, 1) == tended(world, 600)
    assert "clear the tasks from prewarm on" in observe(world.site).verdict.reason


def test_a_pause_while_it_waits_keeps_it_from_beginning(world: SiteWorld) -> None:
    """It is a person's, who resumes it; however long it took, it goes on then."""
    held_for_an_hour(world, HoldKind.HEALTH)
    assert (Outcome.WAITING, 1) == tended(world)
    assert "no attempt starts before it is resumed" in pause(world.site, by="ann", reason="sale")
    world.cloudwatch.alarms["checkout"] = "OK"

    assert {(Outcome.WAITING, 1)} == {tended(world, 900) for _ in range(6)}
    assert "No attempt starts while it is on hold: paused by ann: sale." in reason_of(world)

    assert "Ended the hold" in resume(world.site, by="ann")
    assert (Outcome.RUNNING, 2) == tended(world)


@pytest.mark.parametrize("kind", [HoldKind.PERSON, HoldKind.MONEY])
def test_a_hold_that_did_not_end_it_is_waited_for(world: SiteWorld, kind: HoldKind) -> None:
    """It came when the alarms had held it for half an hour."""
    world.cloudwatch.alarms["checkout"] = "ALARM"
    world.start(hold_while=["checkout"])
    for each, seconds in ((HoldKind.HEALTH, 1_800), (kind, 1_900)):
        record = hold(each, since=world.clock())
        assert world.site.ledger.hold(MIGRATION, record, attempt=1)
        world.clock.advance(seconds)
    world.stepfunctions.end(arn_of(1), ExecutionStatus.SUCCEEDED, at=world.clock())
    world.cloudwatch.alarms["checkout"] = "OK"

    assert {(Outcome.WAITING, 1)} == {tended(world, 900) for _ in range(6)}


def test_it_waits_on_when_its_hours_end(world: SiteWorld) -> None:
    """For its alarms and then for the next window."""
    world.clock.now = at("11-30 22:30")
    held_for_an_hour(world, HoldKind.HEALTH, windows=["22:00-06:00 UTC"])
    assert (Outcome.WAITING, 1) == tended(world)

    world.clock.now = at("12-01 06:00")
    assert (Outcome.WAITING, 1) == tended(world)
    assert "Its alarms held it for over an hour" in reason_of(world)
    assert "The next window begins at 2026-12-01T22:00" in reason_of(world)

    world.clock.now = at("12-01 22:00")
    assert (Outcome.WAITING, 1) == tended(world)
    world.cloudwatch.alarms["checkout"] = "OK"
    assert [(Outcome.WAITING, 1), (Outcome.RUNNING, 2)] == [tended(world, 60), tended(world, 300)]


def test_alarms_that_are_well_by_day_wait_for_the_night(world: SiteWorld) -> None:
    world.clock.now = at("11-30 22:30")
    held_for_an_hour(world, HoldKind.HEALTH, windows=["22:00-06:00 UTC"])
    world.cloudwatch.alarms["checkout"] = "OK"

    world.clock.now = at("12-01 06:00")
    assert {(Outcome.WAITING, 1)} == {tended(world, 600) for _ in range(6)}
    world.clock.now = at("12-01 22:00")
    assert (Outcome.RUNNING, 2) == tended(world)


def reason_of(world: SiteWorld) -> str:
    return observe(world.site).verdict.reason


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC).timestamp()
