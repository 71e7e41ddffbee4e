"""The triggers: what they carry, what they tell, and what a kill does."""

import asyncio
import json
import threading
from dataclasses import asdict

import pytest
from airflow_ddb_migrate import StartDistributedMapMigrationOperator
from airflow_ddb_migrate.core.capacity.changes import CapacityChange, changes_to_json
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits, Setting
from airflow_ddb_migrate.hooks.migration import SiteAddress
from airflow_ddb_migrate.triggers._events import in_thread
from airflow_ddb_migrate.triggers.migration import MigrationEndedTrigger
from airflow_ddb_migrate.triggers.prewarm import CapacityRaisedTrigger
from tests.support.factories import TABLE, client_error
from tests.support.worlds.airflow_world import (
    KILLED,
    finish_lanes,
    first_event,
    make_context,
    table_world,
)

ADDRESS = asdict(
    SiteAddress(
        table_name=TABLE,
        stack_name="ddb-migrate",
        dag_id="d",
        run_id="r",
        region_name="us-east-1",
        botocore_config={"read_timeout": 5},
    )
)
RAISED = CapacityChange("", Setting.PROVISIONED, CapacityUnits(5, 5), CapacityUnits(9, 9))


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


def start():
    operator = StartDistributedMapMigrationOperator(
        task_id="start", table_name=TABLE, total_segments=2
    )
    operator.execute(make_context())
    return operator.open_site(make_context())


def make_ended(**changes) -> MigrationEndedTrigger:
    return MigrationEndedTrigger(**{"poke_interval": 0, **ADDRESS, **changes})


def make_raised(**changes) -> CapacityRaisedTrigger:
    arguments = {
        "before": "{}",
        "changes": changes_to_json([RAISED]),
        "deadline": 0.0,
        "poke_interval": 0,
    }
    return CapacityRaisedTrigger(**{**arguments, **ADDRESS, **changes})


@pytest.mark.parametrize("trigger", [make_ended(), make_raised()], ids=lambda t: type(t).__name__)
def test_round_trip(trigger):
    """A trigger is made again from plain data, on whatever machine."""
    path, kwargs = trigger.serialize()
    again = type(trigger)(**json.loads(json.dumps(kwargs)))
    assert f"{type(trigger).__module__}.{type(trigger).__name__}" == path
    assert (path, kwargs) == again.serialize()
    assert trigger.address == again.address


def test_success(world):
    """The end of a migration is an event with its counts."""
    finish_lanes(start(), range(2))
    world.stepfunctions.end_all("SUCCEEDED")
    event = first_event(make_ended())
    assert ("success", 20) == (event["status"], event["counts"]["seen"])


def test_failure(world):
    """A failed migration is an event with the whole reason, and no retry."""
    site = start()
    world.stepfunctions.end_all("FAILED", error="E", cause="C")
    event = first_event(make_ended())
    assert ("error", False) == (event["status"], event["retryable"])
    assert event["message"].startswith(f"Migration {site.migration_id} failed.")
    assert "Error: E. Cause: C." in event["message"]


def test_outage(world):
    """A call that AWS fails is borne, the watch goes on."""
    finish_lanes(start(), range(2))
    world.stepfunctions.end_all("SUCCEEDED")
    world.stepfunctions.failing = [client_error("ThrottlingException")] * 2
    assert "success" == first_event(make_ended())["status"]


def test_denied_is_an_event(world):
    """What another look cannot fix ends the watch with its message."""
    start()
    world.stepfunctions.failing = [client_error("AccessDeniedException", message="not you")]
    event = first_event(make_ended())
    assert ("error", False) == (event["status"], event["retryable"])
    assert "Access denied: states:DescribeExecution on arn:aws:states" in event["message"]


def test_missing_table_is_an_event(world):
    """A watch of a table that is gone says so."""
    event = first_event(make_ended(table_name="nowhere"))
    assert "Table 'nowhere' does not exist in us-east-1." in event["message"]


@pytest.mark.parametrize(("on_kill", "expected"), KILLED)
def test_on_kill(world, on_kill, expected):
    """A person who ends the waiting task stops the execution, or what it was told to do."""
    start()
    trigger = make_ended(on_kill=on_kill)
    assert on_kill == trigger.serialize()[1]["on_kill"]
    asyncio.run(trigger.on_kill())
    assert expected == (world.stepfunctions.statuses[0], world.command)


def test_nothing_to_pause(world):
    """What never began, or is over, is only told as that."""
    asyncio.run(make_ended(on_kill="pause").on_kill())
    start()
    world.stepfunctions.end_all("FAILED")
    asyncio.run(make_ended(on_kill="pause").on_kill())
    assert "RUN" == world.command


def test_triggerer_restart_goes_on(world):
    """A triggerer that shuts down cancels the watch; the execution runs on."""
    start()

    async def cancelled() -> None:
        task = asyncio.ensure_future(anext(make_ended(poke_interval=60).run()))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert ["RUNNING"] == world.stepfunctions.statuses


def test_capacity_is_there(world):
    """The wait for capacity ends when the table shows what was raised."""
    world.set_units(9, 9)
    event = first_event(make_raised())
    assert ("success", "{}") == (event["status"], event["before"])


def test_capacity_is_late(world):
    """After the deadline the event names what is not there."""
    event = first_event(make_raised())
    assert "error" == event["status"]
    assert "table orders has 5 read / 5 write, wanted 9 read / 9 write" in event["message"]


def test_a_kill_in_the_middle_of_a_look_is_heard():
    """A cancellation keeps its message while a thread works: by it Airflow tells who cancels."""
    entered, released = threading.Event(), threading.Event()

    def slow():
        entered.set()
        released.wait(10)

    async def killed():
        looking = asyncio.ensure_future(in_thread(slow))
        await asyncio.to_thread(entered.wait, 10)
        looking.cancel("user action")
        try:
            await looking
        except asyncio.CancelledError as cancelled:
            return cancelled.args
        finally:
            released.set()
        return ()

    assert ("user action",) == asyncio.run(killed())
