"""The next attempt begins by itself, whatever fails while it does, and whatever a person says."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.stop import stop_now
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.report.status import status_of
from airflow_ddb_migrate.core.errors import AwsRequestError, SteeringError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import HOLD_SECONDS, START_SEEN_SECONDS
from botocore.exceptions import EndpointConnectionError
from tests.support.factories import MIGRATION, client_error
from tests.support.worlds.site_world import SiteWorld, arn_of
from tests.support.worlds.waiting_world import (
    NIGHTS,
    WAITS,
    Wait,
    after_its_alarms,
    after_its_window,
    at_each_moment,
    before_its_first_window,
    clock_at,
    control_of,
    fail,
    looks,
    number_of,
)


def lost(world: SiteWorld, wait: Wait = after_its_window, **fields: Any) -> int:
    """Its wait has written the next attempt down, but AWS has not taken StartExecution."""
    number = wait(world, **fields)
    start = world.stepfunctions.start_execution
    world.stepfunctions.start_execution = refuse  # type: ignore[method-assign]
    with pytest.raises(AwsRequestError):
        tend(world.site)
    world.stepfunctions.start_execution = start  # type: ignore[method-assign]
    return number


def refuse(**_: Any) -> None:
    raise client_error("ThrottlingException", "StartExecution")


@pytest.mark.story
@pytest.mark.parametrize(
    ("wait", "is_before"),
    [
        (after_its_window, True),
        (after_its_window, False),
        (before_its_first_window, True),
        (after_its_alarms, False),
    ],
)
def test_a_call_that_fails_is_made_again(
    make_world: Callable[..., SiteWorld], dynamodb: Any, wait: Wait, is_before: bool
) -> None:
    """Each in turn, refused or with its answer lost; nothing is started twice."""
    for world, attempt in at_each_moment(make_world, dynamodb, wait, fail, is_before=is_before):
        seen = looks(world)

        assert {Outcome.RUNNING} == {*seen} - {Outcome.WAITING}
        assert Outcome.RUNNING is seen[-1]
        assert [arn_of(n + 1) for n in range(attempt)] == list(world.stepfunctions.executions)
        assert attempt == number_of(world) == control_of(world).attempt


@pytest.mark.story
@pytest.mark.parametrize("wait", [after_its_window, before_its_first_window])
def test_a_pause_that_comes_meanwhile_is_kept(
    make_world: Callable[..., SiteWorld], dynamodb: Any, wait: Wait
) -> None:
    """It holds whatever begins until a resume; or it is refused, and then nothing is changed."""
    done: list[str] = []

    def paused(world: SiteWorld) -> None:
        done.append(_done(lambda: pause(world.site, by="ann", reason="sale")))

    for world, attempt in at_each_moment(make_world, dynamodb, wait, paused):
        seen, is_held = looks(world), bool(control_of(world).in_force(world.clock()))

        assert (bool(done[-1]), False) == (is_held, Outcome.FAILED in seen)
        if is_held:
            assert "paused by ann: sale" in observe(world.site).verdict.reason
            has_begun = attempt == control_of(world).attempt
            assert has_begun or arn_of(attempt) not in world.stepfunctions.executions
            resume(world.site, by="ann")
        assert Outcome.RUNNING is looks(world)[-1]
        assert attempt == number_of(world) == control_of(world).attempt
    assert any(done)


@pytest.mark.story
def test_a_stop_that_comes_meanwhile_ends_it(
    make_world: Callable[..., SiteWorld], dynamodb: Any
) -> None:
    """Nothing begins any more, or workers are told before they begin; or it is refused."""
    done: list[str] = []

    def stopped(world: SiteWorld) -> None:
        done.append(_done(lambda: stop_now(world.site, by="ann", patience_seconds=0)))

    for world, attempt in at_each_moment(make_world, dynamodb, after_its_window, stopped):
        seen = looks(world)

        assert bool(done[-1]) == (Command.STOP is control_of(world).command)
        if done[-1]:
            world.stepfunctions.end_all("SUCCEEDED")
            assert (Outcome.FAILED, attempt) >= (looks(world)[-1], number_of(world))
            assert "It was stopped: by ann." in observe(world.site).verdict.reason
        else:
            assert Outcome.RUNNING is seen[-1]
    assert any(done)


def _done(steer: Callable[[], str]) -> str:
    """Return what was done; empty when it was refused."""
    try:
        return steer()
    except SteeringError:
        return ""


@pytest.mark.parametrize("wait", WAITS)
def test_it_says_in_words_that_it_is_tried_again(world: SiteWorld, wait: Wait) -> None:
    """For two minutes AWS may only not show it. Nothing has failed."""
    lost(world, wait)
    assert Outcome.RUNNING is observe(world.site).verdict.outcome

    world.clock.advance(START_SEEN_SECONDS)

    seen = observe(world.site)
    assert Outcome.WAITING is seen.verdict.outcome
    assert "Its execution did not start. The waiting task tries" in seen.verdict.reason
    assert seen.verdict.reason == status_of(world.site, events_shown=1).seen.verdict.reason


def test_a_pause_keeps_it_from_being_tried_again(world: SiteWorld) -> None:
    """However long: nothing runs, so no execution is ended by it."""
    lost(world)
    world.clock.advance(START_SEEN_SECONDS)

    said = pause(world.site, by="ann", reason="sale")

    assert "while it waits (sale): no attempt starts before it is resumed" in said
    assert {Outcome.WAITING} == {*looks(world, (30, HOLD_SECONDS, 30))}
    assert "Resumed attempt 2" in resume(world.site, by="ann")
    assert [Outcome.RUNNING] == looks(world, [30])


def test_it_can_be_paused_while_its_start_keeps_failing(world: SiteWorld) -> None:
    """Each try takes it for started for two minutes; nobody has to wait for them."""
    lost(world)

    assert "Paused" in pause(world.site, by="ann", reason="sale")

    assert {Outcome.RUNNING, Outcome.WAITING} >= {*looks(world, (30, START_SEEN_SECONDS, 30))}
    assert [arn_of(1)] == list(world.stepfunctions.executions)


def test_a_stop_ends_what_would_be_tried_again(world: SiteWorld) -> None:
    lost(world)
    world.clock.advance(START_SEEN_SECONDS)

    assert "No further attempt starts" in stop_now(world.site, by="ann", reason="enough")

    assert {Outcome.FAILED} == {*looks(world)}
    assert [arn_of(1)] == list(world.stepfunctions.executions)


def test_a_window_that_ends_before_it_starts_is_waited_out(world: SiteWorld) -> None:
    """Its number is used in the next one."""
    lost(world)
    world.clock.now = clock_at("12-02 06:00")

    assert Outcome.WAITING is tend(world.site).verdict.outcome
    assert "next window begins at 2026-12-02T22:00" in observe(world.site).verdict.reason

    world.clock.now = clock_at("12-02 22:00")
    assert Outcome.RUNNING is tend(world.site).verdict.outcome
    assert (2, clock_at("12-03 06:00")) == (number_of(world), control_of(world).closes_at)


def test_after_its_alarms_it_is_tried_again_at_half_of_its_budget(world: SiteWorld) -> None:
    lost(world, after_its_alarms)

    assert Outcome.RUNNING is looks(world)[-1]

    assert 0 < world.clock() - control_of(world).eased_at < START_SEEN_SECONDS


def test_what_a_start_task_did_not_get_started_is_not_tried_again(world: SiteWorld) -> None:
    """The task has failed and says why: a person clears it, also between two windows."""
    after_its_window(world)
    world.stepfunctions.start_execution = refuse  # type: ignore[method-assign]
    with pytest.raises(AwsRequestError):
        world.start(windows=NIGHTS)
    world.clock.advance(START_SEEN_SECONDS)

    assert (Outcome.FAILED, 2) == (tend(world.site).verdict.outcome, number_of(world))


def test_a_start_task_takes_over_what_would_be_tried_again(world: SiteWorld) -> None:
    """Under the number that nobody has used."""
    lost(world)

    assert 2 == world.start(windows=NIGHTS).attempt

    assert [arn_of(1), arn_of(2)] == list(world.stepfunctions.executions)
    assert Outcome.RUNNING is looks(world)[-1]


def test_one_whose_start_was_never_confirmed_has_ended_all_the_same(world: SiteWorld) -> None:
    """Its answer was lost; it ran until its window ended."""
    after_its_window(world)
    world.dynamodb.before = unconfirmed
    with suppress(AwsRequestError):
        tend(world.site)
    world.dynamodb.before = lambda *_: None
    world.clock.now = clock_at("12-02 06:00")
    world.end(2, ExecutionStatus.SUCCEEDED)

    assert Outcome.WAITING is tend(world.site).verdict.outcome

    ended = [attempt.result for attempt in world.site.ledger.attempts(MIGRATION)]
    assert [Outcome.WAITING, Outcome.WAITING] == ended
    world.clock.now = clock_at("12-02 22:00")
    assert (Outcome.RUNNING, 3) == (tend(world.site).verdict.outcome, number_of(world))


def unconfirmed(_: str, arguments: dict[str, Any]) -> None:
    is_about = {"#started_at": "started_at"} == arguments.get("ExpressionAttributeNames")
    if is_about:
        raise EndpointConnectionError(endpoint_url="https://aws")
