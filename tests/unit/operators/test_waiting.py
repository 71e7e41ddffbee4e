"""Operators that start an execution and wait for it: in a worker, deferred, killed, too late."""

import json
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow_ddb_migrate import (
    ReplayQuarantineOperator,
    StartDistributedMapMigrationOperator,
    UndoMigrationOperator,
)
from airflow_ddb_migrate._compat import (
    AirflowFailException,
    AirflowSkipException,
    TaskDeferralTimeout,
)
from airflow_ddb_migrate.aws.execution.starting import next_window
from airflow_ddb_migrate.core.ledger.notes import PLAN
from airflow_ddb_migrate.core.ledger.records import AttemptHours
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.operators.base import execution
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import (
    KILLED,
    finish_lanes,
    make_context,
    run_deferred,
    table_world,
)

LANES = 4


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


def start(**changes):
    known = {"total_segments": LANES, "wait": True, "poke_interval": 0, "deferrable": True}
    return StartDistributedMapMigrationOperator(
        task_id="start", table_name=TABLE, **{**known, **changes}
    )


def site_of(operator, **context):
    return operator.open_site(make_context(task_id=operator.task_id, **context))


def succeed(world, site, lanes=range(LANES), attempt=1, **outcomes):
    def happens():
        finish_lanes(site, lanes, attempt=attempt, **outcomes)
        world.stepfunctions.end_all("SUCCEEDED")

    return happens


@pytest.mark.parametrize("deferrable", [True, False])
def test_start_and_wait_in_one_task(world, deferrable):
    """It returns the counts; deferred or not."""
    operator = start(deferrable=deferrable)
    happens = succeed(world, site_of(operator))
    if deferrable:
        result = run_deferred(operator, happens)
    else:
        StartDistributedMapMigrationOperator(
            task_id="start", table_name=TABLE, total_segments=LANES
        ).execute(make_context())
        happens()
        result = operator.execute(make_context())
    assert (TABLE, LANES, 40, 1) == (
        result["table"],
        result["lanes"],
        result["counts"]["changed"],
        result["attempt"],
    )


def test_a_failure_fails_at_once_and_says_why(world):
    """Clearing the task goes on with what is unfinished; a retry of the wait would not help."""
    operator = start()

    def fails():
        finish_lanes(site_of(operator), range(3))
        world.stepfunctions.end_all("FAILED", error="States.Runtime", cause="the Lambda is gone")

    with pytest.raises(AirflowFailException, match="1 of 4 segments are unfinished"):
        run_deferred(operator, fails)
    result = run_deferred(start(), succeed(world, site_of(operator), [3], attempt=2))
    assert (2, 1) == (result["attempt"], result["lanes"])


@pytest.mark.parametrize(
    ("high", "seconds"),
    [(None, 365 * 86_400), (60, 86_400), (30 * 86_400, 90 * 86_400), (200 * 86_400, 365 * 86_400)],
)
def test_the_wait_is_as_long_as_the_plan_says(world, high, seconds):
    """Three times its longest time; a day at least, a year at most. A month does not die."""
    operator = start()
    site = site_of(operator)
    if high is not None:
        site.ledger.note(site.migration_id, PLAN, json.dumps({"seconds": {"high": high}}))
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(make_context())
    assert timedelta(seconds=seconds) == deferred.value.timeout


@pytest.mark.parametrize(("on_kill", "expected"), KILLED)
def test_too_late(world, on_kill, expected):
    """The migration is stopped, paused, or left, and the task fails without retries."""
    operator = start(on_kill=on_kill, timeout=5)
    with pytest.raises(TaskDeferred):
        operator.execute(make_context())
    event = {"error": "Trigger timeout"}
    with pytest.raises(AirflowFailException, match="not done within 5 s") as failed:
        operator.resume_execution("__fail__", event, make_context())
    assert isinstance(failed.value.__cause__, TaskDeferralTimeout)
    assert expected == (world.stepfunctions.statuses[0], world.command)


