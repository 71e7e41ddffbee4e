"""The example DAG for many tables: real runs in this process."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from moto import mock_aws
from tests.conftest import ROOT
from tests.support.worlds.airflow_world import make_stack
from tests.support.worlds.migrating_world import MigratingWorld

TABLES = ["orders", "customers", "events"]
ORIGINAL = {"": (5, 5)}
_DATES = (datetime(2032, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in itertools.count())


@pytest.fixture(scope="module")
def dag():
    bag = DagBag(ROOT / "dags" / "ddb_migration_many.py")
    assert {} == bag.import_errors
    return bag.dags["ddb_migration_many"]


@pytest.fixture(scope="module")
def _database():
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = MigratingWorld(stack=make_stack(tables=tuple(TABLES)))
        world.install(monkeypatch)
        for name in TABLES:
            world.create_table(name, index=False)
        yield world


@pytest.fixture(scope="module")
def defaults(dag):
    return {name: value for name, value in dag.params.dump().items() if name != "tables"}


@pytest.fixture
def run(_database, dag, defaults, monkeypatch):
    """Run the whole DAG; returns the run's state, and states of tasks by ``task[map index]``."""
    for task in dag.tasks:
        monkeypatch.setattr(task, "retries", 0)
        monkeypatch.setattr(task, "poke_interval", 0.01, raising=False)

    def run_once(**conf):
        known = {**defaults, "tables": TABLES, "segments": 3, "prewarm": True, "verify": False}
        result = dag.test(logical_date=next(_DATES), run_conf={**known, **conf})
        states = {
            ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": str(ti.state)
            for ti in result.get_task_instances()
        }
        return str(result.state), states

    return run_once


def of(states: dict[str, str], task: str) -> list[str]:
    return [states[f"table.{task}[{number}]"] for number in range(len(TABLES))]


def units(world: MigratingWorld) -> list[dict]:
    return [world.units(name) for name in TABLES]


@pytest.mark.story
def test_all_tables_are_migrated_and_restored(world, run):
    state, states = run(tables=["orders", {"table": "customers", "segments": 7}, "events"])

    assert "success" == state
    assert {"orders": 3, "customers": 7, "events": 3} == segments(world)
    assert sorted(TABLES) == sorted(world.running)
    assert [ORIGINAL] * 3 == units(world)
    assert 3 == len([update for update in world.updates if _raises(update)])
    assert "success" == states["summary"]
    assert ["success"] * 3 == of(states, "wait") == of(states, "restore") == of(states, "done")


def segments(world: MigratingWorld) -> dict[str, int]:
    rows = world.dynamodb.scan(TableName="ledger")["Items"]
    records = [row for row in rows if row["sk"]["S"] == "migration"]
    return {row["table_name"]["S"]: int(row["total_segments"]["N"]) for row in records}


def _raises(update: dict) -> bool:
    return update["ProvisionedThroughput"]["ReadCapacityUnits"] > 5


@pytest.mark.story
def test_a_table_that_fails_is_red_and_leaves_the_others_alone(world, run):
    world.failing = frozenset({"customers"})

    state, states = run()

    assert "failed" == state
    assert ["success", "failed", "success"] == of(states, "wait") == of(states, "report")
    assert "failed" == states["summary"]
    assert [ORIGINAL] * 3 == units(world)
