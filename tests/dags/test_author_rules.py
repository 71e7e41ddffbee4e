"""What a DAG's author demands, and configurations that try to get round it.

The example DAGs with rules in their forms: the form refuses, and so does the first task, also where
no schema stands before it. Nothing is touched.
"""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.param import ParamsDict
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.operators.base.author_rules import rules_for
from airflow_ddb_migrate.params import about_params, many_params, migration_params
from moto import mock_aws
from tests.conftest import ROOT
from tests.support.bad_confs import refused_by_rest
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.airflow_world import AirflowWorld, FakeTaskInstance

RULES: dict[str, Any] = {
    "require": ("approve", "backup", "dry_run"),
    "tables": [TABLE],
    "transforms": ["add_updated_at"],
    "max_prewarm": 4_000,
    "max_cost_usd": 20,
    "max_units_per_second": 500,
}
SINGLE = {"table": TABLE}
DELETE_ALL = {
    "table": "payroll",
    "transform": "delete_by_predicate",
    "params": {"attribute": "createdAt", "older_than": "9999-12-31"},
    "backup": "skip",
}
HOSTILE = [
    ("table", DELETE_ALL),
    ("transform", {**DELETE_ALL, **SINGLE}),
    ("table", {"table": "payroll"}),
    ("transform", {**SINGLE, "transform": "delete_by_predicate"}),
    ("backup", {**SINGLE, "backup": "skip"}),
    ("approve", {**SINGLE, "approve": False}),
    ("dry_run", {**SINGLE, "dry_run": False}),
    ("max_cost_usd", {**SINGLE, "max_cost_usd": 20.01}),
    ("max_cost_usd", {**SINGLE, "max_cost_usd": 10**9}),
    ("prewarm_rcu", {**SINGLE, "prewarm": True, "prewarm_rcu": 4_001}),
    ("prewarm_wcu", {**SINGLE, "prewarm": True, "prewarm_wcu": 40_000}),
    ("write_units_per_second", {**SINGLE, "write_units_per_second": 501}),
    ("read_units_per_second", {**SINGLE, "read_units_per_second": 0}),
    ("rules", {**SINGLE, "rules": {}}),
    ("require", {**SINGLE, "require": []}),
    ("limits", {**SINGLE, "limits": ""}),
    ("tables", {**SINGLE, "tables": ["payroll"]}),
    ("transforms", {**SINGLE, "transforms": ["delete_by_predicate"]}),
    ("max_prewarm", {**SINGLE, "max_prewarm": None}),
    ("allow_changed_transform", {**SINGLE, "allow_changed_transform": True}),
    ("x-ddb-migrate-rules", {**SINGLE, "x-ddb-migrate-rules": {"require": []}}),
    ("approve", {**SINGLE, "approve": "false"}),
    ("approve", {**SINGLE, "approve": None}),
    ("approve", {**SINGLE, "approve": {"__class": "airflow.sdk.Param", "value": False}}),
    ("table", {"table": {"value": TABLE, "schema": {}}}),
]


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    bag = DagBag(ROOT / "dags")
    assert {} == bag.import_errors
    return bag.dags


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = AirflowWorld()
        world.install(monkeypatch)
        world.create_table()
        yield world


def ruled(dag: Any, params: dict[str, Any]) -> Any:
    """Return the DAG as its author would have written it, with these params."""
    dag = copy.deepcopy(dag)
    dag.params = ParamsDict(params)
    return dag


def context_of(dag: Any, task: Any, conf: dict[str, Any]) -> Any:
    """Return what a task has where nothing has checked the configuration before."""
    return {
        "params": {**dag.params.dump(), **conf},
        "dag_run": SimpleNamespace(conf=conf),
        "dag": dag,
        "task": task,
        "ti": FakeTaskInstance(dag_id=dag.dag_id, task_id=task.task_id),
    }


def refused(dag: Any, task_id: str, conf: dict[str, Any]) -> str:
    """Run a task; returns why it fails for good."""
    task = dag.task_dict[task_id]
    context = context_of(dag, task, conf)
    task.render_template_fields(context)
    with pytest.raises(AirflowFailException) as failed:
        task.execute(context)
    return str(failed.value)


def rows(world: AirflowWorld) -> int:
    return world.dynamodb.scan(TableName=LEDGER)["Count"]


