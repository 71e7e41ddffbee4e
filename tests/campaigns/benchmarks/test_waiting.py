"""What an hour of waiting costs: counted, not timed, with a clock that is moved."""

import asyncio
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow_ddb_migrate import DistributedMapMigrationSensor, StartDistributedMapMigrationOperator
from airflow_ddb_migrate.aws.execution.watcher import Watcher
from airflow_ddb_migrate.core.clock import Clock as Times
from airflow_ddb_migrate.core.limits import LEDGER_SHARDS
from airflow_ddb_migrate.triggers import migration as triggers
from moto import mock_aws
from tests.campaigns.benchmarks.measure import Report
from tests.support.factories import NOW, TABLE, at
from tests.support.worlds.airflow_world import AirflowWorld, make_context
from tests.support.worlds.migration_world import Clock

pytestmark = [
    pytest.mark.skipif("BENCH" not in os.environ, reason="make bench runs it"),
    pytest.mark.timeout(0),
]

_HOUR = 3_600.0
_LANES = 10_000
_MAP_RUNS = {"list_map_runs", "describe_map_run", "update_map_run"}


class Counted:
    """Stands in front of a fake client and counts its calls."""

    def __init__(self, client: Any, calls: list[str]) -> None:
        self._client = client
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not callable(attribute):
            return attribute

        def call(**arguments: Any) -> Any:
            self._calls.append(name)
            return attribute(**arguments)

        return call


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowWorld]:
    with mock_aws():
        world = AirflowWorld()
        world.install(monkeypatch)
        world.create_table()
        yield world


def test_an_hour_of_waiting(
    world: AirflowWorld, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trigger's own loop, from one look to the next, for an hour of its clock.

    No lane has a row here; with all 10,000 of them a partition's rows still fit one answer.
    """
    _start(world)
    calls: list[str] = []
    world.stepfunctions = Counted(world.stepfunctions, calls)  # type: ignore[assignment]
    world.install(monkeypatch)
    world.dynamodb.meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.append(model.name)
    )
    trigger = _deferred_trigger()
    assert trigger is not None
    calls.clear()
    looks = asyncio.run(_an_hour(trigger, monkeypatch))

    assert int(_HOUR / trigger.poke_interval) == looks
    assert calls.count("Query") >= looks * LEDGER_SHARDS
    report.keep("watch_looks_per_hour", looks)
    report.keep("watch_calls_per_hour", len(calls))
    report.keep("watch_map_run_calls_per_hour", sum(name in _MAP_RUNS for name in calls))
    report.keep("watch_worker_slots", int(trigger is None))


def _start(world: AirflowWorld) -> None:
    StartDistributedMapMigrationOperator(
        task_id="start", table_name=TABLE, total_segments=_LANES
    ).execute(make_context())


def _deferred_trigger() -> triggers.MigrationEndedTrigger | None:
    """Let the sensor wait; return what it gives to the triggerer, None if it keeps its worker."""
    sensor = DistributedMapMigrationSensor(task_id="wait", table_name=TABLE, deferrable=True)
    try:
        sensor.execute(make_context())
    except TaskDeferred as deferred:
        return deferred.trigger  # type: ignore[return-value]
    return None


async def _an_hour(trigger: triggers.MigrationEndedTrigger, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the trigger run until its clock has gone on by an hour; return how often it looked."""
    clock, looks = Clock(), 0
    trigger.watcher = Watcher(lambda: at(trigger.address.open(), clock), clock=Times(now=clock))

    async def sleep(seconds: float) -> None:
        nonlocal looks
        clock.advance(seconds)
        if clock.now > NOW + _HOUR:
            raise asyncio.CancelledError
        looks += 1

    monkeypatch.setattr(triggers, "asyncio", SimpleNamespace(sleep=sleep))
    with pytest.raises(asyncio.CancelledError):
        await anext(trigger.run())
    return looks
