"""Fields of the configuration as values of parameters."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from airflow_ddb_migrate import ConfField, PlanMigrationOperator
from airflow_ddb_migrate.core.errors import InvalidInputError
from tests.conftest import ROOT

SHOW = (
    "import dags.ddb_migration as m; "
    "from airflow.serialization import serialized_objects as s; "
    "kind = getattr(s, 'DagSerialization', None) or s.SerializedDAG; "
    "import json; print(json.dumps(kind.to_dict(m.dag), sort_keys=True))"
)


@pytest.mark.parametrize("value", ["123", "1e5", "None", "007", "", 100, 0, 1.5, None, {}, ["a"]])
def test_a_field_reaches_the_operator_as_it_was_given(value: object) -> None:
    plan = PlanMigrationOperator(task_id="plan", table_name=ConfField("table"))

    plan.render_template_fields({"params": {"table": value}, "dag_run": None})

    assert value == plan.table_name
    assert type(value) is type(plan.table_name)


def test_the_runs_own_configuration_wins_over_a_default() -> None:
    """Also where [core] dag_run_conf_overrides_params is off."""
    run = SimpleNamespace(conf={"table": "orders"})

    assert ConfField("table")({"params": {"table": "flights"}, "dag_run": run}) == "orders"


def test_a_field_that_the_run_does_not_have_is_named() -> None:
    with pytest.raises(InvalidInputError, match="no field 'tabel'"):
        ConfField("tabel")({"params": {"table": "orders"}})


@pytest.mark.story
def test_a_dag_with_fields_is_serialised_alike_by_every_process() -> None:
    """Airflow makes a new version of a DAG that is serialised in another way."""
    seen = {
        subprocess.run(
            [sys.executable, "-c", SHOW],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }

    assert len(seen) == 1
    assert "{{ params.table }}" in seen.pop()
