"""Two hundred bad configurations: each is refused by Airflow's REST or by the first task.

With nothing touched, and in words that name the field.
"""

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.operators.base.parameters import check_rendered, check_request
from airflow_ddb_migrate.operators.base.task import require_known_conf
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from tests.conftest import ROOT
from tests.support.bad_confs import (
    BEYOND,
    CASES,
    FOLLOW_UP,
    HUGE,
    MIGRATION,
    MISSPELT,
    nested,
    refused_by_rest,
    wrong_field,
)
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.airflow_world import AirflowWorld, FakeTaskInstance

LONGEST = 700  # of a message: all fields of the form are in that about a misspelt one


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    bag = DagBag(ROOT / "dags")
    assert {} == bag.import_errors
    return bag.dags


@pytest.fixture(scope="module")
def world() -> Iterator[AirflowWorld]:
    """One for all: none of them leaves anything in it."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        world = AirflowWorld()
        world.install(patch)
        world.create_table()
        yield world


def context_of(dag: Any, task: Any, conf: dict[str, Any]) -> Any:
    """Return what a task of a run has; its configuration overrides the DAG's params."""
    return {
        "params": {**dag.params.dump(), **conf},
        "dag_run": SimpleNamespace(conf=conf),
        "dag": dag,
        "task": task,
        "ti": FakeTaskInstance(dag_id=dag.dag_id, task_id=task.task_id),
    }


def refused_by_task(dag: Any, task_id: str, conf: dict[str, Any]) -> str:
    """Run the task; it fails without another try, in words that a person can act on."""
    task = dag.task_dict[task_id].prepare_for_execution()
    context = context_of(dag, task, conf)
    task.render_template_fields(context)
    with pytest.raises(AirflowFailException) as refused:
        task.execute(context)
    return str(refused.value)


def touched(world: AirflowWorld) -> tuple[int, list[Any], dict[str, Any], list[Any]]:
    """Return what would show that something was done: ledger, capacity, executions, Lambda."""
    rows = world.dynamodb.scan(TableName=LEDGER)["Count"]
    return rows, world.updates, world.stepfunctions.executions, world.lambda_.invoked


def named(field: str, conf: dict[str, Any]) -> tuple[str, ...]:
    """Return what may name the field; a name that is right, and of nothing, names itself."""
    value = conf.get(field)
    of_nothing = (f"Table {value!r}", f"Transform {value!r}", f"migration {value}. ")
    return f"{field} is ", f"({field})", repr(field), f"{field} ", *of_nothing


def name_of(case: tuple[str, str, dict[str, Any]]) -> str:
    """Name a case by its last field; some are too large to be written out."""
    return f"{case[0]}-{next(reversed(case[2]), 'nothing')}"


def test_there_are_enough() -> None:
    assert len(MIGRATION) >= 200
    assert len(FOLLOW_UP) >= 30


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_it_is_refused_in_words_and_nothing_is_touched(dags, world, case) -> None:
    dag_id, task_id, conf = case
    dag = dags[dag_id]
    field = wrong_field(dag.params, conf)

    by_rest = refused_by_rest(dag.params, conf)
    words = by_rest or refused_by_task(dag, task_id, conf)

    if by_rest:
        assert words.startswith(f"Invalid input for param {field}: ") or "recursion" in words
    else:
        assert any(text in words for text in named(field, conf))
        assert len(words) <= LONGEST
    assert "object at 0x" not in words
    assert "Traceback" not in words
    assert (0, [], {}, []) == touched(world)


@pytest.mark.parametrize("name", MISSPELT)
def test_the_field_that_was_meant_is_named(dags, world, name) -> None:
    words = refused_by_task(dags["ddb_migration"], "plan", {"table": TABLE, name: True})

    assert f"{name!r} (did you mean {MISSPELT[name]}?)" in words


NUMBERS = st.integers() | st.floats() | st.sampled_from([HUGE, BEYOND, -BEYOND, 1.0, 1e300])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=4), children, max_size=3)
    ),
    max_leaves=6,
)


def judged(dag: Any, task_id: str, conf: dict[str, Any]) -> str:
    """Do what the first task does before it asks AWS for anything; return why it refuses."""
    task = copy.copy(dag.task_dict[task_id])
    context = context_of(dag, task, conf)
    try:
        require_known_conf(context)
        check_request(task, context)
        task.render_template_fields(context)
        check_rendered(task)
    except InvalidInputError as exc:
        return str(exc)
    return ""


@pytest.mark.parametrize(
    "conf",
    [
        {"segments": 1_000_000, "max_concurrency": 10_000, "canary_lanes": 10_000},
        {"max_cost_usd": 0.01, "max_left": 10**15, "max_quarantined_percentage": 100},
        {"write_units_per_second": 0, "read_units_per_second": 0.5, "params": nested(20)},
        {"segments": None, "migration_id": None, "backup": "skip", "verify": False},
    ],
)
def test_a_good_one_is_not_refused(dags, conf) -> None:
    """The limits themselves, and what may be null."""
    dag = dags["ddb_migration"]

    assert ("", "") == (
        refused_by_rest(dag.params, {"table": TABLE, **conf}),
        judged(dag, "plan", {"table": TABLE, **conf}),
    )


@pytest.mark.parametrize("by_schema", [True, False], ids=["as by REST", "past the schema"])
@settings(max_examples=150)
@given(data=st.data())
def test_any_value_of_any_field_is_taken_or_refused_and_never_a_crash(
    dags, by_schema, data
) -> None:
    """Also where a DAG of one's own has no schema: the rules alone refuse, too."""
    dag_id, task_id = data.draw(
        st.sampled_from(
            [
                ("ddb_migration", "plan"),
                ("ddb_migration_undo", "prewarm"),
                ("ddb_migration_replay", "prewarm"),
            ]
        )
    )
    dag = dags[dag_id]
    field = data.draw(st.sampled_from(sorted(dag.params)) | st.text(max_size=12))
    first = "table" if task_id == "plan" else "migration_id"
    conf = {first: "orders", field: data.draw(JSON)}

    if not (by_schema and refused_by_rest(dag.params, conf)):
        judged(dag, task_id, conf)
