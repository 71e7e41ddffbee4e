"""The plan's operator: what it logs, returns, refuses, and leaves to the start."""

import json

import pytest
from airflow_ddb_migrate import (
    PlanMigrationOperator,
    PrewarmTableOperator,
    StartDistributedMapMigrationOperator,
)
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from moto import mock_aws
from tests.support.factories import LEDGER, TABLE
from tests.support.plans import KIB, sampled
from tests.support.worlds.airflow_world import REFUSED, AirflowWorld, make_context


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = AirflowWorld()
        world.install(monkeypatch)
        world.create_table(units=(100, 50), index=False)
        whole = sampled(seen=40, bytes=40 * KIB, changed=40, write_units=40, is_whole=True)
        world.lambda_.sampled = {"ok": True, "error": "", **whole.to_dict()}
        yield world


def plan(**fields) -> PlanMigrationOperator:
    return PlanMigrationOperator(task_id="plan", table_name=TABLE, **fields)


def test_it_logs_and_returns_the_plan(world, capsys):
    """As markdown and as data that XCom takes; warnings as warnings."""
    made = plan().execute(make_context())

    log = capsys.readouterr().out
    assert f"# Plan of migration {made['migration_id']}" in log
    assert "| items | 40, 40.0 KiB |" in log
    assert "[warning  ] Point-in-time recovery is off" in log
    assert "- unknown: whether changes go to Kinesis. Access denied: dynamodb:Describe" in log
    assert (40, 80, 40) == (
        made["items"],
        made["read_units_per_second"],
        made["write_units_per_second"],
    )
    assert made == json.loads(json.dumps(made))


def test_every_task_of_the_run_has_the_same_migration(world):
    """The start finds segments and budgets in the ledger, and says which they were."""
    made = plan().execute(make_context())
    started = StartDistributedMapMigrationOperator(task_id="start", table_name=TABLE).execute(
        make_context()
    )

    assert made["migration_id"] == started["migration_id"]
    assert made["total_segments"] == started["total_segments"] == started["lanes"]


def test_what_is_given_wins_over_the_plan(world):
    """Also when only the start is given it."""
    plan().execute(make_context())
    started = StartDistributedMapMigrationOperator(
        task_id="start", table_name=TABLE, total_segments=3
    ).execute(make_context())

    assert 3 == started["total_segments"]


def test_without_a_plan_there_are_a_hundred_segments(world):
    """As before there were plans."""
    started = StartDistributedMapMigrationOperator(task_id="start", table_name=TABLE).execute(
        make_context()
    )

    assert 100 == started["total_segments"]


def test_it_allows_for_the_prewarm(world):
    """Whose defaults are its own; moto allows a table 10,000 units."""
    made = plan(prewarm=True).execute(make_context())

    assert (8_000, 3_200) == (made["read_units_per_second"], made["write_units_per_second"])
    assert 1 == len(made["raises"])
    prewarm = PrewarmTableOperator(task_id="p", table_name=TABLE)
    assert (prewarm.read_units, prewarm.write_units, prewarm.warm_throughput) == (
        plan().read_units,
        plan().write_units,
        plan().warm_throughput,
    )
    assert [] == world.updates


def test_the_data_is_a_plan_again(world):
    """For whoever shows it later, as an approval does."""
    made = plan().execute(make_context())
    page = made.pop("markdown")

    assert page.startswith("# Plan of migration")
    assert made == MigrationPlan.from_json(json.dumps(made)).to_dict()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"prewarm": "yes"}, "prewarm is 'yes' (str); it must be true or false"),
        ({"warm_throughput": 1}, "warm_throughput is 1 (int)"),
        ({"write_units": 0}, "prewarm_wcu is 0; it must be a whole number"),
        ({"budget_share": 2}, "budget_share is 2; it must be a number above 0"),
        ({"max_cost_usd": "10"}, "max_cost_usd is '10'; it must be a number"),
        ({"prices": {"writes": 1}}, "prices has 'writes'"),
        ({"prices": "cheap"}, "prices is 'cheap'; it must be a JSON object"),
        ({"max_cost_usd": 0.000001}, "max_cost_usd is $0.000001. Give a higher max_cost_usd"),
        ({"read_units_per_second": "all"}, "read_units_per_second is 'all'"),
    ],
)
def test_what_no_plan_can_be_made_of_is_refused(world, fields, words):
    """Without retries, and with nothing in the ledger."""
    with pytest.raises(REFUSED) as refused:
        plan(**fields).execute(make_context())

    assert words in str(refused.value)
    assert 0 == world.dynamodb.scan(TableName=LEDGER)["Count"]


def test_every_parameter_is_a_template():
    """The DAG's form fills them."""
    own = {"prewarm", "read_units", "write_units", "warm_throughput", "budget_share"}

    assert own | {"max_cost_usd", "prices"} <= set(PlanMigrationOperator.template_fields)
