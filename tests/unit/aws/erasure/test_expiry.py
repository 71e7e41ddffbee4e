"""The ledger's records of what is over for good expire; nothing else ever does."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.erasure.expiry import Expiry
from airflow_ddb_migrate.aws.execution.starting.start import start
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.history import list_history
from airflow_ddb_migrate.aws.ledger.keys import migration_key
from airflow_ddb_migrate.core.errors import NotBegunError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import CapacityState, TypedItem
from tests.support.factories import LEDGER, MIGRATION
from tests.support.worlds.site_world import SiteWorld, start_request

DAY, DAYS = 86_400, 30


def mark(world: SiteWorld, seconds: float = 60.0, days: int = DAYS) -> int:
    return Expiry(
        clients=world.site.clients,
        ledger_table=LEDGER,
        days=days,
        seconds=seconds,
        clock=world.site.clock,
    ).mark()


def records(world: SiteWorld) -> list[TypedItem]:
    return list(world.service.scan(TableName=LEDGER)["Items"])


def expiring(world: SiteWorld) -> dict[str, int]:
    """When which records expire, by their sort keys; 0: never."""
    return {i["sk"]["S"]: int(i.get("expires", {}).get("N", 0)) for i in records(world)}


def succeeded(world: SiteWorld) -> float:
    """A migration that has done all; return when it ended."""
    world.start()
    for lane in range(4):
        world.lane(lane, cursor={"id": {"S": "ann"}})
    world.end(1, ExecutionStatus.SUCCEEDED)
    tend(world.site)
    return world.clock()


def test_all_that_is_kept_of_it_expires_but_its_history_and_the_lease(world: SiteWorld) -> None:
    """At one time, from its end; the record of the table's history says when."""
    until = int(succeeded(world)) + DAYS * DAY
    world.clock.advance(5 * DAY)

    assert 1 == mark(world)

    left = {sk for sk, expires in expiring(world).items() if not expires}
    assert {until, 0} == {*expiring(world).values()}
    assert {"lane#000000", "migration", "attempt#001", "control"} <= expiring(world).keys() - left
    assert {"history", "lease", "note"} == {sk.partition("#")[0] for sk in left}  # of the stack
    (row,) = list_history(world.site.ledger, world.site.table.key.arn)
    assert until == row.kept_until


def test_it_is_marked_once_and_the_ledger_is_read_once_a_day(world: SiteWorld) -> None:
    """The safety net runs every 15 minutes."""
    succeeded(world)
    mark(world)
    before, scans = records(world), []
    world.dynamodb.before = lambda name, _: scans.append(name) if name == "scan" else None

    world.clock.advance(DAY - 1)
    assert (0, []) == (mark(world), scans)
    world.clock.advance(2)
    assert 0 == mark(world)

    assert scans
    changed = {"note#expiry"}
    assert [i for i in before if i["sk"]["S"] not in changed] == [
        i for i in records(world) if i["sk"]["S"] not in changed
    ]


def test_without_days_nothing_expires(world: SiteWorld) -> None:
    """A stack of an older template names none."""
    succeeded(world)

    assert 0 == mark(world, days=0)
    assert {0} == {*expiring(world).values()}


def test_what_runs_or_has_failed_does_not_expire(world: SiteWorld) -> None:
    """It can be continued a year later, and then needs each of its lanes."""
    world.start()
    mark(world)
    world.lane(0)
    world.end(1, ExecutionStatus.FAILED)
    tend(world.site)
    world.clock.advance(365 * DAY)
    mark(world)

    assert {0} == {*expiring(world).values()}
    start(world.site, start_request())
    assert 2 == world.site.ledger.latest_attempt(MIGRATION).number


def test_what_owes_capacity_does_not_expire_until_it_is_restored(world: SiteWorld) -> None:
    """Restore looks at control record, attempts and notes."""
    succeeded(world)

    def owing(state: CapacityState) -> None:
        site = world.site
        site.leases.change(site.table.key, lambda x: x and replace(x, capacity_state=state))

    owing(CapacityState.RAISED)
    assert 0 == mark(world)
    assert {0} == {*expiring(world).values()}

    owing(CapacityState.RESTORED)
    world.clock.advance(DAY)
    assert 1 == mark(world)


def test_one_that_is_gone_by_its_time_is_gone_as_a_whole(world: SiteWorld) -> None:
    """DynamoDB deletes within days, in any order: half a migration would look like a failed one.

    Nor is it started again: its items would all be done anew.
    """
    until = int(succeeded(world)) + DAYS * DAY
    mark(world)
    world.clock.now = until - 1.0
    assert world.site.ledger.migration(MIGRATION)
    assert "nothing has to be started" in start(world.site, start_request()).explanation

    world.clock.now = float(until)
    assert None is world.site.ledger.migration(MIGRATION)
    with pytest.raises(NotBegunError, match="knows no migration"):
        tend(world.site)
    with pytest.raises(NotBegunError, match=rf"{MIGRATION} of table \w+ SUCCEEDED on .* expired"):
        start(world.site, start_request())


@pytest.mark.parametrize("number", range(6))
def test_a_look_that_ends_in_the_middle_is_finished_by_the_next(
    world: SiteWorld, number: int
) -> None:
    """The migration's own record is first: from then on it is whole, or gone."""
    until = int(succeeded(world)) + DAYS * DAY
    left = number

    def dies(name: str, arguments: Any) -> None:
        nonlocal left
        if name == "update_item" and "expires" in str(arguments.get("ExpressionAttributeNames")):
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

    world.dynamodb.before = dies
    with pytest.raises(KeyboardInterrupt):
        mark(world)
    world.dynamodb.before = lambda *_: None
    marked = {sk for sk, expires in expiring(world).items() if expires}
    assert not marked or "migration" in marked

    world.clock.advance(40 * DAY)
    assert 1 == mark(world)
    assert {until, 0} == {*expiring(world).values()}


def test_without_time_it_goes_on_with_the_next_look(world: SiteWorld) -> None:
    """And that is not a day later."""
    succeeded(world)

    assert 0 == mark(world, seconds=-1.0)
    assert expiring(world)["migration"]
    assert 1 == mark(world)


def test_a_record_that_is_gone_meanwhile_does_not_come_back(world: SiteWorld) -> None:
    """An update would make it anew, with nothing but when it expires."""
    succeeded(world)
    key = migration_key(MIGRATION, "control")

    def gone(name: str, arguments: Any) -> None:
        if name == "update_item" and arguments["Key"] == key:
            world.service.delete_item(TableName=LEDGER, Key=key)

    world.dynamodb.before = gone
    mark(world)

    assert "control" not in expiring(world)
