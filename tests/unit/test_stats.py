"""Gauges in Airflow's own metrics, in the process of a task and in that of the triggerer."""

import logging

import pytest
from airflow._shared.observability.metrics import stats as of_the_triggerer
from airflow.sdk._shared.observability.metrics import stats as of_a_task
from airflow_ddb_migrate import (
    DistributedMapMigrationSensor,
    PrewarmTableOperator,
    RestoreCapacityOperator,
)
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.aws.execution.steering.pause import pause
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.operators.base.task import MigrationTaskError
from airflow_ddb_migrate.stats import StatsTeller
from airflow_ddb_migrate.triggers.migration import MigrationEndedTrigger
from tests.campaigns.matrix import inside
from tests.support.factories import TABLE, client_error
from tests.support.worlds.airflow_world import (
    finish_lanes,
    first_event,
    make_context,
    started_world,
    table_world,
)

LANES = 4


class Recorder:
    """A backend of Airflow's metrics that remembers gauges."""

    def __init__(self):
        self.gauges = {}

    def gauge(self, stat, value, **more):
        self.gauges[stat, more.get("tags", {}).get("table", "")] = value


@pytest.fixture
def sent(monkeypatch):
    """What a task sends, and what the triggerer does: each sets up its own copy of Stats."""
    found = []
    for module in (of_a_task, of_the_triggerer):
        recorder = Recorder()
        monkeypatch.setattr(module, "_factory", lambda recorder=recorder: recorder)
        monkeypatch.setattr(module, "_backend", None)
        found.append(recorder.gauges)
    return found


@pytest.fixture
def world(monkeypatch):
    with started_world(monkeypatch, LANES) as world:
        yield world


def poke():
    sensor = DistributedMapMigrationSensor(task_id="wait", table_name=TABLE, deferrable=False)
    return sensor.poke(make_context())


def of_table(gauges):
    """Return the gauges of the table by name."""
    assert {TABLE} == {table for _, table in gauges}
    return {name: value for (name, _), value in gauges.items()}


def test_a_waiting_task_tells_how_far_it_is(world, sent):
    finish_lanes(world.site, range(1))
    poke()

    task, triggerer = sent
    assert {
        "ddb_migrate.state": 1,
        "ddb_migrate.segments_done": 1,
        "ddb_migrate.segments_left": 3,
        "ddb_migrate.segments_failed": 0,
        "ddb_migrate.items_seen": 10,
        "ddb_migrate.items_changed": 10,
        "ddb_migrate.items_quarantined": 0,
        "ddb_migrate.workers": 0,
        "ddb_migrate.capacity_owed": 0,
    }.items() <= of_table(task).items()
    assert {} == triggerer


def test_the_trigger_tells_the_triggerer(world, sent):
    """Which never sets up the metrics of tasks: they would be lost there."""
    finish_lanes(world.site, range(LANES))
    world.stepfunctions.end_all("SUCCEEDED")
    sensor = DistributedMapMigrationSensor(task_id="wait", table_name=TABLE)
    path, kwargs = MigrationEndedTrigger(
        poke_interval=0, **vars_of(sensor.address(make_context()))
    ).serialize()
    assert path.endswith("MigrationEndedTrigger")

    first_event(MigrationEndedTrigger(**kwargs))

    task, triggerer = sent
    assert {} == task
    told = of_table(triggerer)
    assert (4, 0, 0.0) == tuple(
        told[f"ddb_migrate.{name}"] for name in ("state", "segments_left", "seconds_left")
    )


def vars_of(address):
    from dataclasses import asdict

    return asdict(address)


def test_each_process_sends_by_what_airflow_sets_up_in_it():
    """As the matrix asks every Airflow that is supported."""
    assert [] == inside._metrics()


def test_a_hold_is_a_state(world, sent):
    """And the time left is unknown: it is not sent."""
    pause(world.site, by="ann", reason="sale")
    poke()

    told = of_table(sent[0])
    assert (2, False) == (told["ddb_migrate.state"], "ddb_migrate.seconds_left" in told)


def test_every_gauge_is_sent(world, sent):
    """And none that is not in the catalog, which the docs are held to."""
    finish_lanes(world.site, range(LANES))
    world.stepfunctions.end_all("SUCCEEDED")
    poke()

    assert {f"ddb_migrate.{gauge.name}" for gauge in catalog.GAUGES} == of_table(sent[0]).keys()


def test_plain_statsd_has_the_table_in_the_name(world, sent, monkeypatch):
    """It drops tags, and the last table would be taken for all."""
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
    poke()

    assert (f"ddb_migrate.{TABLE}.state", "") in sent[0]
    assert not any(table for _, table in sent[0])


@pytest.mark.parametrize("option", ["STATSD_DATADOG_ENABLED", "STATSD_INFLUXDB_ENABLED"])
def test_a_statsd_with_tags_has_a_tag(world, sent, monkeypatch, option):
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
    monkeypatch.setenv(f"AIRFLOW__METRICS__{option}", "True")
    poke()

    assert ("ddb_migrate.state", TABLE) in sent[0]


def test_a_failure_to_send_fails_nothing(world, monkeypatch, caplog):
    """Metrics are worth no migration; debugging shows why they are missing."""

    def broken(**_):
        raise RuntimeError("no such backend")

    monkeypatch.setattr(of_a_task, "_factory", broken)
    monkeypatch.setattr(of_a_task, "_backend", None)
    with caplog.at_level(logging.DEBUG, logger="airflow_ddb_migrate.stats"):
        assert not poke()

    assert "were not sent" in caplog.text


def test_a_pass_that_only_reads_tells_nothing(world, sent):
    """Its items are not changed; the migration itself would seem to begin anew."""
    from dataclasses import replace

    from airflow_ddb_migrate._compat import task_stats
    from airflow_ddb_migrate.aws.execution.observe import observe

    seen = observe(world.site)
    reads = replace(seen, record=replace(seen.record, mode=Mode.DRY_RUN))

    StatsTeller(task_stats).tell(world.site, reads)

    assert {} == sent[0]


@pytest.mark.parametrize(("refused", "owed"), [(False, 0), (True, 1)])
def test_restore_tells_what_is_owed(monkeypatch, sent, refused, owed):
    """Also where it failed: then above all."""
    with table_world(monkeypatch) as world:
        units = {"read_units": 100, "write_units": 50, "deferrable": False, "poke_interval": 0}
        PrewarmTableOperator(task_id="prewarm", table_name=TABLE, **units).execute(
            make_context(task_id="prewarm")
        )
        if refused:
            monkeypatch.setattr(world.dynamodb, "update_table", refuse)
        restore = RestoreCapacityOperator(task_id="restore", table_name=TABLE, patience_seconds=0)
        try:
            restore.execute(make_context(task_id="restore"))
        except (AirflowFailException, MigrationTaskError):
            assert refused

    assert {"ddb_migrate.capacity_owed": owed} == of_table(sent[0])


def refuse(**_):
    raise client_error("AccessDeniedException", "UpdateTable")
