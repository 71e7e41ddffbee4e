"""Leases on tables: read as written, and changed by one at a time."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.errors import LedgerBusyError
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseRecord
from tests.support.factories import NOW, TABLE_KEY, lease
from tests.support.worlds.site_world import SiteWorld


def test_a_lease_is_read_as_it_was_written(world: SiteWorld) -> None:
    """Every field; the version grows with each write."""
    leases = world.site.leases
    full = lease(
        attempt=3,
        execution_arn="arn:x",
        capacity_state=CapacityState.RESTORING,
        snapshot="{}",
        raised="[]",
        restoring_by="me",
        restoring_until=NOW + 0.5,
        taken_from="another",
    )

    assert leases.get(TABLE_KEY) is None
    assert replace(full, version=1) == leases.change(TABLE_KEY, lambda _: full)
    assert replace(full, version=1) == leases.get(TABLE_KEY)
    again = leases.change(TABLE_KEY, lambda current: current)
    assert replace(full, version=2) == again


def test_wanting_nothing_writes_nothing(world: SiteWorld) -> None:
    """A transition that returns None leaves the lease as it is."""
    assert world.site.leases.change(TABLE_KEY, lambda _: None) is None
    assert [] == world.dynamodb.arguments_of("put_item")


@pytest.mark.parametrize("exists", [False, True])
def test_a_lost_race_is_decided_by_the_lease_as_it_is(world: SiteWorld, exists: bool) -> None:
    """The transition is asked again, with what the faster one wrote."""
    leases = world.site.leases
    if exists:
        leases.change(TABLE_KEY, lambda _: lease(migration_id="zero"))
    seen: list[str | None] = []

    def overtaken(current: LeaseRecord | None) -> LeaseRecord:
        seen.append(current.migration_id if current else None)
        if len(seen) == 1:
            leases.change(TABLE_KEY, lambda now: replace(now or lease(), migration_id="faster"))
        return replace(current or lease(), migration_id=f"{seen[-1]}+mine")

    leases.change(TABLE_KEY, overtaken)

    assert ["zero" if exists else None, "faster"] == seen
    final = leases.get(TABLE_KEY)
    assert final is not None
    assert "faster+mine" == final.migration_id


def test_endless_races_are_an_error(world: SiteWorld) -> None:
    """After ten it says what to look for."""
    leases = world.site.leases

    def always_overtaken(current: LeaseRecord | None) -> LeaseRecord:
        leases.change(TABLE_KEY, lambda now: now or lease())
        return current or lease()

    with pytest.raises(LedgerBusyError, match="changed 10 times while it was being written"):
        leases.change(TABLE_KEY, always_overtaken)
