"""The sensor, in a worker and deferred."""

import re
import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow_ddb_migrate import (
    DistributedMapMigrationSensor,
)
from airflow_ddb_migrate._compat import AirflowFailException, AirflowSensorTimeout
from airflow_ddb_migrate.aws.execution.steering.pause import pause
from airflow_ddb_migrate.aws.execution.watcher import Watcher
from airflow_ddb_migrate.aws.ledger.lanes import Claim
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.core.execution.on_kill import OnKill
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.operators.base.task import MigrationTaskError
from airflow_ddb_migrate.triggers.migration import MigrationEndedTrigger
from botocore.exceptions import NoCredentialsError
from tests.support.factories import TABLE, at, client_error
from tests.support.worlds.airflow_world import KILLED, finish_lanes, make_context, started_world

LANES = 4
NOW = time.time() + 60  # after the start


@pytest.fixture
def world(monkeypatch):
    with started_world(monkeypatch, LANES) as world:
        yield world


def make_sensor(**changes) -> DistributedMapMigrationSensor:
    arguments = {"deferrable": False, "poke_interval": 0}
    return DistributedMapMigrationSensor(
        task_id="wait", table_name=TABLE, **{**arguments, **changes}
    )


def wait(sensor=None, **context):
    return (sensor or make_sensor()).execute(make_context(**context))


def succeed(world) -> None:
    finish_lanes(world.site, range(LANES))
    world.stepfunctions.end_all("SUCCEEDED")


def test_success(world):
    """Success returns the counts of items."""
    succeed(world)
    counts = wait()
    assert (40, 40, 0) == (counts["seen"], counts["changed"], counts["gone"])


def test_waits(world):
    """While the execution runs, a look is not the end."""
    assert not make_sensor().poke(make_context())


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"])
def test_failure_says_why(world, status):
    """A failed migration fails at once, with status, error, cause and what to do."""
    finish_lanes(world.site, range(3))
    world.stepfunctions.end_all(status, error="States.Runtime", cause="the Lambda is gone")
    with pytest.raises(AirflowFailException) as caught:
        wait()
    message = str(caught.value)
    assert message.startswith(f"Migration {world.site.migration_id} failed. 1 of 4 segments are")
    assert f"the execution is {status}." in message
    assert "Error: States.Runtime. Cause: the Lambda is gone." in message
    assert "clear the start task" in message


def test_success_of_the_execution_is_not_enough(world):
    """An execution that succeeded with unfinished segments is a failure."""
    world.stepfunctions.end_all("SUCCEEDED")
    with pytest.raises(AirflowFailException, match="4 of 4 segments are unfinished"):
        wait()


def test_never_started(world):
    """Waiting for what was never started says to start it."""
    with pytest.raises(AirflowFailException, match="Run the start task first"):
        wait(run_id="another")


def told_by(world, times, meanwhile):
    """What a watcher tells at these times; ``meanwhile`` is called before each look."""
    told, now = [], [0.0]
    clock = Clock(now=lambda: now[0])
    watcher = Watcher(lambda: replace(world.site, clock=clock), clock=clock)
    watcher._log = SimpleNamespace(info=lambda _format, *words: told.append("".join(words)))
    for number, now[0] in enumerate(times):
        meanwhile(number)
        watcher.poke()
    return told


def test_progress_once_per_change(world):
    """Progress is told when it changes, with the rate since it was last told."""

    def work(number):
        if number == 1:
            finish_lanes(world.site, range(2))

    told = told_by(world, [NOW, NOW + 10, NOW + 20], work)

    assert 2 == len(told)
    assert "2 of 4 segments done (50 %)" in told[1]
    assert "20 items seen, 20 changed. Items per second: 2 now" in told[1]


def test_progress_at_a_fair_rhythm(world):
    """A line every half minute after the first three; a hold is told at once."""

    def work(number):
        claim = Claim(
            migration_id=world.site.migration_id, attempt=1, lane=0, owner=f"worker {number}"
        )
        row = world.site.lanes.take(claim, NOW + number)
        world.site.lanes.give_back(claim, replace(row, counts=Counts(seen=number)), NOW + number)
        if number == 70:
            pause(at(world.site, NOW + number), by="ann", reason="sale")

    told = told_by(world, [NOW + second for second in range(75)], work)

    seen = [int(re.search(r"([\d,]+) items seen", line)[1]) for line in told]
    assert [0, 1, 2, 32, 62, 70] == seen
    assert "On hold: paused by ann: sale" in told[-1]
    assert "Time left: unknown while it is on hold." in told[-1]


