"""The worker's loop: pages, segments and slices."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.keys import lane_key
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneRow, LaneState
from airflow_ddb_migrate.core.limits import (
    CHILD_LAPS,
)
from tests.support.factories import MIGRATION, claim, lane_row
from tests.support.worlds.migration_world import MigrationWorld

DONE = {"BOOL": True}
LANE = lane_row()


class Killed(BaseException):
    """What a worker cannot catch: its process is gone."""


pytestmark = pytest.mark.usefixtures("small_pages")


def all_done(world: MigrationWorld) -> bool:
    return all(item.get("done") == DONE for item in world.items().values())


def after_calls(count: int, answer: bool = True) -> Callable[[], bool]:
    """Return a function that gives another answer after so many calls."""
    calls = iter([not answer] * count)
    return lambda: next(calls, answer)


def after_pages(w: MigrationWorld, count: int) -> Callable[[], bool]:
    """Time is up once so many pages are saved."""
    return lambda: (w.row_or_none() or LANE).counts.seen >= 10 * count


# Pages and segments


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 35])
def test_every_page_of_a_segment_is_worked(
    world: Callable[..., MigrationWorld], count: int
) -> None:
    """No items, one page, exactly one page, and several: each item is seen once and changed."""
    w = world()
    w.put_many(count)

    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=count, changed=count) == w.row().counts
    assert (LaneState.DONE, {}) == (w.row().state, w.row().cursor)
    assert all_done(w)
    assert count == len(w.items())


def test_each_page_begins_where_the_last_one_ended(world: Callable[..., MigrationWorld]) -> None:
    """The first page has no start key, every other one the key DynamoDB gave."""
    w = world()
    w.put_many(25)

    w.work()

    starts = [scan.get("ExclusiveStartKey") for scan in w.dynamodb.arguments_of("scan")]
    assert starts[0] is None
    assert all(starts[1:])
    assert len(starts) == len({str(start) for start in starts})


def test_an_empty_page_with_a_key_is_not_the_end(world: Callable[..., MigrationWorld]) -> None:
    """DynamoDB may return no items and a key to go on from."""
    w = world()
    w.put_many(3)
    pages = iter([{"Items": [], "LastEvaluatedKey": {"id": {"S": "before everything"}}}])

    def answers(name: str, answer: Any) -> Any:
        return next(pages, answer) if name == "scan" else answer

    w.dynamodb.answers = answers
    first_scan = w.worker(out_of_time=after_calls(0)).run()
    assert WorkStatus.MORE is first_scan.status
    assert {"id": {"S": "before everything"}} == w.row().cursor

    w.dynamodb.before = _without_start_key
    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=3, changed=3) == w.row().counts


def _without_start_key(name: str, arguments: dict[str, Any]) -> None:
    """moto refuses a start key that is no item's."""
    if name == "scan":
        arguments.pop("ExclusiveStartKey", None)


def test_more_segments_than_items(world: Callable[..., MigrationWorld]) -> None:
    """Empty segments end clean; each item is in exactly one of the others."""
    w = world(total_segments=20, lanes=20)
    w.put_many(3)

    assert {WorkStatus.DONE} == {result.status for result in w.work_all()}
    assert Counts(seen=3, changed=3) == sum((w.row(i).counts for i in range(20)), Counts())
    assert all_done(w)


def test_a_lane_works_through_its_segments(world: Callable[..., MigrationWorld]) -> None:
    """Three lanes cover ten segments, each scanned by one lane only."""
    w = world(total_segments=10, lanes=3)
    w.put_many(60)

    for lane, segments in enumerate([[0, 3, 6, 9], [1, 4, 7], [2, 5, 8]]):
        w.dynamodb.calls.clear()
        assert WorkStatus.DONE is w.work(lane=lane).status
        scanned = [scan["Segment"] for scan in w.dynamodb.arguments_of("scan")]
        assert segments == list(dict.fromkeys(scanned))

    assert 60 == sum(w.row(lane).counts.seen for lane in range(3))
    assert all_done(w)


def test_a_lane_goes_on_in_the_segment_it_was_in(world: Callable[..., MigrationWorld]) -> None:
    """A slice per page: segment and cursor are kept together, and nothing is seen twice."""
    w = world(total_segments=4, lanes=1)
    w.put_many(60)
    slices = 1

    while w.work(out_of_time=after_one_page(w)).status is WorkStatus.MORE:
        slices += 1

    assert slices >= 6
    assert Counts(seen=60, changed=60) == w.row().counts
    assert all_done(w)


def after_one_page(w: MigrationWorld) -> Callable[[], bool]:
    """Time is up as soon as a page is saved."""
    before = w.row_or_none()
    return lambda: _place(w.row_or_none()) != _place(before)


def _place(row: LaneRow | None) -> tuple[int, str]:
    return (row.segment, str(row.cursor)) if row else (0, "{}")


