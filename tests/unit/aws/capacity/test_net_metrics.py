"""What the safety net tells CloudWatch while neither Airflow nor a worker does."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from airflow_ddb_migrate.aws.capacity.net_metrics import NetMetrics, is_any_taken
from airflow_ddb_migrate.aws.capacity.prewarm import prewarm
from airflow_ddb_migrate.aws.capacity.safety_net import SafetyNet
from airflow_ddb_migrate.aws.execution.steering.pause import pause
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.keys import lease_key
from airflow_ddb_migrate.aws.ledger.typed_values import encode_all
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import CapacityState, LaneState
from airflow_ddb_migrate.core.limits import FORGOTTEN_SECONDS, LEASE_SECONDS, NO_PROGRESS_SECONDS
from tests.support.embedded_metrics import checked
from tests.support.factories import LEDGER, TABLE_KEY, client_error, lease, units
from tests.support.worlds.site_world import OTHER, SiteWorld

SETTINGS = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 50, "WriteCapacityUnits": 25},
}


@pytest.fixture
def world(make_world: Callable[..., SiteWorld]) -> SiteWorld:
    return make_world(**SETTINGS)


def net(world: SiteWorld) -> SafetyNet:
    return SafetyNet(
        clients=world.site.clients,
        ledger_table=LEDGER,
        by="me",
        seconds=600,
        clock=world.site.clock,
    )


def told(world: SiteWorld) -> tuple[float, float, float]:
    """Return seconds for which capacity is owed, tables that owe, and what is stalled."""
    metrics = NetMetrics(clients=world.site.clients, ledger_table=LEDGER, clock=world.site.clock)
    line = checked(metrics.line(net(world).leases()))
    assert [["Stack"]] == line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    return tuple(  # type: ignore[return-value]
        line[name] for name in ("CapacityOwedSeconds", "TablesOwingCapacity", "MigrationsStalled")
    )


def test_an_empty_ledger_is_all_zero(world: SiteWorld) -> None:
    """So that an alarm knows that all is well again."""
    assert (0, 0, 0) == told(world)
    assert not is_any_taken(net(world).leases())


def test_capacity_is_owed_from_when_its_lease_has_run_out(world: SiteWorld) -> None:
    """Before that somebody tends it: a migration may need it for days."""
    prewarm(world.site, units(1_000, 500), warm=False)
    world.clock.advance(LEASE_SECONDS)
    assert (0, 1, 0) == told(world)

    world.clock.advance(3_601)
    assert (3_601, 1, 0) == told(world)
    assert is_any_taken(net(world).leases())


def test_what_the_net_has_restored_is_owed_no_more(world: SiteWorld) -> None:
    """The leases are read again after the sweep."""
    prewarm(world.site, units(1_000, 500), warm=False)
    world.clock.advance(LEASE_SECONDS + 3_601)
    leases = net(world).leases()
    list(net(world).settle(leases))

    metrics = NetMetrics(clients=world.site.clients, ledger_table=LEDGER, clock=world.site.clock)

    assert {0.0} == set(metrics.values(leases).values())


def test_a_migration_without_progress_is_stalled(world: SiteWorld) -> None:
    """A quarter of an hour after its last page."""
    world.start()
    world.clock.advance(NO_PROGRESS_SECONDS)
    world.lane(0, LaneState.RUNNING, counts=Counts(seen=1), progressed_at=world.clock())
    assert (0, 0, 0) == told(world)

    world.clock.advance(NO_PROGRESS_SECONDS - 1)
    assert (0, 0, 0) == told(world)

    world.clock.advance(1)
    assert (0, 0, 1) == told(world)


def test_a_migration_whose_workers_never_began_is_stalled(world: SiteWorld) -> None:
    """Lambda has no free concurrency, say."""
    world.start()
    world.clock.advance(NO_PROGRESS_SECONDS)

    assert (0, 0, 1) == told(world)


def test_what_is_on_hold_is_not_stalled(world: SiteWorld) -> None:
    """Whoever holds it knows."""
    world.start()
    pause(world.site, by="ann", reason="sale")
    world.clock.advance(NO_PROGRESS_SECONDS + 1)

    assert (0, 0, 0) == told(world)


def test_an_execution_that_ended_unnoticed_is_stalled(world: SiteWorld) -> None:
    """Airflow is gone, and so is who would say that it failed. After a day that is no news."""
    world.start()
    world.end()
    world.clock.advance(NO_PROGRESS_SECONDS)
    assert (0, 0, 1) == told(world)

    world.clock.advance(LEASE_SECONDS - NO_PROGRESS_SECONDS + FORGOTTEN_SECONDS)
    assert (0, 0, 1) == told(world)

    world.clock.advance(1)
    assert (0, 0, 0) == told(world)


def also_leased(world: SiteWorld) -> None:
    """Another table, read before this one; what it owes is not there any more."""
    key = TableKey(f"{world.site.table.key.arn}-archive", "id-2", "archive")
    owed = lease(
        table_arn=key.arn,
        table_id=key.table_id,
        table_name=key.name,
        migration_id=OTHER,
        expires_at=world.clock() - 60,
        capacity_state=CapacityState.RAISED,
        snapshot="owed#lost",
    )
    world.dynamodb.put_item(TableName=LEDGER, Item={**lease_key(key), **encode_all(asdict(owed))})


def test_a_lease_that_lost_what_it_owes_hides_no_other_one(world: SiteWorld) -> None:
    """It cannot be restored, so it is owed for as long as that is so."""
    also_leased(world)
    world.start()
    world.clock.advance(NO_PROGRESS_SECONDS)

    assert (60 + NO_PROGRESS_SECONDS, 1, 1) == told(world)


@pytest.mark.parametrize("unread", [f"table#{TABLE_KEY.arn}-archive", f"migration#{OTHER}"])
def test_a_lease_that_cannot_be_read_hides_no_other_one(
    world: SiteWorld, caplog: pytest.LogCaptureFixture, unread: str
) -> None:
    """It counts as it was before the sweep, and as not stalled; the log says why."""
    also_leased(world)
    world.start()
    world.clock.advance(NO_PROGRESS_SECONDS)

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "get_item" and arguments["Key"]["pk"]["S"] == unread:
            raise client_error("AccessDeniedException", "GetItem")

    world.dynamodb.before = refuse

    assert (60 + NO_PROGRESS_SECONDS, 1, 1) == told(world)
    assert "table archive" in caplog.text


def test_an_end_that_was_noted_is_none(world: SiteWorld) -> None:
    """Its task failed, and says why."""
    world.start()
    world.end()
    tend(world.site)
    world.clock.advance(NO_PROGRESS_SECONDS)

    assert (0, 0, 0) == told(world)


def test_what_is_done_waits_for_airflow_and_is_not_stalled(world: SiteWorld) -> None:
    """Nothing is left to be done."""
    world.start()
    for lane in range(4):
        world.lane(lane)
    world.clock.advance(NO_PROGRESS_SECONDS)

    assert (0, 0, 0) == told(world)