@pytest.mark.parametrize(("field", "conf"), HOSTILE, ids=lambda one: str(one)[:60])
def test_no_configuration_gets_round_the_rules(dags, world, field, conf) -> None:
    """Neither by its fields nor by what it might think the rules are."""
    dag = ruled(dags["ddb_migration"], migration_params(**RULES))

    words = refused(dag, "plan", conf)

    assert field in words
    assert "Traceback" not in words
    assert 0 == rows(world)
    assert [] == world.updates
    assert AuthorRules.of(RULES) == rules_for(dag.task_dict["start"])


@pytest.mark.parametrize(
    ("field", "conf"),
    [(field, conf) for field, conf in HOSTILE if field in migration_params()],
    ids=lambda one: str(one)[:60],
)
def test_the_form_refuses_it_before_there_is_a_run(field, conf) -> None:
    words = refused_by_rest(migration_params(**RULES), conf)

    assert words.startswith("Invalid input for param ")


def test_without_rules_all_that_is_allowed(dags, world) -> None:
    """The same configurations are no business of the form's."""
    assert "" == refused_by_rest(migration_params(), DELETE_ALL)


def test_what_the_rules_demand_is_what_the_form_begins_with() -> None:
    params = ParamsDict(migration_params(**{**RULES, "transforms": ["full_name"]}))

    assert (True, True, "full_name", 4_000, 4_000, 20) == tuple(
        params[name]
        for name in (
            "approve",
            "dry_run",
            "transform",
            "prewarm_rcu",
            "prewarm_wcu",
            "max_cost_usd",
        )
    )
    assert "" == refused_by_rest(params, {**SINGLE, "max_cost_usd": 5, "prewarm_wcu": 10})


@pytest.mark.parametrize("task_id", ["plan", "prewarm", "canary", "start"])
def test_each_task_that_matters_judges_again(dags, world, task_id) -> None:
    """A task that is cleared with another code or run by itself is no way round."""
    dag = ruled(dags["ddb_migration"], migration_params(**RULES))

    words = refused(dag, task_id, {**SINGLE, "transform": "delete_by_predicate"})

    assert "transform is 'delete_by_predicate'; the DAG's author allows transforms" in words
    assert 0 == rows(world)


def test_a_dag_that_takes_a_few_fields_has_all_rules(dags) -> None:
    """They are in every field."""
    few = {name: p for name, p in migration_params(**RULES).items() if name in {"table", "params"}}

    assert AuthorRules.of(RULES) == rules_for(ruled(dags["ddb_migration"], few).task_dict["start"])


def test_a_missing_step_is_refused_by_the_first_task(dags, world) -> None:
    """This DAG asks nobody."""
    dag = ruled(dags["ddb_migration_notify"], migration_params(require=("approve",)))

    words = refused(dag, "prewarm", SINGLE)

    assert "requires approve, but no task of the DAG does that" in words
    assert [] == world.updates


@pytest.mark.parametrize("task_id", ["plan", "start"])
def test_rules_of_tasks_hold_in_a_dag_without_our_form(dags, world, task_id) -> None:
    dag = copy.deepcopy(dags["ddb_migration"])
    for task in dag.tasks:
        if hasattr(task, "rules"):
            task.rules = {"transforms": ["full_name"]}

    assert "transform is 'add_updated_at'" in refused(dag, task_id, SINGLE)


@pytest.mark.parametrize(
    "tables",
    [
        ["payroll"],
        [TABLE, {"table": "payroll"}],
        [{"table": TABLE, "transform": "delete_by_predicate"}],
    ],
)
def test_many_tables_are_each_held_to_them(dags, world, tables) -> None:
    """By the form as by the first task."""
    params = many_params(tables=[TABLE], transforms=["add_updated_at"])
    dag = ruled(dags["ddb_migration_many"], params)

    assert "Entry " in refused(dag, "plan", {"tables": tables})
    assert refused_by_rest(params, {"tables": tables})
    assert "" == refused_by_rest(params, {"tables": [TABLE, {"table": TABLE, "segments": 5}]})
    assert 0 == rows(world)


def test_a_form_without_the_step_cannot_require_it() -> None:
    with pytest.raises(InvalidInputError, match="has no field dry_run"):
        many_params(require=["dry_run"])
    with pytest.raises(InvalidInputError, match="has no field backup"):
        about_params("undo", require=["backup"])


def test_a_prewarm_that_is_off_may_name_any_units(dags, world) -> None:
    """What it does not raise costs nothing."""
    dag = ruled(dags["ddb_migration"], migration_params(max_prewarm=0))

    assert "max_prewarm of 0" in refused(dag, "prewarm", {**SINGLE, "prewarm": True})
    assert "prewarm" in refused_by_rest(dag.params, {**SINGLE, "prewarm": True})
