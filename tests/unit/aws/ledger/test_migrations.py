"""The ledger: migrations, attempts, notes and lanes."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.keys import lane_key
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    AwsRequestError,
    LedgerError,
)
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneRow, LaneState
from airflow_ddb_migrate.core.ledger.throttles import Throttles
from airflow_ddb_migrate.core.limits import LEDGER_SHARDS, OWNER_SECONDS
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import (
    LEDGER,
    MIGRATION,
    NOW,
    attempt,
    claim,
    client_error,
    migration_record,
)
from tests.support.worlds.site_world import SiteWorld


@pytest.fixture
def ledger(world: SiteWorld) -> Ledger:
    return world.site.ledger


# Migrations and attempts


def test_a_migration_is_written_once(ledger: Ledger) -> None:
    """A later try gets the record that stands, whatever it wanted itself."""
    first = migration_record(
        key_names=("p", "s"),
        total_segments=1_000_000,
        lanes=10_000,
        mode=Mode.UNDO,
        of="another",
        context_id="a third",
        scope=(0, 7, 9_999),
        max_quarantined=7,
        max_quarantined_percentage=0.5,
        slice_seconds=2.5,
        show_values=True,
    )

    assert first == ledger.create_migration(first)
    assert first == ledger.create_migration(migration_record(transform="another"))
    assert first == ledger.required_migration(MIGRATION)


def test_an_unknown_migration_is_an_error_with_what_to_do(ledger: Ledger) -> None:
    """Or None where the caller asks whether there is one."""
    assert ledger.migration("unknown") is None
    with pytest.raises(LedgerError, match=r"^The ledger ledger knows no migration unknown"):
        ledger.required_migration("unknown")


def test_a_number_is_taken_by_one(ledger: Ledger) -> None:
    """Of two tries with one number the second is refused, and the record stays the first's."""
    assert ledger.create_attempt(MIGRATION, attempt(1))
    assert not ledger.create_attempt(MIGRATION, attempt(1, transform_hash="another"))
    assert attempt(1) == ledger.latest_attempt(MIGRATION)


@pytest.mark.parametrize("numbers", [[1, 2, 3], [2, 10, 9], [99, 100]])
def test_the_latest_attempt_has_the_highest_number(ledger: Ledger, numbers: list[int]) -> None:
    """As a number, not as a text."""
    assert ledger.latest_attempt(MIGRATION) is None
    for number in numbers:
        ledger.create_attempt(MIGRATION, attempt(number))

    assert attempt(max(numbers)) == ledger.latest_attempt(MIGRATION)


def test_an_attempt_keeps_its_first_result(ledger: Ledger) -> None:
    """The first to say how it ended is right."""
    ledger.create_attempt(MIGRATION, attempt(1))
    ledger.attempt_started(MIGRATION, 1, NOW)
    ledger.attempt_ended(MIGRATION, 1, result="FAILED", now=NOW + 1)
    ledger.attempt_ended(MIGRATION, 1, result="SUCCEEDED", now=NOW + 2)

    ended = attempt(1, started_at=NOW, ended_at=NOW + 1, result="FAILED")
    assert ended == ledger.latest_attempt(MIGRATION)


# Notes


def test_a_note_is_replaced_unless_it_is_to_stay(ledger: Ledger) -> None:
    """The capacity before the first prewarm stays; others are as of now."""
    assert "" == ledger.read_note(MIGRATION, "n")
    for text in ("first", "second"):
        ledger.note(MIGRATION, "now", text)
        ledger.note(MIGRATION, "once", text, once=True)

    assert ("second", "first") == (
        ledger.read_note(MIGRATION, "now"),
        ledger.read_note(MIGRATION, "once"),
    )


