"""A step that nobody asked for is skipped, and never in the way of what is below it."""

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow_ddb_migrate import (
    ApproveMigrationOperator,
    BackupTableOperator,
    CanaryMigrationOperator,
    DryRunMigrationOperator,
    PrewarmTableOperator,
    VerifyMigrationOperator,
)
from airflow_ddb_migrate._compat import AirflowSkipException
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import make_context, table_world

STEPS = {
    "approve": lambda: ApproveMigrationOperator(task_id="t", subject="?", enabled=False),
    "backup": lambda: BackupTableOperator(task_id="t", table_name=TABLE, policy="skip"),
    "canary": lambda: CanaryMigrationOperator(task_id="t", table_name=TABLE, canary_lanes=0),
    "dry run": lambda: DryRunMigrationOperator(task_id="t", table_name=TABLE, enabled=False),
    "prewarm": lambda: PrewarmTableOperator(task_id="t", table_name=TABLE, enabled=False),
    "verify": lambda: VerifyMigrationOperator(task_id="t", table_name=TABLE, enabled=False),
}


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("below", ["none_failed", "all_done", None])
def test_it_is_skipped(world, step, below):
    with DAG("d", schedule=None):
        task = STEPS[step]()
        if below:
            task >> EmptyOperator(task_id="start", trigger_rule=below)

    with pytest.raises(AirflowSkipException):
        task.execute(make_context())


@pytest.mark.parametrize("step", STEPS)
def test_it_does_not_take_what_is_below_with_it(world, step, caplog):
    """With Airflow's default trigger rule a skip would skip the migration, in a green run."""
    with DAG("d", schedule=None):
        task = STEPS[step]()
        task >> EmptyOperator(task_id="start")

    task.execute(make_context())


@pytest.mark.parametrize("step", STEPS)
def test_a_teardown_right_below_does_not_matter(world, step):
    with DAG("d", schedule=None):
        task = STEPS[step]()
        task >> EmptyOperator(task_id="restore").as_teardown()

    with pytest.raises(AirflowSkipException):
        task.execute(make_context())


def test_its_result_is_kept():
    """The tab finds a migration by what its tasks returned."""
    context = make_context()
    with pytest.raises(AirflowSkipException):
        STEPS["approve"]().execute(context)

    assert "not asked" == context["ti"].pushed["return_value"]["answer"]
