"""Leases on tables: read as written, and changed by one at a time."""

from dataclasses import asdict, replace

import pytest
from airflow_ddb_migrate.aws.ledger.keys import lease_key
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.errors import LedgerBusyError, LedgerError
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


def test_what_a_wide_table_owes_is_not_in_what_every_worker_reads(world: SiteWorld) -> None:
    """Twenty indexes are 30 KB, and one key takes 3,000 read units a second."""
    leases = world.site.leases
    owing = lease(capacity_state=CapacityState.RAISED, snapshot="s" * 20_000, raised="r" * 10_000)
    leases.change(TABLE_KEY, lambda _: owing)

    item = world.site.ledger.get(lease_key(TABLE_KEY))
    assert len(str(item)) < 1_024
    assert replace(owing, version=1) == leases.get(TABLE_KEY)


def test_a_lease_of_before_owed_capacity_was_apart_is_read_and_stays(world: SiteWorld) -> None:
    """The package that prewarmed reads it there, though a newer worker renews it meanwhile."""
    old = lease(capacity_state=CapacityState.RAISED, snapshot="{}", raised="[]", version=1)
    world.site.ledger.put({**lease_key(TABLE_KEY), **encode_all(asdict(old))})

    assert old == world.site.leases.get(TABLE_KEY)
    world.site.leases.change(TABLE_KEY, lambda current: current)
    item = world.site.ledger.get(lease_key(TABLE_KEY))
    assert item is not None
    assert replace(old, version=2) == decode(LeaseRecord, item)


def test_owed_capacity_whose_record_is_gone_is_an_error(world: SiteWorld) -> None:
    """Not found is never nothing owed."""
    owing = lease(capacity_state=CapacityState.RAISED, snapshot="owed#gone", version=1)
    world.site.ledger.put({**lease_key(TABLE_KEY), **encode_all(asdict(owing))})

    with pytest.raises(LedgerError, match="lacks the record of the capacity that table orders had"):
        world.site.leases.get(TABLE_KEY)


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
