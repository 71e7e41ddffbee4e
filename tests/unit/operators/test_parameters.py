"""The rules of parameters: held when a DAG is parsed, and for the whole run by its first task."""

from datetime import timedelta
from typing import Any

import airflow_ddb_migrate
import pytest
from airflow.sdk import DAG, Param
from airflow_ddb_migrate import (
    ApproveMigrationOperator,
    BackupTableOperator,
    CanaryMigrationOperator,
    ConfField,
    PlanMigrationOperator,
    PrewarmTableOperator,
    RestoreCapacityOperator,
    VerifyMigrationOperator,
)
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import PARAMS_BYTES
from airflow_ddb_migrate.operators.base.parameters import check_request
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.airflow_world import make_context, table_world

CLASSES = [
    getattr(airflow_ddb_migrate, name)
    for name in airflow_ddb_migrate.__all__
    if name.endswith("Operator")
]
CASES = [(kind, name) for kind in CLASSES for name in sorted(kind.RULES)]
IDS = [f"{kind.__name__}-{name}" for kind, name in CASES]
NOTHING_LIKE_IT = -5.5  # no text, no whole number, no time, no share, no switch, no object


def make(kind: type, **parameters: Any) -> Any:
    needed = {"subject": "?"} if kind is ApproveMigrationOperator else {"table_name": TABLE}
    about = {"of": "orders-1", "table_of": "orders-1"} if "of" in kind.RULES else {}
    about |= {"tables": ["orders"]} if "Many" in kind.__name__ else {}
    return kind(task_id="t", **{**needed, **about, **parameters})


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


@pytest.mark.parametrize(("kind", "name"), CASES, ids=IDS)
def test_what_no_template_can_change_is_refused_when_the_dag_is_parsed(kind, name):
    with pytest.raises(InvalidInputError):
        make(kind, **{name: NOTHING_LIKE_IT})


@pytest.mark.parametrize(("kind", "name"), CASES, ids=IDS)
def test_what_a_template_makes_is_refused_by_the_first_task(kind, name):
    """Whichever task would want it much later."""
    if name not in kind.template_fields:
        return
    with DAG("d", schedule=None, params={"it": Param(1)}):
        plan = PlanMigrationOperator(task_id="plan", table_name=TABLE)
        plan >> make(kind, **{name: ConfField("it")})

    with pytest.raises(InvalidInputError, match=r"^Task t \(it\): "):
        check_request(plan, {"params": {"it": NOTHING_LIKE_IT}})


def test_by_then_nothing_is_touched(world):
    with DAG("d", schedule=None, params={"it": Param(1)}):
        plan = PlanMigrationOperator(task_id="plan", table_name=TABLE)
        plan >> make(RestoreCapacityOperator, force=ConfField("it"))

    with pytest.raises(AirflowFailException, match=r"^Task t \(it\): force is 1"):
        plan.execute({**make_context(), "params": {"it": 1}})
    assert (0, []) == (world.dynamodb.scan(TableName=LEDGER)["Count"], world.updates)


TIMES = [
    (PrewarmTableOperator, "timeout"),
    (PrewarmTableOperator, "poke_interval"),
    (PrewarmTableOperator, "hold_seconds"),
    (BackupTableOperator, "timeout_seconds"),
    (RestoreCapacityOperator, "patience_seconds"),
    (VerifyMigrationOperator, "timeout"),
    (CanaryMigrationOperator, "poke_interval"),
    (PlanMigrationOperator, "slice_seconds"),
]


@pytest.mark.parametrize(("kind", "name"), TIMES)
def test_a_time_is_a_number_of_seconds_or_a_timedelta(kind, name):
    assert 5_400 == getattr(make(kind, **{name: timedelta(hours=1.5)}), name)
    assert 90 == getattr(make(kind, **{name: 90}), name)


@pytest.mark.parametrize(("kind", "name"), TIMES)
@pytest.mark.parametrize(
    "value",
    ["3600", -1, timedelta(seconds=-1), 1e15, timedelta.max, float("inf"), float("nan"), True, [1]],
)
def test_what_is_no_time_is_refused(kind, name, value):
    with pytest.raises(InvalidInputError, match=f"^{name} is "):
        make(kind, **{name: value})


@pytest.mark.parametrize("text", ["None", "null"])
@pytest.mark.parametrize("name", ["migration_id", "table_of"])
def test_the_text_of_an_empty_field_is_no_migration(name, text):
    """``{{ params.migration_id }}`` without native types: every run would be the migration None."""
    with pytest.raises(InvalidInputError, match="a Jinja template rendered an empty field as text"):
        make(PrewarmTableOperator, **{name: text})


def below_plan(template: Any, *, native: bool = True) -> PlanMigrationOperator:
    with DAG(
        "d",
        schedule=None,
        params={"max_left": Param(0), "dry_run": Param(default=False)},
        render_template_as_native_obj=native,
    ):
        plan = PlanMigrationOperator(task_id="plan", table_name=TABLE)
        plan >> make(VerifyMigrationOperator, max_left=template)
    return plan


@pytest.mark.parametrize("template", ["{{ params.max_left }}", "{{ params.max_left + 0 }}"])
def test_a_template_of_the_configuration_is_known_to_the_first_task(world, template):
    context = {**make_context(), "params": {"max_left": 0.0}}

    with pytest.raises(AirflowFailException, match=r"max_left is 0.0; it must be a whole number"):
        below_plan(template).execute(context)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ti.xcom_pull(task_ids='plan') }}",
        "{{ params.max_left + ti.try_number }}",
        "{{ nope(",
        "{{ params.none.such }}",
    ],
)
def test_what_only_a_later_task_knows_is_left_to_it(world, template):
    context = {**make_context(), "params": {"max_left": 0.0}}

    assert below_plan(template).execute(context)["migration_id"]


def test_a_mapped_task_is_held_in_what_it_does_not_map(world):
    with DAG("d", schedule=None):
        plan = PlanMigrationOperator(task_id="plan", table_name=TABLE)
        plan >> RestoreCapacityOperator.partial(task_id="restore", force="yes").expand(
            table_name=[TABLE]
        )

    with pytest.raises(AirflowFailException, match=r"^Task restore \(force\): force is 'yes'"):
        plan.execute(make_context())


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"a": "x" * PARAMS_BYTES}, "the limit is 65,536"),
        ({"a": {1, 2}}, "cannot be written as JSON"),
        ({"a": float("nan")}, "cannot be written as JSON"),
        (["a"], "must be a JSON object"),
    ],
)
def test_parameters_of_a_transform_fit_the_ledger(params, words):
    with pytest.raises(InvalidInputError, match=words):
        make(PrewarmTableOperator, transform_params=params)
