"""The DAGs that undo a migration and replay its quarantine."""

import pytest
from airflow.dag_processing.dagbag import DagBag
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def dags():
    bag = DagBag(ROOT / "dags" / "ddb_migration_after.py")
    assert {} == bag.import_errors
    return bag.dags


def test_there_are_two(dags):
    """And nothing else in the file."""
    assert {"ddb_migration_undo", "ddb_migration_replay"} == set(dags)


@pytest.mark.parametrize("verb", ["undo", "replay"])
def test_the_shape(dags, verb):
    """Restore whatever fails; the report always, and red when something above it has failed."""
    dag = dags[f"ddb_migration_{verb}"]
    report, restore = dag.task_dict["report"], dag.task_dict["restore"]
    downstream = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
    assert {
        "approve": ["prewarm"],
        "prewarm": sorted([verb, "restore"]),
        verb: ["report", "restore"],
        "report": [],
        "restore": [],
    } == downstream
    for teardown in (report, restore):
        assert (True, True) == (teardown.is_teardown, teardown.on_failure_fail_dagrun)


@pytest.mark.parametrize("verb", ["undo", "replay"])
def test_only_the_migration_is_asked_for(dags, verb):
    """Its table is known; every task means the same one."""
    dag = dags[f"ddb_migration_{verb}"]
    params = {name: dag.params.get_param(name) for name in dag.params}
    required = {n for n, p in params.items() if not p.has_value and "null" not in p.schema["type"]}
    assert {"migration_id"} == required
    assert {"migration_id"} == {task.table_of.name for task in dag.tasks}
    assert {None} == {task.table_name for task in dag.tasks}