def test_a_document_of_the_stack_is_no_migration_s(ledger: Ledger) -> None:
    """The latest stays, beside a migration's note of the same name."""
    assert "" == ledger.kept("n")
    ledger.note(MIGRATION, "n", "of the migration")
    for text in ("first", "second"):
        ledger.keep("n", text)

    assert ("second", "of the migration") == (ledger.kept("n"), ledger.read_note(MIGRATION, "n"))


# Errors


@pytest.mark.parametrize("operation", ["get_item", "put_item", "update_item", "query"])
@pytest.mark.parametrize(
    ("code", "error"),
    [("AccessDeniedException", AccessDeniedError), ("InternalServerError", AwsRequestError)],
)
def test_every_request_is_translated(
    world: SiteWorld, operation: str, code: str, error: type[Exception]
) -> None:
    """With the IAM action and the ledger's name."""

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == operation:
            raise client_error(code)

    world.dynamodb.before = refuse
    calls = {
        "get_item": lambda: world.site.ledger.migration(MIGRATION),
        "put_item": lambda: world.site.ledger.create_migration(migration_record()),
        "update_item": lambda: world.site.ledger.begin_attempt(MIGRATION, 1, NOW),
        "query": lambda: world.site.ledger.latest_attempt(MIGRATION),
    }
    action = "".join(word.title() for word in operation.split("_"))

    with pytest.raises(error, match=f"dynamodb:{action} on table {LEDGER}"):
        calls[operation]()


# Lanes


def taken(world: SiteWorld, **fields: Any) -> LaneRow | None:
    return world.site.lanes.take(claim(**fields), NOW)


def test_the_first_take_makes_the_row(world: SiteWorld) -> None:
    """Running, at the start of the lane's first segment."""
    row = LaneRow(
        lane=7,
        state=LaneState.RUNNING,
        attempt=1,
        segment=7,
        owner="me",
        owner_until=NOW + OWNER_SECONDS,
        laps=1,
        total_laps=1,
    )

    assert row == taken(world, lane=7)
    assert row == world.site.lanes.get(MIGRATION, 7)


def test_the_newest_invocation_of_an_attempt_has_the_lane(world: SiteWorld) -> None:
    """Laps count up within an attempt, and begin again with a new one."""
    owners = [(1, "a"), (1, "b"), (2, "c"), (2, "d")]
    rows = [taken(world, attempt=number, owner=owner) for number, owner in owners]

    assert owners == [(row.attempt, row.owner) for row in rows if row]
    assert [1, 2, 1, 2] == [row.laps for row in rows if row]
    assert [1, 2, 3, 4] == [row.total_laps for row in rows if row]