@pytest.mark.parametrize(
    ("key_type", "key"),
    [
        ("S", lambda i: f"item-{i}-\N{SNOWMAN}"),
        ("N", lambda i: f"{i}.000000000000000000000000000000000001"),
        ("B", lambda i: bytes([i, 0, 255])),
    ],
)
def test_cursors_of_every_key_type_are_kept_exactly(
    world: Callable[..., MigrationWorld], key_type: str, key: Callable[[int], Any]
) -> None:
    """Text, numbers of 38 digits and bytes go through the ledger unchanged."""
    w = world(key_type=key_type)
    if key_type == "B":
        w.dynamodb.before = _without_segments
    w.put(*({"id": {key_type: key(i)}} for i in range(25)))
    given: list[Any] = []
    w.dynamodb.answers = lambda name, answer: note_cursor(given, name, answer)

    assert WorkStatus.MORE is w.work(out_of_time=after_pages(w, 1)).status
    assert given[0] == w.row().cursor

    w.work()
    started = [scan.get("ExclusiveStartKey") for scan in w.dynamodb.arguments_of("scan")]
    assert {str(None), *map(str, given)} == set(map(str, started))
    assert Counts(seen=25, changed=25) == w.row().counts


def _without_segments(name: str, arguments: dict[str, Any]) -> None:
    """moto cannot cut a table with binary keys; a scan of its one segment is a scan of all."""
    if name == "scan":
        del arguments["Segment"], arguments["TotalSegments"]


def note_cursor(cursors: list[Any], name: str, answer: Any) -> Any:
    if name == "scan" and "LastEvaluatedKey" in answer:
        cursors.append(answer["LastEvaluatedKey"])
    return answer


def test_units_are_those_that_dynamodb_reports(world: Callable[..., MigrationWorld]) -> None:
    """Reads of the pages and writes of the items, added up in the row."""
    w = world()
    w.put_many(12)

    def answers(name: str, answer: Any) -> Any:
        units = {"scan": 5.0, "update_item": 2.0}.get(name, 0.0)
        return {**answer, "ConsumedCapacity": {"CapacityUnits": units}}

    w.dynamodb.answers = answers
    w.work()

    assert Units(read=10.0, written=24.0, busiest=24.0) == w.row().units


# Slices


def test_a_slice_ends_behind_the_last_settled_page(world: Callable[..., MigrationWorld]) -> None:
    """Out of time after a page: the next slice begins with the next page."""
    w = world()
    w.put_many(25)

    assert WorkStatus.MORE is w.work(out_of_time=after_pages(w, 1)).status
    assert (LaneState.PENDING, Counts(seen=10, changed=10)) == (w.row().state, w.row().counts)
    assert 10 == w.table_writes

    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=25, changed=25) == w.row().counts
    assert 25 == w.table_writes


def test_a_slice_that_ends_within_a_page_counts_only_whole_pages(
    world: Callable[..., MigrationWorld], look: Callable[[], None]
) -> None:
    """The page is done again: what was written is found already there, nothing is lost."""
    w = world()
    w.put_many(25)

    def seen_in_time(name: str, arguments: dict[str, Any]) -> None:
        is_write = name == "update_item" and arguments["TableName"] == w.table_name
        if is_write and w.table_writes == 14:
            look()

    w.dynamodb.after = seen_in_time

    result = w.work(out_of_time=lambda: w.table_writes >= 14)

    assert (WorkStatus.MORE, Counts(seen=10, changed=10)) == (result.status, result.counts)
    written = w.table_writes - 10
    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=25, changed=25 - written, already=written) == w.row().counts
    assert 25 == w.table_writes


def test_a_slice_returns_the_counts_of_its_lane(world: Callable[..., MigrationWorld]) -> None:
    """They are small, and say in the console how far the lane is."""
    w = world()
    w.put_many(3)

    assert Counts(seen=3, changed=3) == w.work().counts


def test_a_lane_knows_how_long_was_worked_on_it(world: Callable[..., MigrationWorld]) -> None:
    """Over slices and attempts; the time between them is nobody's."""
    w = world()
    w.put_many(15)

    def take_time(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan":
            w.clock.advance(20)

    w.dynamodb.after = take_time
    assert WorkStatus.MORE is w.work(out_of_time=after_pages(w, 1)).status
    first = w.row().worked_seconds
    w.clock.advance(1_000)
    w.begin_attempt(2)
    assert WorkStatus.DONE is w.work().status

    assert 20 <= first <= 40
    scans = len(w.dynamodb.arguments_of("scan"))
    assert (20 * scans, 2) == (w.row().worked_seconds, w.row().total_laps)


def test_a_killed_worker_counts_what_it_saved(world: Callable[..., MigrationWorld]) -> None:
    """Its signs of life have it."""
    w = world()
    w.put_many(15)
    scans = []

    def take_time_and_die(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan":
            scans.append(w.clock.advance(20))
            if len(scans) == 2:
                raise Killed

    w.dynamodb.after = take_time_and_die
    with pytest.raises(Killed):
        w.work()

    assert 20 <= w.row().worked_seconds <= 40


def test_the_last_lap_gives_the_lane_back(world: Callable[..., MigrationWorld]) -> None:
    """History is bounded: the child ends, the lane stays unfinished for a new attempt."""
    w = world()
    w.put_many(3)
    Lanes(w.ledger).take(claim(), w.clock())
    w.ledger.update(lane_key(MIGRATION, 0), {"laps": CHILD_LAPS})

    assert WorkStatus.DONE is w.work().status
    assert (LaneState.PENDING, "") == (w.row().state, w.row().owner)
    assert not any("done" in item for item in w.items().values())

    w.begin_attempt(2)
    assert WorkStatus.DONE is w.work().status
    assert (LaneState.DONE, 1) == (w.row().state, w.row().laps)
