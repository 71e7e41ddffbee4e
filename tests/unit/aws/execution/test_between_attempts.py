"""What a person says while a migration waits holds for its next attempt, too."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.aws.execution.steering.stop import begin_stop, stop_now
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import LedgerBusyError, SteeringError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.core.ledger.results import Outcome
from tests.support.factories import MIGRATION
from tests.support.worlds.site_world import SiteWorld
from tests.support.worlds.waiting_world import (
    NIGHTS,
    WAITS,
    Wait,
    after_its_window,
    at_each_moment,
    before_its_first_window,
    clock_at,
    control_of,
    looks,
    number_of,
)

ASKED = {"read_units_per_second": 50.0, "write_units_per_second": 40.0}


def budgets(world: SiteWorld) -> tuple[int, float, float]:
    control = control_of(world)
    return control.attempt, control.read_units_per_second, control.write_units_per_second


def next_night(world: SiteWorld, attempt: int, day: int) -> None:
    world.clock.now = clock_at(f"12-{day:02} 06:00")
    world.end(attempt, ExecutionStatus.SUCCEEDED)
    assert Outcome.WAITING is tend(world.site).verdict.outcome
    world.clock.now = clock_at(f"12-{day:02} 22:00")
    assert Outcome.RUNNING is tend(world.site).verdict.outcome


@pytest.mark.parametrize("wait", WAITS)
def test_its_budgets_are_those_that_a_person_gave(world: SiteWorld, wait: Wait) -> None:
    """What was not given stays as it was asked for."""
    number = wait(world, **ASKED)

    retune(world.site, by="ann", write_units_per_second=7)

    assert Outcome.RUNNING is looks(world)[-1]
    assert (number, 50, 7) == budgets(world)
    (latest,) = events(world.site.ledger, MIGRATION, 1)
    assert 7 == latest.budget["write_units_per_second"]


def test_they_hold_for_every_night(world: SiteWorld) -> None:
    """Also those that were given while it ran."""
    after_its_window(world, **ASKED)
    assert Outcome.RUNNING is tend(world.site).verdict.outcome
    retune(world.site, by="ann", write_units_per_second=7)

    next_night(world, 2, 2)
    next_night(world, 3, 3)

    assert (4, 50, 7) == budgets(world)


def test_they_are_within_the_author_s(world: SiteWorld) -> None:
    """Whatever the ledger says: 0 would be no budget at all."""
    limits = AuthorRules.of({"max_units_per_second": 100})
    after_its_window(world, **ASKED, limits=limits)
    figures = {"read_units_per_second": 0.0, "write_units_per_second": 900.0}
    world.site.ledger.retune(MIGRATION, 1, figures)

    assert Outcome.RUNNING is tend(world.site).verdict.outcome
    assert (2, 100, 100) == budgets(world)


@pytest.mark.parametrize("when", ["12-01 22:00", "12-01 12:00"])
def test_a_start_task_that_runs_again_has_its_own(world: SiteWorld, when: str) -> None:
    """Who clears it, or triggers another run, says anew what to do."""
    after_its_window(world, **ASKED)
    retune(world.site, by="ann", write_units_per_second=7)
    world.clock.now = clock_at(when)

    world.start(windows=NIGHTS, **ASKED)

    assert (2, 50, 40) == budgets(world)


@pytest.mark.story
def test_a_retune_while_it_begins_is_not_lost(
    make_world: Callable[..., SiteWorld], dynamodb: Any
) -> None:
    """It is in force, or was refused."""
    done: list[bool] = []

    def retuned(world: SiteWorld) -> None:
        done.append(False)
        with suppress(SteeringError):
            retune(world.site, by="ann", write_units_per_second=7)
            done[-1] = True

    for world, number in at_each_moment(make_world, dynamodb, after_its_window, retuned, **ASKED):
        assert Outcome.RUNNING is looks(world)[-1]
        assert (number, 50, 7 if done[-1] else 40) == budgets(world)
    assert any(done)


@pytest.mark.parametrize("wait", [after_its_window, before_its_first_window])
def test_a_start_task_outside_the_hours_keeps_a_pause(world: SiteWorld, wait: Wait) -> None:
    """It starts nothing, so it does not resume either; Airflow may have run it again by itself."""
    number = wait(world)
    pause(world.site, by="ann", reason="sale")
    world.clock.now = clock_at("12-01 12:00")

    started = world.start(windows=NIGHTS)

    assert number == started.attempt
    assert "paused by ann: sale" in started.explanation
    world.clock.now = clock_at("12-01 22:00")
    assert {Outcome.WAITING} == {*looks(world)}
    resume(world.site, by="ann")
    assert Outcome.RUNNING is looks(world)[-1]


def test_a_pause_that_a_start_task_ends_is_over_outside_the_hours_too(world: SiteWorld) -> None:
    """It had ended the execution, and the words of that were to clear the start task."""
    world.clock.now = clock_at("11-30 22:30")
    world.start(windows=NIGHTS)
    pause(world.site, by="ann", reason="sale")
    world.clock.now = clock_at("12-01 04:00")
    world.stepfunctions.end_all("SUCCEEDED")
    assert Outcome.FAILED is tend(world.site).verdict.outcome
    world.clock.now = clock_at("12-01 12:00")

    world.start(windows=NIGHTS)

    assert () == control_of(world).in_force(world.clock())
    world.clock.now = clock_at("12-01 22:00")
    assert Outcome.RUNNING is tend(world.site).verdict.outcome


@pytest.mark.parametrize("write", ["renew_attempt", "create_attempt"])
def test_a_pause_in_the_moment_of_a_start_is_not_lost(
    world: SiteWorld, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    """It comes when the number is taken and before the control record says so."""
    waits = {"renew_attempt": before_its_first_window, "create_attempt": after_its_window}
    waits[write](world)
    world.clock.now = clock_at("12-01 12:00")
    taken = getattr(Ledger, write)

    def paused(*given: Any) -> Any:
        pause(world.site, by="ann", reason="sale")
        return taken(*given)

    monkeypatch.setattr(Ledger, write, paused)
    with pytest.raises(LedgerBusyError, match="or the migration was paused"):
        world.start(windows=NIGHTS)

    assert "paused by ann: sale" in observe(world.site).verdict.reason


@pytest.mark.parametrize("is_paused", [True, False])
def test_a_window_that_ends_while_the_next_attempt_begins(
    world: SiteWorld, *, is_paused: bool
) -> None:
    """It waits for the one after that, with what a person said meanwhile."""
    after_its_window(world, **ASKED)
    retune(world.site, by="ann", write_units_per_second=7)

    def late(_: Any) -> dict[str, Any]:
        world.clock.now = clock_at("12-02 05:55")
        if is_paused:
            pause(world.site, by="ann", reason="sale")
        return {"ok": True, "error": "", "hash": "hash-1"}

    asked, world.lambda_.answer = world.lambda_.answer, late
    assert Outcome.WAITING is tend(world.site).verdict.outcome
    world.lambda_.answer = asked

    assert is_paused == ("paused by ann: sale" in observe(world.site).verdict.reason)
    world.clock.now = clock_at("12-02 22:00")
    assert {Outcome.WAITING if is_paused else Outcome.RUNNING} == {*looks(world)}
    if is_paused:
        resume(world.site, by="ann")
        assert Outcome.RUNNING is looks(world)[-1]
    assert (number_of(world), 50, 7) == budgets(world)


def test_a_stop_that_is_overtaken_stops_what_began(world: SiteWorld) -> None:
    """It found the migration waiting, and its next attempt begins before the STOP is written."""
    after_its_window(world)
    before_the_stop(world, lambda: tend(world.site))

    assert f"Stopped attempt 2 of {MIGRATION}" in stop_now(world.site, by="ann", patience_seconds=0)

    assert (Command.STOP, "ABORTED") == (control_of(world).command, world.stepfunctions.statuses[1])


def test_a_stop_that_does_not_wait_says_that_it_was_overtaken(world: SiteWorld) -> None:
    """The other attempt runs on: whoever pressed the button has to know."""
    after_its_window(world)
    before_the_stop(world, lambda: tend(world.site))

    with pytest.raises(SteeringError, match="another attempt has begun"):
        begin_stop(world.site, by="ann")

    assert Command.RUN is control_of(world).command


def before_the_stop(world: SiteWorld, happens: Callable[[], object]) -> None:
    def before(name: str, arguments: dict[str, Any]) -> None:
        values = arguments.get("ExpressionAttributeValues", {})
        if name == "update_item" and {"S": "STOP"} == values.get(":command"):
            world.dynamodb.before = lambda *_: None
            happens()

    world.dynamodb.before = before
