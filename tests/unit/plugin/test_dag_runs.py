"""Which migrations a DAG run made, as Airflow's database tells."""

from collections.abc import Callable

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import BaseOperator
from airflow_ddb_migrate import StartDistributedMapMigrationOperator
from airflow_ddb_migrate.operators.base.task import MigrationOperator, MigrationSensor
from airflow_ddb_migrate.plugin import dag_runs
from tests.unit.plugin.airflow_database import rendered, returned

DAG = "some_dag"

pytestmark = pytest.mark.usefixtures("database")


def ids(run_id: str) -> list[str]:
    return [found.migration_id for found in dag_runs.find_migrations(DAG, run_id)]


def test_a_run_of_something_else_has_none() -> None:
    """Whatever its tasks return."""
    returned(DAG, "foreign", "a", {"rows": 3})
    returned(DAG, "foreign", "b", "migration_id")
    returned(DAG, "foreign", "c", None)
    returned(DAG, "foreign", "d", ["migration_id"])
    returned(DAG, "foreign", "e", {"migration_id": 5})

    assert [] == ids("foreign")


def python_task(task_id: str) -> BaseOperator:
    return PythonOperator(task_id=task_id, python_callable=print)


def look_alike(task_id: str) -> BaseOperator:
    return LookAlike(task_id=task_id)


class LookAlike(BaseOperator):
    """Somebody else's, for the same stack and the same connection."""

    template_fields = ("aws_conn_id", "stack_name")
    aws_conn_id = stack_name = "x"


class MyStart(StartDistributedMapMigrationOperator):
    """A class of a DAG's author, made of ours."""


def empty_task(task_id: str) -> BaseOperator:
    return EmptyOperator(task_id=task_id)


@pytest.mark.parametrize("task", [python_task, look_alike, empty_task])
def test_what_other_tasks_return_names_nothing(task: Callable[[str], BaseOperator]) -> None:
    """Even if it looks right, and also with fields of the same names."""
    run = f"other-{task.__name__}"
    returned(DAG, run, "a", {"migration_id": "orders-1"}, task=task)
    rendered(DAG, run, "a", aws_conn_id="prod", stack_name="mine")

    assert [] == ids(run)


def test_a_class_made_of_ours_names_its_migration() -> None:
    """And so does each of a mapped task."""
    returned(
        DAG,
        "sub",
        "a",
        {"migration_id": "o"},
        task=lambda name: MyStart(task_id=name, table_name="orders"),
    )
    returned(
        DAG,
        "sub",
        "b",
        {"migration_id": "p"},
        map_index=0,
        second=1,
        task=lambda name: MyStart.partial(task_id=name).expand(table_name=["parts"]),  # type: ignore[arg-type,return-value]
    )

    assert ["o", "p"] == ids("sub")


def test_tasks_of_ours_are_known_by_fields_that_all_of_them_have() -> None:
    """Whatever returns a migration of its own."""
    operators = [MigrationOperator, MigrationSensor]
    while any(more := [sub for one in operators for sub in one.__subclasses__()]):
        if set(more) <= set(operators):
            break
        operators = list({*operators, *more})

    assert [] == [one for one in operators if not set(one.template_fields) >= dag_runs._OURS]


def test_every_operator_names_its_migration_once() -> None:
    """Plan, start and report mean the same one."""
    for second, task_id in enumerate(("plan", "start", "report")):
        returned(DAG, "one", task_id, {"migration_id": "orders-1", "x": 1}, second=second)

    found = dag_runs.find_migrations(DAG, "one")

    assert [("orders-1", "plan")] == [(one.migration_id, one.task_id) for one in found]


def test_mapped_tasks_make_one_migration_each() -> None:
    """In the order in which they came up."""
    returned(DAG, "mapped", "plan", {"migration_id": "b"}, map_index=0, second=1)
    returned(DAG, "mapped", "plan", {"migration_id": "a"}, map_index=1, second=2)

    assert ["b", "a"] == ids("mapped")


def test_the_parts_of_a_migration_are_no_migrations_of_the_run() -> None:
    """A dry run and a check have ids of their own; a name that only looks alike is another one."""
    for second, name in enumerate(("o", "o-dry", "o-verify2", "o-canary", "o-dryer")):
        returned(DAG, "parts", f"t{second}", {"migration_id": name}, second=second)

    found = dag_runs.find_migrations(DAG, "parts")

    assert ["o", "o-dryer"] == [one.migration_id for one in found]
    assert "o" == dag_runs.owner_of(found, "o-verify12").migration_id  # type: ignore[union-attr]
    assert None is dag_runs.owner_of(found, "other")


def test_the_connection_is_the_one_the_task_used() -> None:
    """Airflow keeps a task's rendered parameters for the latest runs."""
    returned(DAG, "where", "plan", {"migration_id": "a"})
    rendered(DAG, "where", "plan", aws_conn_id="prod", stack_name="mine", region_name="eu-west-1")

    found = dag_runs.find_migrations(DAG, "where")[0]

    expected = dag_runs.Where(aws_conn_id="prod", region_name="eu-west-1", stack_name="mine")
    assert expected == found.where


def test_the_defaults_are_those_of_the_example_dags(monkeypatch: pytest.MonkeyPatch) -> None:
    """For runs so old that Airflow has forgotten their parameters."""
    returned(DAG, "old", "plan", {"migration_id": "a"})
    monkeypatch.setenv("AIRFLOW_DDB_MIGRATE_CONN_ID", "other")
    monkeypatch.setenv("AIRFLOW_DDB_MIGRATE_STACK", "else")

    found = dag_runs.find_migrations(DAG, "old")[0]

    expected = dag_runs.Where(aws_conn_id="other", region_name=None, stack_name="else")
    assert expected == found.where
