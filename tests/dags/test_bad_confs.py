"""Two hundred bad configurations: each is refused by Airflow's REST or by the first task.

With nothing touched, and in words that name the field.
"""

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import ParamValidationError
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.operators.base.parameters import check_rendered, check_request
from airflow_ddb_migrate.operators.base.task import require_known_conf
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from tests.conftest import ROOT
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.airflow_world import AirflowWorld, FakeTaskInstance

HUGE = 10**30
BEYOND = 10**400  # no float is as large
NAN, INFINITY = float("nan"), float("inf")
LONGEST = 650  # of a message: all fields of the form are in that about a misspelt one
NOT_TRUE = ("true", "yes", 1, 0, 1.0, None, [], {})
NOT_COUNT = (-1, 1.0, 0.5, "1", None, True, [], {}, NAN)
NOT_OPTIONAL_COUNT = (0, -3, 2.0, "2", True, [1], 10_001, HUGE)
NOT_AMOUNT = (-1, "10", True, [], INFINITY, NAN, BEYOND, 1e300, 1e-300)


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


def each(field: str, *wrong: Any, **right: Any) -> list[dict[str, Any]]:
    """Return configurations in which only this field is wrong."""
    return [{**right, field: value} for value in wrong]


def misspelt(**others: Any) -> list[dict[str, Any]]:
    return [{**others, name: True} for name in MISSPELT]


# How people write it, and what they mean.
MISSPELT = {
    "dryrun": "dry_run",
    "Dry_Run": "dry_run",
    "dry-run": "dry_run",
    "dry run": "dry_run",
    "Approve": "approve",
    "aprove": "approve",
    "prewarn": "prewarm",
    "segment": "segments",
    "max_cost": "max_cost_usd",
    "maxConcurrency": "max_concurrency",
    "canary_lane": "canary_lanes",
    "Table": "table",
    "tables": "table",
    "table\n": "table",
    "transfrom": "transform",
    "migrationId": "migration_id",
    "param": "params",
    "verify_segment": "verify_segments",
}
UNKNOWN = ("", "of", "\u0430\u0440\u0440\u0433\u043e\u0432\u0435", "force", "stack_name", "wait")