def test_survives_an_outage(world, capsys):
    """A call that AWS fails does not end a watch; the next look goes on."""
    succeed(world)
    world.stepfunctions.failing = [client_error("InternalServerError", message="try later")] * 3
    assert 40 == wait()["seen"]
    assert 3 == capsys.readouterr().out.count("AWS did not answer, trying again later")


@pytest.mark.parametrize(
    "error", [client_error("ExpiredTokenException"), NoCredentialsError()], ids=["expired", "none"]
)
def test_survives_credentials_that_are_away_for_a_moment(world, capsys, error):
    """Those of a role come back; a healthy migration must not be stopped for that."""
    succeed(world)
    world.stepfunctions.failing = [error] * 2
    assert 40 == wait()["seen"]
    assert 2 == capsys.readouterr().out.count("AWS did not answer, trying again later")


def test_gives_up_after_a_long_outage(world):
    """A watch ends, and may be retried, when AWS has not answered for too long."""
    times = iter([0.0, 1_800.0, 3_600.0])
    world.stepfunctions.failing = [client_error("InternalServerError")] * 3
    watcher = Watcher(lambda: world.site, clock=Clock(now=lambda: next(times)))
    assert [None, None] == [watcher.poke(), watcher.poke()]
    with pytest.raises(AwsRequestError, match="AWS has not answered for 3600 s"):
        watcher.poke()


def test_rescheduled_sensor_leaves_patience_to_its_retries(world):
    """A sensor that is rescheduled keeps no memory of failures: each is a retryable error."""
    world.stepfunctions.failing = [client_error("InternalServerError")]
    with pytest.raises(MigrationTaskError, match="AWS has not answered"):
        make_sensor(mode="reschedule").poke(make_context())


def test_timeout_is_a_year_by_default():
    """The default timeout is what an execution may last, not Airflow's seven days."""
    sensor = DistributedMapMigrationSensor(task_id="wait", table_name=TABLE)
    assert timedelta(days=365).total_seconds() == sensor.timeout
    assert timedelta(seconds=30).total_seconds() == sensor.poke_interval


def test_timeout_stops(world):
    """A wait that ran into its timeout stops the migration."""
    with pytest.raises(AirflowSensorTimeout):
        wait(make_sensor(timeout=0))
    assert ["ABORTED"] == world.stepfunctions.statuses


def test_timeout_while_deferred_stops(world):
    """A deferred wait that ran into its timeout stops the migration, too."""
    with pytest.raises(AirflowSensorTimeout):
        make_sensor().resume_execution("__fail__", {"error": "Trigger timeout"}, make_context())
    assert ["ABORTED"] == world.stepfunctions.statuses


@pytest.mark.parametrize(("on_kill", "expected"), KILLED)
def test_on_kill(world, on_kill, expected):
    """Killing the task stops the execution, unless it was told to pause or leave it."""
    sensor = make_sensor(on_kill=on_kill)
    sensor.poke(make_context())
    sensor.on_kill()
    assert expected == (world.stepfunctions.statuses[0], world.command)


def test_kill_before_the_first_look():
    """A task that was killed before it looked has nothing to stop."""
    make_sensor().on_kill()


def test_on_kill_is_checked():
    """A misspelt on_kill is refused when the DAG is parsed."""
    with pytest.raises(
        ValueError, match='on_kill is \'halt\'; it must be "stop", "pause" or "leave"'
    ):
        make_sensor(on_kill="halt")


def test_defers_while_it_runs(world, monkeypatch):
    """A deferrable sensor looks once, then waits in the triggerer with all it needs."""
    sensor = make_sensor(deferrable=True, poke_interval=5, on_kill="leave", region_name="eu-west-1")
    deferred = {}
    monkeypatch.setattr(sensor, "defer", lambda **kwargs: deferred.update(kwargs))
    context = make_context()
    sensor.execute(context)
    trigger = deferred["trigger"]
    assert isinstance(trigger, MigrationEndedTrigger)
    assert (5, OnKill.LEAVE, "eu-west-1") == (
        trigger.poke_interval,
        trigger.when_killed,
        trigger.address.region_name,
    )
    assert timedelta(days=365) == deferred["timeout"]
    assert "_link_MigrationExecutionLink" in context["ti"].pushed


def test_does_not_defer_for_what_is_over(world):
    """A deferrable sensor that finds the end at its first look ends there."""
    succeed(world)
    assert 40 == wait(make_sensor(deferrable=True))["seen"]


def test_execute_complete():
    """The trigger's counts are the task's result, its message the task's error."""
    event = {"status": "success", "message": "done", "counts": {"seen": 3}}
    assert {"seen": 3} == make_sensor().execute_complete(make_context(), event)
    failed = {"status": "error", "message": "Migration m failed.", "retryable": False}
    with pytest.raises(AirflowFailException, match="Migration m failed"):
        make_sensor().execute_complete(make_context(), failed)
