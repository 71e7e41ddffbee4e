"""Prewarm in a DAG without rules, about a migration whose DAG has some: those hold."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow_ddb_migrate import (
    DistributedMapMigrationSensor,
    PrewarmTableOperator,
    StartDistributedMapMigrationOperator,
)
from airflow_ddb_migrate._compat import AirflowFailException, AirflowSkipException
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import (
    AirflowWorld,
    finish_lanes,
    make_context,
    table_world,
)

LANES = 4
WAIT = {"deferrable": False, "poke_interval": 0}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowWorld]:
    with table_world(monkeypatch) as world:
        yield world


def migrated(world: AirflowWorld, **rules: Any) -> str:
    """Let the DAG ``strict`` migrate under these rules; returns the migration's id."""
    context = make_context(dag_id="strict")
    start = StartDistributedMapMigrationOperator(
        task_id="start", table_name=TABLE, total_segments=LANES
    )
    start.execute(context)
    site = start.open_site(context)
    record = site.ledger.required_migration(site.migration_id)
    site.ledger.keep_limits(record, json.dumps(rules))
    finish_lanes(site, range(LANES))
    world.stepfunctions.end_all("SUCCEEDED")
    DistributedMapMigrationSensor(task_id="wait", table_name=TABLE, **WAIT).execute(context)
    return site.migration_id


def prewarm(how: str, name: str, units: int = 50, **changes: Any) -> Any:
    """Prewarm as the DAGs for undo and replay do, or as one that goes on with a migration."""
    about = {"table_of": name, "transform": None} if how == "about" else {"migration_id": name}
    asked = {"read_units": 5, "write_units": units, **about, **WAIT, **changes}
    task = PrewarmTableOperator(task_id="prewarm", of_dags=["strict"], **asked)
    return task.execute(make_context(task_id="prewarm"))


@pytest.mark.parametrize("how", ["about", "goes on"])
@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            {"max_prewarm": 0},
            "the DAG's author set a max_prewarm of 0 units per second. Turn prewarm off",
        ),
        ({"max_prewarm": 49}, "max_prewarm of 49 units per second. Lower prewarm_wcu"),
        ({"require": ["approve"]}, "is not approved (approve): nobody was asked"),
        ({"max_rows": 5}, "requires the rule max_rows, which this version does not know"),
    ],
)
def test_what_its_author_rules_out_is_not_raised(
    world: AirflowWorld, how: str, rules: dict[str, Any], words: str
) -> None:
    """Whatever the configuration of this DAG asks for, and whatever task was marked as success."""
    name, before = migrated(world, **rules), world.units()

    with pytest.raises(AirflowFailException) as refused:
        prewarm(how, name)

    assert words in str(refused.value)
    assert ([], before) == (world.updates, world.units())


@pytest.mark.parametrize("how", ["about", "goes on"])
def test_what_its_author_allows_is_raised(world: AirflowWorld, how: str) -> None:
    name = migrated(world, max_prewarm=50)

    prewarm(how, name)

    assert (5, 50) == world.units()[""]


def test_a_prewarm_that_is_off_may_name_any_units(world: AirflowWorld) -> None:
    name = migrated(world, max_prewarm=0)

    with pytest.raises(AirflowSkipException, match="Prewarm is off"):
        prewarm("about", name, enabled=False)

    assert [] == world.updates


def test_nothing_is_raised_outside_of_its_authors_hours(world: AirflowWorld) -> None:
    """The task that waits raises it in time."""
    hour = (datetime.now(UTC).hour + 12) % 24
    name = migrated(world, windows=[f"{hour:02}:00-{(hour + 1) % 24:02}:00 UTC"])

    prewarm("about", name)

    assert [] == world.updates
