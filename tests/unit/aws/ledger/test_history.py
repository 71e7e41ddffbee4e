"""The history of a table: what is in it, and what may not be done twice."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.ending import note_end
from airflow_ddb_migrate.aws.execution.steering.stop import stop
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger import history
from airflow_ddb_migrate.aws.ledger.history import begin, list_history, list_related
from airflow_ddb_migrate.aws.ledger.scans import all_leases
from airflow_ddb_migrate.aws.preflight.repeat import repeat_of, succeeded_before
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import (
    LEDGER,
    MIGRATION,
    NOW,
    TABLE_KEY,
    at,
    migration_record,
    progress,
)
from tests.support.worlds.site_world import OTHER, SiteWorld, start_request

COUNTS = Counts(seen=3, changed=3)


def rows(world: SiteWorld) -> list[HistoryRow]:
    return list(list_history(world.site.ledger, world.site.table.key.arn))


def finish(world: SiteWorld, *, lanes: range = range(4), attempt: int = 1) -> None:
    for lane in lanes:
        world.lane(lane, counts=COUNTS, attempt=attempt)
    world.end(attempt, ExecutionStatus.SUCCEEDED)
    tend(world.site)


def before(world: SiteWorld, **fields: Any) -> HistoryRow | None:
    known = {"transform": "add_updated_at", "transform_hash": "hash-1", "params": {}}
    return succeeded_before(world.site.ledger, world.site.table.key, **{**known, **fields})


def test_a_migration_that_runs_is_in_the_history(world: SiteWorld) -> None:
    """With what it is asked to do and by whom; without an end."""
    world.start(params={"attribute": "at"})

    assert [
        HistoryRow(
            migration_id=MIGRATION,
            table_id=world.site.table.key.table_id,
            mode=Mode.MIGRATE,
            of="",
            transform="add_updated_at",
            transform_hash="hash-1",
            params='{"attribute": "at"}',
            started_at=NOW,
            started_by="tests",
        )
    ] == rows(world)


def test_the_end_is_noted_with_the_counts(world: SiteWorld) -> None:
    """By whoever watches; who looks again later does not move it."""
    world.start()
    world.clock.advance(60)
    finish(world)
    world.clock.advance(60)
    tend(world.site)

    (row,) = rows(world)
    assert ("SUCCEEDED", NOW + 60, Counts(seen=12, changed=12)) == (
        row.result,
        row.ended_at,
        row.counts,
    )


def test_a_failure_is_noted_and_gone_when_it_goes_on(world: SiteWorld) -> None:
    """One row for each migration, however many attempts: the latest counts, and its transform."""
    world.start()
    world.end()
    tend(world.site)
    assert ["FAILED"] == [row.result for row in rows(world)]

    world.lambda_.answer["hash"] = "hash-2"
    world.start()

    assert [("", 0, "hash-2")] == [
        (row.result, row.ended_at, row.transform_hash) for row in rows(world)
    ]


def test_a_stop_is_noted(world: SiteWorld) -> None:
    """What the sensor sees afterwards does not overrule it."""
    world.start()
    world.lane(0, counts=COUNTS)
    stop(world.site, reason="a test")
    tend(world.site)

    assert [("STOPPED", COUNTS)] == [(row.result, row.counts) for row in rows(world)]


def test_a_stop_that_came_too_late_is_a_success(world: SiteWorld) -> None:
    """Every segment is done: the ledger says so."""
    world.start()
    for lane in range(4):
        world.lane(lane)
    stop(world.site, reason="a test")
    tend(world.site)

    assert ["SUCCEEDED"] == [row.result for row in rows(world)]


def test_a_canary_is_no_success_of_the_migration(world: SiteWorld) -> None:
    """Most of the table is as it was; going on with it is never refused, and then it succeeds."""
    world.start(sample_lanes=1)
    (lane,) = world.site.ledger.latest_attempt(MIGRATION).scope  # type: ignore[union-attr]
    finish(world, lanes=range(lane, lane + 1))

    assert ["CANARY"] == [row.result for row in rows(world)]
    assert before(world) is None

    world.start(once=True)
    for rest in sorted(set(range(4)) - {lane}):
        world.lane(rest, attempt=2)
    world.end(2, ExecutionStatus.SUCCEEDED)
    tend(world.site)

    assert ["SUCCEEDED"] == [row.result for row in rows(world)]


def test_the_newest_is_first(world: SiteWorld) -> None:
    """By when they were started, whatever start a check takes over for its transform."""
    finish_first(world)
    other = world.site_for(OTHER)
    world.clock.advance(60)
    world.start(other, mode=Mode.VERIFY, of=MIGRATION)

    assert [(OTHER, Mode.VERIFY, MIGRATION), (MIGRATION, Mode.MIGRATE, "")] == [
        (row.migration_id, row.mode, row.of) for row in rows(world)
    ]


def finish_first(world: SiteWorld) -> None:
    world.start()
    finish(world)


def test_what_has_no_row_gets_none_by_ending(world: SiteWorld) -> None:
    """A migration of before there was a history stays out of it, instead of half in it."""
    note_end(at(world.site, NOW), migration_record(), progress(), result="SUCCEEDED")

    assert [] == list(list_history(world.site.ledger, TABLE_KEY.arn))


def test_leases_are_read_beside_it(world: SiteWorld) -> None:
    """Both are under the table's key."""
    finish_first(world)

    leases = list(all_leases(world.service, LEDGER, consistent=True))

    assert [MIGRATION] == [lease.migration_id for lease in leases]
    assert MIGRATION == world.lease.migration_id


