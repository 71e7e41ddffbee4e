"""A hundred bad configurations: each is refused by Airflow's REST or by the first task.

With nothing touched, and in words that name the field.
"""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import ParamValidationError
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.operators.base.parameters import check_rendered, check_request
from airflow_ddb_migrate.operators.base.task import require_known_conf
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import ROOT

HUGE = 10**30

MIGRATION: list[dict[str, Any]] = [
    # no table, or none that DynamoDB can have
    {},
    *(
        {"table": wrong}
        for wrong in (None, "", "ab", "a" * 256, "orders!", "or ders", 5, 1.5, True)
    ),
    *(
        {"table": wrong}
        for wrong in (["orders"], {"name": "orders"}, "ord\u0435rs", "orders\n", " orders")
    ),
    {"table": "arn:aws:dynamodb:us-east-1:123456789012:table/orders"},
    # fields that are not there
    *(
        {"table": "orders", name: True}
        for name in ("dryrun", "Dry_Run", "dry-run", "Approve", "prewarn")
    ),
    *(
        {"table": "orders", name: 1}
        for name in ("segment", "max_cost", "maxConcurrency", "wcu", "Table")
    ),
    *({"table": "orders", name: "x"} for name in ("transfrom", "tables", "migrationId", "", "of")),
    # numbers that are no whole numbers, though JSON Schema takes 1.0 for one
    *(
        {"table": "orders", "segments": wrong}
        for wrong in (0, -1, 1.0, 1.5, "100", True, [], 1_000_001, HUGE)
    ),
    *({"table": "orders", "max_concurrency": wrong} for wrong in (0, 10_001, 5.0, "5", False)),
    *({"table": "orders", "canary_lanes": wrong} for wrong in (1.0, -1, "1", None, True, 10_001)),
    *({"table": "orders", "sample_segments": wrong} for wrong in (0, 2.0, "2", True)),
    *({"table": "orders", "verify_segments": wrong} for wrong in (0, 2.0, "2", -3)),
    *({"table": "orders", "max_left": wrong} for wrong in (0.0, -1, 0.5, "0", None, True)),
    *({"table": "orders", "max_quarantined": wrong} for wrong in (-1, 1.5, "1", None, True)),
    *({"table": "orders", "prewarm_wcu": wrong} for wrong in (0, -5, 4_000.0, HUGE, "4000", None)),
    *({"table": "orders", "prewarm_rcu": wrong} for wrong in (0, 1.5, HUGE, True)),
    *({"table": "orders", "max_quarantined_percentage": wrong} for wrong in (101, -1, "5", None)),
    *(
        {"table": "orders", "tolerated_failure_percentage": wrong}
        for wrong in (101, -0.1, "0", None)
    ),
    *(
        {"table": "orders", "max_cost_usd": wrong}
        for wrong in (-1, "10", True, float("inf"), float("nan"))
    ),
    *(
        {"table": "orders", "write_units_per_second": wrong}
        for wrong in (-1, "all", True, float("nan"))
    ),
    *({"table": "orders", "read_units_per_second": wrong} for wrong in (-0.5, [], float("inf"))),
    # switches
    *(
        {"table": "orders", name: wrong}
        for name in ("dry_run", "approve", "prewarm", "verify", "once", "show_values")
        for wrong in ("true", 1, None)
    ),
    # texts and objects
    *({"table": "orders", "transform": wrong} for wrong in ("", None, 5, ["a"], " ")),
    *({"table": "orders", "params": wrong} for wrong in (None, "a=b", [], 5)),
    {"table": "orders", "params": {"a": "x" * 500_000}},
    {"table": "orders", "params": {"a": float("nan")}},
    *({"table": "orders", "backup": wrong} for wrong in ("always", "", None, "AUTO", True)),
    *(
        {"table": "orders", "migration_id": wrong}
        for wrong in ("None", "null", "a b", "", "m" * 66, 5)
    ),
]
FOLLOW_UP = [
    {},
    *(
        {"migration_id": wrong}
        for wrong in (None, "", "None", "null", "a b", "a/b", "m" * 66, 5, True)
    ),
    *({"migration_id": "m-1", name: 1} for name in ("table", "segments", "dry_run", "migrationId")),
    *({"migration_id": "m-1", "max_quarantined": wrong} for wrong in (-1, 1.5, None)),
    *({"migration_id": "m-1", "prewarm_wcu": wrong} for wrong in (0, 1.0, HUGE)),
]
MANY = [
    {},
    *(
        {"tables": wrong}
        for wrong in (None, [], "orders", {}, [5], [None], ["ab"], ["orders"] * 101)
    ),
    *({"tables": wrong} for wrong in (["orders", "orders"], [{}], [{"segments": 1}])),
    *({"tables": [{"table": "orders", name: 1}]} for name in ("segment", "prewarm", "transform")),
    *({"tables": ["orders"], "max_parallel_tables": wrong} for wrong in (0, 1.0, "3", None, 101)),
    *({"tables": ["orders"], name: True} for name in ("table", "dry_run", "stop_on_fail")),
]
CASES = [
    *(("ddb_migration", "plan", conf) for conf in MIGRATION),
    *(
        (f"ddb_migration_{verb}", "prewarm", conf)
        for verb in ("undo", "replay")
        for conf in FOLLOW_UP
    ),
    *(("ddb_migration_many", "plan", conf) for conf in MANY),
]


@pytest.fixture(scope="module")
def dags():
    bag = DagBag(ROOT / "dags")
    assert {} == bag.import_errors
    return bag.dags


def refused_by_rest(dag, conf) -> str:
    """Validate as the trigger endpoint does: the DAG's params against their JSON schemas."""
    params = copy.deepcopy(dag.params)
    try:
        params.update(conf)
        params.validate()
    except (ParamValidationError, RecursionError) as exc:
        return str(exc) or "too deep"
    return ""


def judged_by_first_task(dag, task_id: str, conf) -> str:
    """Do what the task does before it asks AWS for anything."""
    task = copy.copy(dag.task_dict[task_id])
    fields = {**dag.params.dump(), **conf}
    context = {"params": fields, "dag_run": SimpleNamespace(conf=conf), "dag": dag, "task": task}
    try:
        require_known_conf(context)
        check_request(task, context)
        task.render_template_fields(context)
        check_rendered(task)
    except InvalidInputError as exc:
        return str(exc)
    return ""


def shown(case: tuple[str, str, dict]) -> str:
    """Name a case by its last field; some are too large to be written out."""
    return f"{case[0]}-{next(reversed(case[2]), 'nothing')}"


def test_there_are_a_hundred() -> None:
    assert len(MIGRATION) >= 100


@pytest.mark.parametrize("case", CASES, ids=shown)
def test_it_is_refused_in_words(dags, case) -> None:
    dag_id, task_id, conf = case
    dag = dags[dag_id]

    words = refused_by_rest(dag, conf) or judged_by_first_task(dag, task_id, conf)

    assert words
    wrong = next(reversed(conf), next(iter(dag.params)))
    assert wrong in words or repr(wrong) in words or "table" in words
    assert "object at 0x" not in words
    assert "Traceback" not in words


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=4), children, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=150)
@given(data=st.data())
def test_any_value_of_any_field_is_taken_or_refused_and_never_a_crash(dags, data) -> None:
    dag = dags["ddb_migration"]
    field = data.draw(st.sampled_from(sorted(dag.params)))
    conf = {"table": "orders", field: data.draw(JSON)}

    if not refused_by_rest(dag, conf):
        judged_by_first_task(dag, "plan", conf)
