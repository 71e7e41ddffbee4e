"""The DAGs of docs/capacity.md, as they stand there: parsed, and run."""

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from moto import mock_aws
from tests.conftest import ROOT
from tests.support.worlds.airflow_world import AirflowWorld, make_stack

DOC = ROOT / "docs" / "capacity.md"
TABLES = ("orders", "customers")
ORIGINAL = {"": (5, 5), "by_pk": (5, 5)}
_DATES = (datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in itertools.count())


@pytest.fixture(scope="module")
def _database(bag):
    """An Airflow database that knows the documented DAGs, which are in no bundle's folder."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.utils.db import initdb

    initdb()
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, "dags-folder", None)


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documented")
    blocks = re.findall(r"^```python\n(.*?)^```$", DOC.read_text(), re.DOTALL | re.MULTILINE)
    for number, block in enumerate(blocks):
        (folder / f"documented_{number}.py").write_text(block)
    bag = DagBag(folder)
    assert {} == bag.import_errors
    return bag


@pytest.fixture(scope="module")
def dags(bag):
    """The documented DAGs by id."""
    return bag.dags


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = AirflowWorld(stack=make_stack(tables=TABLES))
        world.install(monkeypatch)
        for name in TABLES:
            world.create_table(name)
        yield world


def run(dag, monkeypatch) -> tuple[str, dict[tuple[str, int], str]]:
    for task in dag.tasks:
        monkeypatch.setattr(task, "retries", 0, raising=False)
    result = dag.test(logical_date=next(_DATES))
    states = {(ti.task_id, ti.map_index): str(ti.state) for ti in result.get_task_instances()}
    return str(result.state), states


def test_there_are_two(dags) -> None:
    """One table, and several."""
    assert {"load_orders", "load_tables"} == set(dags)


def test_restores_are_teardowns_that_count(dags) -> None:
    """They run after failures, and their own failure fails the run."""
    found = [task for dag in dags.values() for task in dag.tasks if "restore" in task.task_id]
    assert [(True, True)] * 2 == [(task.is_teardown, task.on_failure_fail_dagrun) for task in found]


@pytest.mark.usefixtures("_database")
def test_one_table(dags, world, monkeypatch) -> None:
    """Raised, loaded, brought back; no transform is asked for."""
    world.lambda_.answer = {"ok": False, "error": "no transform"}
    state, states = run(dags["load_orders"], monkeypatch)
    assert ("success", {"success"}) == (state, set(states.values()))
    assert [ORIGINAL, 2] == [world.units("orders"), len(world.updates)]


@pytest.mark.usefixtures("_database")
def test_one_table_whose_job_fails(dags, world, monkeypatch) -> None:
    """Red, and brought back."""

    def fail():
        raise RuntimeError

    monkeypatch.setattr(dags["load_orders"].task_dict["load"], "python_callable", fail)
    state, states = run(dags["load_orders"], monkeypatch)
    assert ["failed", "success"] == [state, states["restore", -1]]
    assert [ORIGINAL, 2] == [world.units("orders"), len(world.updates)]


@pytest.mark.usefixtures("_database")
def test_several_tables(dags, world, monkeypatch) -> None:
    """Each mapped restore finds its own prewarm."""
    state, states = run(dags["load_tables"], monkeypatch)
    assert ("success", {"success"}) == (state, set(states.values()))
    assert 4 == len(world.updates)
    assert [ORIGINAL] * 2 == [world.units(name) for name in TABLES]


@pytest.mark.usefixtures("_database")
def test_several_tables_of_which_one_fails(dags, world, monkeypatch) -> None:
    """The other's job ends well; both are brought back, and the run is red."""
    world.dynamodb.delete_table(TableName="customers")
    state, states = run(dags["load_tables"], monkeypatch)
    assert "failed" == state
    prewarms = {states["one_table.prewarm", index] for index in (0, 1)}
    assert {"success", "failed"} == prewarms
    assert {"success"} == {states["one_table.restore", index] for index in (0, 1)}
    assert ORIGINAL == world.units("orders")
