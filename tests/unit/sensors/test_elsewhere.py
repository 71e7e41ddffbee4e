"""A wait in another DAG than the migration's: it knows it by its id alone."""

import asyncio

import pytest
from airflow.sdk import DAG
from airflow_ddb_migrate import DistributedMapMigrationSensor, StartDistributedMapMigrationOperator
from airflow_ddb_migrate._compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
)
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.airflow_world import finish_lanes, make_context, started_world

LANES = 4
ID = "orders-elsewhere"


@pytest.fixture
def world(monkeypatch):
    with started_world(monkeypatch, LANES) as world:
        yield world


def make_sensor(**changes) -> DistributedMapMigrationSensor:
    return DistributedMapMigrationSensor(
        **{"task_id": "wait", "deferrable": False, "poke_interval": 0, **changes}
    )


def succeed(world) -> None:
    finish_lanes(world.site, range(LANES))
    world.stepfunctions.end_all("SUCCEEDED")


def test_the_id_alone_is_enough(world):
    """The ledger knows the table."""
    succeed(world)

    assert make_sensor(migration_id=world.site.migration_id).execute(make_context())["seen"] == 40


def test_an_id_that_is_unknown_is_waited_for(world, capsys):
    """The other DAG may start it later."""
    sensor = make_sensor(migration_id=ID)

    assert not sensor.poke(make_context()).is_done
    assert f"Waiting for it to begin. The ledger {LEDGER} knows no migration {ID}" in (
        capsys.readouterr().out
    )


def test_with_its_table_an_unknown_one_is_waited_for_until_it_ends(world):
    sensor = make_sensor(migration_id=ID, table_name=TABLE)
    assert not sensor.poke(make_context()).is_done

    world.stepfunctions.end_all("SUCCEEDED")
    world.dynamodb.delete_item(
        TableName=LEDGER,
        Key={"pk": {"S": f"table#{world.site.table.key.arn}"}, "sk": {"S": lease_sk(world)}},
    )
    StartDistributedMapMigrationOperator(
        task_id="start", table_name=TABLE, migration_id=ID, total_segments=LANES
    ).execute(make_context())
    assert not sensor.poke(make_context()).is_done

    finish_lanes(world.site.named(ID), range(LANES))
    world.stepfunctions.end_all("SUCCEEDED")
    assert sensor.poke(make_context()).xcom_value["seen"] == 40


def lease_sk(world) -> str:
    return f"lease#{world.site.table.key.table_id}"


def test_the_triggerer_waits_for_it_to_begin(world):
    """What a sensor hands on says so, and survives being written down."""
    sensor = make_sensor(migration_id=ID, deferrable=True, poke_interval=0)
    seen = {}
    sensor.defer = lambda **kwargs: seen.update(kwargs)
    sensor.execute(make_context())
    _, kwargs = seen["trigger"].serialize()

    assert kwargs["waits_for_begin"]

    async def fires() -> bool:
        firing = asyncio.ensure_future(anext(type(seen["trigger"])(**kwargs).run()))
        done, _ = await asyncio.wait({firing}, timeout=0.3)
        firing.cancel()
        return bool(done)

    assert not asyncio.run(fires())


def test_an_id_of_another_table_is_refused(world):
    """It would have succeeded, whatever became of customers."""
    world.create_table("customers")

    with pytest.raises(AirflowFailException, match="belongs to table orders, not to customers"):
        make_sensor(migration_id=world.site.migration_id, table_name="customers").execute(
            make_context()
        )


def test_below_a_start_nothing_begins_later(world):
    """A start that was marked successful by hand: the wait must not last for ever."""
    with DAG("d", schedule=None):
        start = StartDistributedMapMigrationOperator(task_id="start", table_name=TABLE)
        wait = make_sensor(migration_id=ID, table_name=TABLE)
        start >> wait

    with pytest.raises(AirflowFailException, match=f"knows no migration {ID}"):
        wait.execute(make_context())


def test_out_of_time_before_it_began_there_is_nothing_to_stop(world):
    with pytest.raises(AirflowSensorTimeout):
        make_sensor(migration_id=ID, timeout=0).execute(make_context())

    assert ["RUNNING"] == world.stepfunctions.statuses


@pytest.mark.parametrize("option", ["soft_fail", "never_fail"])
@pytest.mark.parametrize(("on_kill", "status"), [("stop", "ABORTED"), ("leave", "RUNNING")])
def test_a_timeout_that_is_a_skip_does_what_on_kill_says(world, option, on_kill, status):
    sensor = make_sensor(table_name=TABLE, on_kill=on_kill, **{option: True})

    with pytest.raises(AirflowSkipException):
        sensor.resume_execution("__fail__", {"error": "Trigger timeout"}, make_context())

    assert [status] == world.stepfunctions.statuses


def test_a_soft_fail_in_a_worker_does_what_on_kill_says(world):
    with pytest.raises(AirflowSkipException):
        make_sensor(table_name=TABLE, soft_fail=True, timeout=0).execute(make_context())

    assert ["ABORTED"] == world.stepfunctions.statuses


def test_a_skip_for_another_reason_stops_nothing(world):
    """Never_fail makes a skip of an outage, too."""
    event = {"status": "error", "message": "AWS was not there.", "retryable": True}

    with pytest.raises(AirflowSkipException):
        make_sensor(table_name=TABLE, never_fail=True).resume_execution(
            "execute_complete", {"event": event}, make_context()
        )

    assert ["RUNNING"] == world.stepfunctions.statuses