def test_the_time_that_it_waited_in_a_worker_counts(world, monkeypatch):
    """A window ends meanwhile, and the wait goes on in the triggerer for what is left."""
    operator = start(deferrable=False, timeout=1_000)

    def sleep(_):
        now[0] += 300
        site = site_of(operator)
        hours = AttemptHours(closes_at=time.time() - 1, opens_at=time.time() + 43_200)
        site.ledger.begin_attempt(site.migration_id, 1, time.time(), hours=hours)
        world.stepfunctions.end_all("SUCCEEDED")

    now = [50.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
    monkeypatch.setattr(execution, "time", clock)
    monkeypatch.setattr(next_window, "opens_later", lambda *_, **__: time.time() + 43_200)

    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(make_context())

    assert timedelta(seconds=700) == deferred.value.timeout


def test_too_late_in_a_worker(world):
    """The same without a triggerer."""
    with pytest.raises(AirflowFailException, match="not done within"):
        start(deferrable=False, timeout=1e-9).execute(make_context())
    assert ["ABORTED"] == world.stepfunctions.statuses


def test_on_kill_is_checked():
    """A word that is none is refused when the DAG is parsed."""
    with pytest.raises(ValueError, match='on_kill is \'halt\'; it must be "stop", "pause" or'):
        start(on_kill="halt")


# About an earlier migration


@pytest.fixture
def migrated(world):
    """The site of a migration that has ended."""
    operator = start()
    site = site_of(operator)
    run_deferred(operator, succeed(world, site))
    return site


def undo(of, **changes):
    known = {"deferrable": True, "poke_interval": 0}
    return UndoMigrationOperator(task_id="undo", of=of, **{**known, **changes})


def test_an_undo_needs_no_more_than_the_migration(world, migrated):
    """Its table and its segments are known to the ledger."""
    operator = undo(migrated.migration_id)
    site = site_of(operator, run_id="undo")
    result = run_deferred(
        operator, succeed(world, site, changed=7, skipped=2, gone=1), run_id="undo"
    )
    record = site.ledger.required_migration(site.migration_id)
    assert (Mode.UNDO, migrated.migration_id, LANES) == (record.mode, record.of, record.lanes)
    assert {
        "migration_id": site.migration_id,
        "of": migrated.migration_id,
        "table": TABLE,
    } == {name: result[name] for name in ("migration_id", "of", "table")}
    assert (28, 8) == (result["counts"]["changed"], result["counts"]["skipped"])


def test_an_undo_says_what_was_kept_and_where(world, migrated, capsys):
    """In the log."""
    operator = undo(migrated.migration_id)
    site = site_of(operator, run_id="undo")
    run_deferred(operator, succeed(world, site, changed=9, skipped=1), run_id="undo")
    said = capsys.readouterr().out
    assert "36 writes were reverted" in said
    assert (
        f"4 have changed since and stay as they are. Their keys are under s3://bucket/migrations/{site.migration_id}/kept/."
        in said
    )


def test_an_undo_of_what_the_ledger_does_not_know(world):
    """The message names it."""
    with pytest.raises(AirflowFailException, match="knows no migration orders-xyz"):
        undo("orders-xyz").execute(make_context())


def test_an_undo_is_not_the_migration_itself(world, migrated):
    """In the same DAG run it would have its name."""
    with pytest.raises(AirflowFailException, match="migration_id and of are both"):
        undo(migrated.migration_id).execute(make_context())
    assert 1 == len(world.stepfunctions.executions)


def test_nothing_to_replay_is_skipped(world, migrated):
    """A migration without quarantined items."""
    operator = ReplayQuarantineOperator(task_id="replay", of=migrated.migration_id)
    with pytest.raises(AirflowSkipException, match="has no quarantined items"):
        operator.execute(make_context(run_id="replay"))


def test_a_replay_takes_only_the_lanes_with_quarantined_items(world, migrated):
    """With the transform and the parameters of the migration."""
    migrated.bucket.put("quarantine/000002/001-00001-000001.jsonl.gz", [{"key": {}}])
    operator = ReplayQuarantineOperator(
        task_id="replay", of=migrated.migration_id, deferrable=True, poke_interval=0
    )
    site = site_of(operator, run_id="replay")
    result = run_deferred(operator, succeed(world, site, [2]), run_id="replay")
    record = site.ledger.required_migration(site.migration_id)
    assert (Mode.REPLAY, (2,), "add_updated_at") == (record.mode, record.scope, record.transform)
    assert migrated.ledger.required_migration(migrated.migration_id).started_at_iso == (
        record.started_at_iso
    )
    assert 10 == result["counts"]["changed"]
