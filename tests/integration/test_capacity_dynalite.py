"""Prewarm and restore on dynalite, where a table really is UPDATING for a while.

Skipped without node, unless REQUIRE_NODE=1.
"""

import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import Prewarm, prewarm
from airflow_ddb_migrate.aws.capacity.restore import restore
from airflow_ddb_migrate.aws.capacity.wait import CapacityWait
from tests.support.engines.dynalite import dynalite
from tests.support.factories import LEDGER, REGION, TABLE, units
from tests.support.worlds.capacity_world import BEFORE, settings
from tests.support.worlds.site_world import SiteWorld

UPDATE_TABLE_MS = 500
POLL_SECONDS = 0.05
WANTED = units(1_000, 500)
INDEX = "by_day"
ORIGINAL = dict.fromkeys(("", INDEX), (BEFORE.read, BEFORE.write))
RAISED = {"": (WANTED.read, WANTED.write), INDEX: (50, WANTED.write)}


class History:
    """What the code under test saw and did, in order; the same twice in a row is once."""

    def __init__(self, world: SiteWorld) -> None:
        self.events: list[str] = []
        world.dynamodb.answers = self._saw

    def _saw(self, name: str, answer: Any) -> Any:
        if name == "describe_table":
            table = answer["Table"]
            statuses = [table["TableStatus"]]
            statuses += [index["IndexStatus"] for index in table["GlobalSecondaryIndexes"]]
            self.events.append("/".join(statuses))
        if name == "update_table":
            self.events.append("update")
        return answer

    def __call__(self) -> list[str]:
        return [event for event, _ in groupby(self.events)]


class Real:
    """The real time; a wait is shorter than AWS needs it."""

    def __call__(self) -> float:
        return time.time()

    def advance(self, seconds: float) -> None:
        time.sleep(POLL_SECONDS)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SiteWorld]:
    """A PROVISIONED table with one index, and its ledger."""
    with dynalite(tmp_path, update_table_ms=UPDATE_TABLE_MS) as url:
        client = boto3.client("dynamodb", endpoint_url=url, region_name=REGION)
        made = SiteWorld(client, table_settings=settings("PROVISIONED", (INDEX,)), clock=Real())
        for name in (TABLE, LEDGER):
            client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0})
        yield made


def raised(world: SiteWorld) -> Prewarm:
    return prewarm(world.site, WANTED, warm=False)


def wait(world: SiteWorld, asked: Prewarm) -> list[str]:
    """Return what the wait told."""
    told: list[str] = []
    CapacityWait(changes=asked.changes, deadline=time.time() + 30, poke_interval=POLL_SECONDS).wait(
        world.site, tell=lambda form, *words: told.append(form % words)
    )
    return told


def restored(world: SiteWorld) -> str:
    return str(restore(world.site, by="restore task"))


def test_prewarm_waits_while_the_table_is_updating(world: SiteWorld) -> None:
    """Until the table and its index are ACTIVE, and show the raised figures."""
    history = History(world)

    asked = raised(world)
    assert ORIGINAL == world.provisioned()
    told = wait(world, asked)

    assert RAISED == world.provisioned()
    assert ["Waiting: table orders is UPDATING; index by_day is UPDATING."] == told
    assert ["ACTIVE/ACTIVE", "update", "UPDATING/UPDATING", "ACTIVE/ACTIVE"] == history()


def test_restore_waits_before_and_after_it_lowers(world: SiteWorld) -> None:
    """A raise that is still under way has to end first; nothing is owed before all is back."""
    raised(world)
    history = History(world)

    said = restored(world)

    assert ORIGINAL == world.provisioned()
    assert [
        "UPDATING/UPDATING",
        "ACTIVE/ACTIVE",
        "update",
        "UPDATING/UPDATING",
        "ACTIVE/ACTIVE",
    ] == history()
    assert "1,000 read / 500 write -> 50 read / 25 write" in said
    assert not world.lease.owes_capacity
    assert "Nothing to restore." == restored(world)
    assert 1 == history.events.count("update")


def test_a_prewarm_that_meets_its_own_change_waits_for_it(world: SiteWorld) -> None:
    """A retried task asks for nothing again, and the first snapshot stays."""
    raised(world)
    history = History(world)

    again = raised(world)
    wait(world, again)

    assert BEFORE == again.before.provisioned[""]
    assert (RAISED, 0) == (world.provisioned(), history.events.count("update"))
    restored(world)
    assert ORIGINAL == world.provisioned()
