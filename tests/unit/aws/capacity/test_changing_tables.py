"""Prewarm and restore of a table that AWS still changes, or a migration that still ends."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm, still_waiting
from airflow_ddb_migrate.aws.capacity.restore import restore
from airflow_ddb_migrate.aws.capacity.restore_steps import RestoreWait
from airflow_ddb_migrate.aws.execution.starting.start import StartRequest, start
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from airflow_ddb_migrate.core.errors import RestoreError
from airflow_ddb_migrate.hooks.migration import SiteAddress
from tests.support.factories import TABLE, at
from tests.support.worlds.airflow_world import table_world

WANTED = CapacityUnits(100, 50)
NOW = 1_000.0


class Clock:
    """Goes on only while somebody sleeps; ``when`` happens at the given seconds."""

    def __init__(self):
        self.now = NOW
        self.when = {}

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        for moment in [moment for moment in self.when if moment <= self.now]:
            self.when.pop(moment)()


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


@pytest.fixture
def updating(monkeypatch):
    """Lets the table show UPDATING while it is on."""
    switch = {"on": False}
    fresh = Site.fresh_table

    def shown(site):
        table = fresh(site)
        return replace(table, statuses={"": "UPDATING"}) if switch["on"] else table

    monkeypatch.setattr(Site, "fresh_table", shown)
    return switch


def open_site(run_id="r"):
    address = SiteAddress(table_name=TABLE, stack_name="ddb-migrate", dag_id="d", run_id=run_id)
    return address.open()


def begin(site):
    request = StartRequest(
        total_segments=4,
        transform="add_updated_at",
        params={},
        max_concurrency=None,
        tolerated_failure_percentage=0,
        started_by="test",
    )
    return start(at(site, NOW), request)


def test_a_retried_prewarm_waits_for_its_own_raise(world, updating):
    """While the first try's raise is under way a second asks for nothing and waits for the same."""
    first = prewarm(at(open_site(), NOW), WANTED, warm=False)
    updating["on"] = True
    again = prewarm(at(open_site(), NOW), CapacityUnits(200, 50), warm=False)
    assert (first.changes, 1) == (again.changes, len(world.updates))
    assert ("table orders is UPDATING",) == still_waiting(open_site().fresh_table(), again.changes)


def test_restore_waits_for_active(world, updating):
    """Restore asks for nothing while the table is UPDATING, and then brings it back."""
    before = world.units()
    prewarm(at(open_site(), NOW), WANTED, warm=False)
    updating["on"] = True
    clock = Clock()
    clock.when[NOW + 30] = lambda: updating.update(on=False)
    restore(at(open_site(), clock, clock.sleep), by="test")
    assert (before, NOW + 30) == (world.units(), clock.now)


def test_restore_gives_up_in_words_and_goes_on_later(world, updating):
    """Out of patience the error names what is UPDATING, and the next try restores."""
    before = world.units()
    prewarm(at(open_site(), NOW), WANTED, warm=False)
    updating["on"] = True
    clock = Clock()
    soon = RestoreWait(seconds=60)
    with pytest.raises(RestoreError, match="table orders is UPDATING after 60 s"):
        restore(at(open_site(), clock, clock.sleep), by="test", wait=soon)
    updating["on"] = False
    restore(at(open_site(), clock, clock.sleep), by="somebody else", wait=soon)
    assert before == world.units()


def test_restore_waits_for_a_migration_that_is_being_stopped(world):
    """The last writes of a stopped migration still have the raised capacity."""
    site = open_site()
    prewarm(at(site, NOW), WANTED, warm=False)
    begin(site)
    site.ledger.stop(site.migration_id, attempt=1, reason="test", now=NOW)
    clock = Clock()
    seen = []
    clock.when[NOW + 20] = lambda: (
        seen.append(world.units()),
        world.stepfunctions.end_all("ABORTED"),
    )
    restore(at(open_site(), clock, clock.sleep), by="test")
    assert [{"": (100, 50), "by_pk": (5, 50)}] == seen
    assert {"": (5, 5), "by_pk": (5, 5)} == world.units()


def test_restore_keeps_the_table_of_a_running_migration(world):
    """Capacity comes back while an execution runs, but nobody else gets the table."""
    site = open_site()
    prewarm(at(site, NOW), WANTED, warm=False)
    begin(site)
    clock = Clock()
    restore(at(open_site(), clock, clock.sleep), by="test")
    assert ({"": (5, 5), "by_pk": (5, 5)}, "HELD") == (
        world.units(),
        site.leases.get(site.table.key).state,
    )