def test_the_same_again_is_found(world: SiteWorld) -> None:
    """And told in a sentence, for the plan; it is refused only where that is wanted."""
    finish_first(world)
    other, words = (
        world.site_for(OTHER),
        (
            "the same transform with the same params already succeeded on this table: migration "
            f"{MIGRATION}, started by tests on 2023-11-14T22:13:20.000Z"
        ),
    )

    assert words == repeat_of(other, start_request(), "hash-1")
    assert words in refused(world)
    assert world.start(other).explanation.startswith("Started")


def refused(world: SiteWorld, **fields: Any) -> str:
    site = world.site_for(OTHER)
    with pytest.raises(InvalidInputError) as caught:
        world.start(site, once=True, **fields)
    assert site.ledger.migration(OTHER) is None
    return str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [{"transform": "another"}, {"transform_hash": "hash-2"}, {"params": {"attribute": "at"}}],
    ids=str,
)
def test_what_differs_is_not_the_same(world: SiteWorld, fields: dict[str, Any]) -> None:
    """Another transform, a fixed one, other parameters."""
    finish_first(world)

    assert before(world) is not None
    assert before(world, **fields) is None


def test_a_table_that_was_made_again_is_another(world: SiteWorld) -> None:
    """Its name is the same, its id is not."""
    finish_first(world)
    key = replace(world.site.table.key, table_id="another")

    found = succeeded_before(
        world.site.ledger, key, transform="add_updated_at", transform_hash="hash-1", params={}
    )
    assert found is None


@pytest.mark.parametrize("mode", [Mode.VERIFY, Mode.DRY_RUN])
def test_what_only_looks_is_never_a_repeat(world: SiteWorld, mode: Mode) -> None:
    """A check of what was done is what one wants then."""
    finish_first(world)
    site = world.site_for(OTHER)

    assert "" == repeat_of(site, start_request(mode=mode, of=MIGRATION), "hash-1")


def test_an_undone_migration_may_be_run_again(world: SiteWorld) -> None:
    """Its work does not stand any more, or not all of it."""
    finish_first(world)
    world.start(world.site_for(OTHER), mode=Mode.UNDO, of=MIGRATION)

    assert before(world) is None


@pytest.mark.parametrize("state", [LaneState.FAILED, LaneState.PENDING])
def test_an_unfinished_one_is_not_done(world: SiteWorld, state: LaneState) -> None:
    """Only a success is a reason to refuse."""
    world.start()
    world.lane(0, state)
    world.end()
    tend(world.site)

    assert before(world) is None
    assert world.start(world.site_for(OTHER), once=True).explanation.startswith("Started")


def test_going_on_is_never_refused(world: SiteWorld) -> None:
    """Also when all of it is done: that is no second time."""
    finish_first(world)

    assert "Every segment is done, so nothing" in world.start(once=True).explanation


@pytest.mark.parametrize("wrong", ["true", 1, None])
def test_once_is_a_switch(world: SiteWorld, wrong: object) -> None:
    """A word in quotes is refused before anything is touched."""
    with pytest.raises(InvalidInputError, match=f"once is {wrong!r}"):
        world.start(once=wrong)


def begun(world: SiteWorld, name: str, second: int, **fields: Any) -> None:
    record = migration_record(
        migration_id=name,
        table_arn=world.site.table.key.arn,
        started_at=NOW + second,
        **fields,
    )
    begin(world.site.ledger, record, "hash")


def related(world: SiteWorld, name: str) -> list[str]:
    table = world.site.table.key.arn
    return [row.migration_id for row in list_related(world.site.ledger, table, name)]


def test_what_is_about_a_migration_is_found_behind_any_number_of_others(
    world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the cost of what there is to find, and of the last rows of the table."""
    monkeypatch.setattr(history, "_RECENT", 5)
    begun(world, "m-dry", 0, of="m", mode=Mode.DRY_RUN)
    begun(world, "m", 1)
    begun(world, "u-1", 2, of="m", mode=Mode.UNDO)
    for number in range(20):
        begun(world, f"x-{number}", 3 + number)
    begun(world, "u-2", 30, of="m", mode=Mode.UNDO)
    world.dynamodb.calls.clear()

    assert ["m-dry", "u-1", "u-2"] == related(world, "m")
    assert ["query", "query", "get_item", "get_item"] == [name for name, _ in world.dynamodb.calls]
    assert 5 == world.dynamodb.calls[0][1]["Limit"]
    assert [] == related(world, "x-1")


def test_what_an_older_version_began_is_found_among_the_last(world: SiteWorld) -> None:
    """It noted nothing beside the migration that it is about."""
    begun(world, "m", 0)
    begun(world, "u-1", 1, of="m", mode=Mode.UNDO)
    key = {"pk": {"S": "migration#m"}, "sk": {"S": "about#2023-11-14T22:13:21.000Z#u-1"}}
    assert "Item" in world.dynamodb.get_item(TableName=LEDGER, Key=key)
    world.dynamodb.delete_item(TableName=LEDGER, Key=key)

    assert ["u-1"] == related(world, "m")
