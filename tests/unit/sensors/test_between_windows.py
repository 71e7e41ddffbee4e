"""Between two windows of a migration nobody's worker is held, whatever the sensor's mode."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow_ddb_migrate import DistributedMapMigrationSensor
from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.execution.request import keep_request
from airflow_ddb_migrate.core.ledger.records import AttemptHours
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import CLOSED_LOOK_SECONDS
from airflow_ddb_migrate.sensors import migration
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import make_context, started_world
from tests.support.worlds.site_world import start_request

LANES = 4


@pytest.fixture
def world(monkeypatch):
    """A migration whose window has just ended; the next one begins in half a day."""
    with started_world(monkeypatch, LANES) as world:
        now, site = time.time(), world.site
        hour = datetime.now(UTC).hour
        window = f"{(hour + 12) % 24:02}:00-{(hour + 14) % 24:02}:00 UTC"
        keep_request(site, start_request(windows=(window,)))
        hours = AttemptHours(closes_at=now - 1, opens_at=now + 43_200)
        site.ledger.begin_attempt(site.migration_id, 1, now - 3_600, hours=hours)
        world.stepfunctions.end_all("SUCCEEDED")
        yield world


def sensor(**changes) -> DistributedMapMigrationSensor:
    return DistributedMapMigrationSensor(
        task_id="wait", table_name=TABLE, poke_interval=0, **changes
    )


@pytest.mark.parametrize("deferrable", [True, False])
def test_it_waits_in_the_triggerer(world, deferrable: bool) -> None:
    """Also one that was told to wait in a worker: a night is no time for that."""
    with pytest.raises(TaskDeferred) as deferred:
        sensor(deferrable=deferrable).execute(make_context())

    assert "MigrationEndedTrigger" == type(deferred.value.trigger).__name__


def test_a_rescheduled_one_looks_again_later(world) -> None:
    """Its worker is free between two looks."""
    seen = sensor(deferrable=False, mode="reschedule").poke(make_context())

    assert not seen.is_done
    assert Outcome.WAITING is observe(world.site).verdict.outcome


def test_the_trigger_looks_rarely_but_in_time(world) -> None:
    seen, now = observe(world.site), time.time()
    assert seen.orders.closed is not None

    opens_at = seen.orders.closed.opens_at
    rests = [seen.rest_seconds(30, at) for at in (now, opens_at - 100, opens_at + 1)]
    assert [CLOSED_LOOK_SECONDS, 100, 30] == rests


def test_the_time_that_it_waited_in_a_worker_counts(world, monkeypatch) -> None:
    """Otherwise each move to the triggerer would give it its whole timeout again."""
    moments = iter([1_000.0, 1_900.0, 1_900.0])
    monkeypatch.setattr(migration, "time", SimpleNamespace(time=moments.__next__))

    with pytest.raises(TaskDeferred) as deferred:
        sensor(deferrable=False, timeout=1_200).execute(make_context())

    assert (timedelta(seconds=300), {"deadline": 2_200}) == (
        deferred.value.timeout,
        deferred.value.kwargs,
    )
