"""Budget and quarantine from the operators to where the workers read them, and the report."""

import json

import pytest
from airflow_ddb_migrate import (
    MigrationReportOperator,
    PrewarmTableOperator,
    StartDistributedMapMigrationOperator,
)
from airflow_ddb_migrate.core.ledger.notes import ENGINE_PROOF, RUNTIMES
from airflow_ddb_migrate.operators.base.request import REQUEST_FIELDS
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import REFUSED, make_context, table_world

BUDGET = {"read_units_per_second": 50, "write_units_per_second": 1_000.5}
POLICY = {"max_quarantined": 7, "max_quarantined_percentage": 0.5}
OPERATORS = [PrewarmTableOperator, StartDistributedMapMigrationOperator]


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


def start(**fields) -> StartDistributedMapMigrationOperator:
    return StartDistributedMapMigrationOperator(task_id="start", table_name=TABLE, **fields)


@pytest.fixture
def site(world):
    return start().open_site(make_context())


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_field_is_a_template(operator):
    """The DAG's form fills them."""
    assert {*BUDGET, *POLICY} <= set(REQUEST_FIELDS) <= set(operator.template_fields)


def test_workers_find_budget_and_policy(site):
    """The budget in the control record, the policy in the migration's."""
    start(**BUDGET, **POLICY).execute(make_context())

    control = site.ledger.control(site.migration_id)
    record = site.ledger.required_migration(site.migration_id)
    assert BUDGET == {name: getattr(control, name) for name in BUDGET}
    assert POLICY == {name: getattr(record, name) for name in POLICY}


def test_by_default_there_is_no_budget_and_some_quarantine(site):
    """A hundred items, or 5 %."""
    start().execute(make_context())

    control = site.ledger.control(site.migration_id)
    record = site.ledger.required_migration(site.migration_id)
    assert not control.has_budget
    assert (100, 5) == (record.max_quarantined, record.max_quarantined_percentage)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("name", [*BUDGET, *POLICY])
@pytest.mark.parametrize("value", [-1, "many"])
def test_a_bad_number_is_refused_before_anything_is_touched(world, operator, name, value):
    """By prewarm already, not only when it is started; without retries."""
    with pytest.raises(REFUSED, match=f"^{name} is {value!r}; it must be a (whole )?number"):
        operator(task_id="t", table_name=TABLE, **{name: value}).execute(make_context())
    assert [] == world.updates
    assert 0 == world.dynamodb.scan(TableName="ledger")["Count"]


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        ({"fast": True}, "Writer: conditional batches; the self-check found no difference"),
        ({}, "Writer: single conditional requests (batches are not proven here: no self-check"),
    ],
    ids=["proven", "unknown"],
)
def test_the_report_says_which_writer_was_used(site, capsys, proof, words):
    """As data and in the log."""
    site.ledger.keep(ENGINE_PROOF, json.dumps(proof))
    start().execute(make_context())

    operator = MigrationReportOperator(
        task_id="report", table_name=TABLE, fail_unless_succeeded=False
    )
    report = operator.execute(make_context())

    assert report["writer"].startswith(words)
    assert words in capsys.readouterr().out


def test_the_report_says_what_the_workers_ran_on(site, capsys):
    """As data and in the log: Lambda's botocore is not ours to choose."""
    start().execute(make_context())
    told = {"python": "3.12", "botocore": "1.34", "protocol": "json", "shortcuts": {"x": "why"}}
    site.ledger.note(site.migration_id, RUNTIMES, json.dumps([told]))

    operator = MigrationReportOperator(
        task_id="report", table_name=TABLE, fail_unless_succeeded=False
    )
    report = operator.execute(make_context())

    words = "Lambda: Python 3.12, botocore 1.34, DynamoDB protocol json."
    assert (
        f"{words} Done by botocore, with the same result but slower: x (why)." == report["runtime"]
    )
    assert words in capsys.readouterr().out