MIGRATION: list[dict[str, Any]] = [
    {},
    *each("table", None, "", " ", "ab", "a" * 256, "orders!", "or ders", 5, 1.5, True),
    *each("table", ["orders"], {"name": "orders"}, "ord\u0435rs", "orders\n", " orders", "a\0bc"),
    *each("table", "\uff4frders", "orders\u200b", "o" * 500_000, "../orders", "*", "'; --"),
    *each("table", "arn:aws:dynamodb:us-east-1:123456789012:table/orders", "table/orders"),
    *each("table", "None", "null"),  # tables may have these names, but there are none
    *misspelt(table=TABLE),
    *({"table": TABLE, name: True} for name in UNKNOWN),
    *each("segments", 0, -1, 1.0, 100.0, 1.5, "100", True, [], {}, 1_000_001, HUGE, table=TABLE),
    *each("segments", NAN, INFINITY, "", "all", table=TABLE),
    *each("max_concurrency", 0, 10_001, 5.0, "5", False, HUGE, table=TABLE),
    *each("canary_lanes", *NOT_COUNT, 10_001, HUGE, table=TABLE),
    *each("sample_segments", *NOT_OPTIONAL_COUNT, table=TABLE),
    *each("verify_segments", *NOT_OPTIONAL_COUNT, table=TABLE),
    *each("max_left", *NOT_COUNT, 0.0, BEYOND, table=TABLE),
    *each("max_quarantined", -1, 1.5, "1", None, True, [], NAN, BEYOND, table=TABLE),
    *each("prewarm_rcu", 0, 1.5, 1.0, HUGE, True, None, "12000", NAN, table=TABLE),
    *each("prewarm_wcu", 0, -5, 4_000.0, HUGE, "4000", None, [], table=TABLE),
    *each("max_quarantined_percentage", 101, -1, "5", None, True, NAN, 1e-300, table=TABLE),
    *each("tolerated_failure_percentage", 101, -0.1, "0", None, HUGE, NAN, table=TABLE),
    *each("max_cost_usd", *NOT_AMOUNT, table=TABLE),
    *each("write_units_per_second", *NOT_AMOUNT, "all", table=TABLE),
    *each("read_units_per_second", *NOT_AMOUNT, {}, table=TABLE),
    *(
        conf
        for name in ("dry_run", "approve", "prewarm", "verify", "once", "show_values")
        for conf in each(name, *NOT_TRUE, table=TABLE)
    ),
    *each("canary_approve", *NOT_TRUE, table=TABLE),
    *each("single_writer_region", *NOT_TRUE, table=TABLE),
    *each("transform", "", " ", "\n", None, 5, ["a"], {}, "x" * 500_000, table=TABLE),
    *each("transform", "../x", "/etc/passwd", "os.path", "a/b", "add updated", table=TABLE),
    *each("transform", "add_updated_at.py", "Add_Updated_At", "\ud800", "None", table=TABLE),
    *each("transform", "\u0430dd_updated_at", "add_updated_at\n", table=TABLE),
    *each("params", None, "a=b", "{}", [], 5, True, table=TABLE),
    *each(
        "params", {"a": "x" * 500_000}, {"a": NAN}, {"a": [INFINITY]}, nested(2_000), table=TABLE
    ),
    *each("backup", "always", "", None, "AUTO", "auto ", "none", True, [], table=TABLE),
    *each("migration_id", "None", "null", "none", "a b", "", " ", "m" * 66, 5, table=TABLE),
    *each("migration_id", "m\n", "a/b", "m.1", "\u043c-1", [], True, table=TABLE),
]
FOLLOW_UP = [
    {},
    *each("migration_id", None, "", "None", "null", "a b", "a/b", "m" * 66, 5, True, "m\n", []),
    *each("migration_id", "never-was"),
    *({"migration_id": "m-1", name: 1} for name in ("table", "segments", "dry_run", "migrationId")),
    *each("max_quarantined", -1, 1.5, None, NAN, migration_id="m-1"),
    *each("prewarm_wcu", 0, 1.0, HUGE, migration_id="m-1"),
    *each("prewarm", "true", 1, None, migration_id="m-1"),
    *each("write_units_per_second", -1, "9", NAN, BEYOND, migration_id="m-1"),
    *each("max_concurrency", 0, 5.0, migration_id="m-1"),
]
MANY = [
    {},
    *each("tables", None, [], "orders", {}, [5], [None], ["ab"], ["orders"] * 101),
    *each("tables", ["orders", "orders"], [{}], [{"segments": 1}]),
    *({"tables": [{"table": "orders", name: 1}]} for name in ("segment", "prewarm", "transform")),
    *each("max_parallel_tables", 0, 1.0, "3", None, 101, tables=["orders"]),
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


def refused_by_rest(dag: Any, conf: dict[str, Any]) -> str:
    """Validate as the trigger endpoint does: the DAG's params against their JSON schemas."""
    params = copy.deepcopy(dag.params)
    try:
        params.update(conf)
        params.validate()
    except (ParamValidationError, RecursionError) as exc:
        return str(exc)
    return ""


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


def wrong_field(dag: Any, conf: dict[str, Any]) -> str:
    """Return the field that is wrong: the last one, or the required one, which comes first."""
    return next(reversed(conf), next(iter(dag.params)))


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
    field = wrong_field(dag, conf)

    by_rest = refused_by_rest(dag, conf)
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
        {"max_cost_usd": 0.01, "max_left": HUGE, "max_quarantined_percentage": 100},
        {"write_units_per_second": 0, "read_units_per_second": 0.5, "params": nested(20)},
        {"segments": None, "migration_id": None, "backup": "skip", "verify": False},
    ],
)
def test_a_good_one_is_not_refused(dags, conf) -> None:
    """The limits themselves, and what may be null."""
    dag = dags["ddb_migration"]

    assert ("", "") == (
        refused_by_rest(dag, {"table": TABLE, **conf}),
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

    if not (by_schema and refused_by_rest(dag, conf)):
        judged(dag, task_id, conf)