@pytest.mark.parametrize("former", [None, 1])
def test_a_lane_is_taken_though_the_answer_was_lost(
    world: SiteWorld, former: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto3 asks again then: the lane is this owner's, not somebody else's."""
    if former:
        taken(world, attempt=former, owner="dead")
    once = world.service.update_item

    def twice(**arguments: Any) -> Any:
        once(**arguments)
        return once(**arguments)

    monkeypatch.setattr(world.service, "update_item", twice)
    row = taken(world, attempt=2, owner="me")

    assert row is not None
    assert (2, "me", 1) == (row.attempt, row.owner, row.laps)


def test_an_older_attempt_gets_no_lane(world: SiteWorld) -> None:
    """And changes nothing by asking."""
    newer = taken(world, attempt=2)

    assert taken(world, attempt=1, owner="zombie") is None
    assert newer == world.site.lanes.get(MIGRATION, 0)


@pytest.mark.parametrize("number", [1, 2])
def test_a_finished_lane_is_not_taken_again(world: SiteWorld, number: int) -> None:
    """By its own attempt or a newer one."""
    world.lane(0, LaneState.DONE)

    assert taken(world, attempt=number) is None


@pytest.mark.parametrize("state", [LaneState.PENDING, LaneState.RUNNING, LaneState.FAILED])
def test_an_unfinished_lane_goes_on_where_it_was(world: SiteWorld, state: LaneState) -> None:
    """Segment, cursor and counts are kept across attempts."""
    cursor = {"p": {"B": b"\x00\xff"}, "s": {"N": "1.0000000000000000000000000000000000001"}}
    world.lane(0, state, segment=30, cursor=cursor, counts=Counts(seen=5, gone=5))

    row = taken(world, attempt=2)

    assert row is not None
    assert (30, cursor, Counts(seen=5, gone=5)) == (row.segment, row.cursor, row.counts)


def test_only_the_owner_saves(world: SiteWorld) -> None:
    """Not another invocation, nor the same one of another attempt."""
    row = taken(world)
    assert row is not None
    better = replace(
        row,
        counts=Counts.one("changed"),
        units=Units(1.5, 2.0),
        throttles=Throttles({"IndexWriteProvisionedThroughputExceeded by_origin": 3}),
        conflicts=4,
        logged="undo/x",
        page_items=250,
        worked_seconds=12.5,
        findings="{}",
    )

    assert not world.site.lanes.save(claim(owner="another"), better, NOW)
    assert not world.site.lanes.save(claim(attempt=2), better, NOW)
    assert row == world.site.lanes.get(MIGRATION, 0)
    assert world.site.lanes.save(claim(), better, NOW + 5)
    expected = replace(better, owner_until=NOW + 5 + OWNER_SECONDS, updated_at=NOW + 5)
    assert expected == world.site.lanes.get(MIGRATION, 0)


def test_a_row_of_before_throttles_were_counted_has_none(world: SiteWorld) -> None:
    """A migration that an older worker began goes on."""
    world.lane(0, LaneState.PENDING)
    world.service.update_item(
        TableName=LEDGER, Key=lane_key(MIGRATION, 0), UpdateExpression="REMOVE throttles, conflicts"
    )

    row = taken(world, attempt=2)

    assert row is not None
    assert (Throttles(), 0) == (row.throttles, row.conflicts)


def test_a_lane_given_back_has_no_owner(world: SiteWorld) -> None:
    """Nobody waits for it, and who gave it back cannot save any more."""
    row = taken(world)
    assert row is not None

    assert world.site.lanes.give_back(claim(), replace(row, state=LaneState.PENDING), NOW)
    given = world.site.lanes.get(MIGRATION, 0)
    assert given is not None
    assert ("", 0.0, False) == (given.owner, given.owner_until, given.is_live(NOW))
    assert not world.site.lanes.save(claim(), row, NOW)


def test_all_lanes_of_a_migration_are_found(world: SiteWorld) -> None:
    """Spread over the shards, and none of another migration."""
    for lane in range(2 * LEDGER_SHARDS + 3):
        taken(world, lane=lane)
    taken(world, migration_id="another")

    found = sorted(row.lane for row in world.site.lanes.all(MIGRATION))
    assert list(range(2 * LEDGER_SHARDS + 3)) == found
    assert LEDGER_SHARDS == len({lane_key(MIGRATION, lane)["pk"]["S"] for lane in range(10_000)})


def test_few_lanes_are_found_by_few_queries(world: SiteWorld) -> None:
    """A wait reads them again and again."""
    for lane in range(3):
        taken(world, lane=lane)
    queries: list[object] = []
    world.service.meta.events.register("before-call.dynamodb.Query", lambda **_: queries.append(1))

    assert [0, 1, 2] == sorted(row.lane for row in world.site.lanes.all(MIGRATION, 3))
    assert 3 == len(queries)


def test_many_pages_of_lanes_are_read_to_the_end(world: SiteWorld) -> None:
    """A query ends at 1 MB; the rest is on the next page."""
    cause = {"cause": "x" * 200_000}
    for lane in range(0, 8 * LEDGER_SHARDS, LEDGER_SHARDS):
        world.lane(lane, LaneState.FAILED, **cause)

    assert 8 == len(list(world.site.lanes.all(MIGRATION)))
