"""The worker's loop: pages, segments, slices, kills, fences and failures."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.lanes import Lanes
from airflow_ddb_migrate.aws.leases import Leases
from airflow_ddb_migrate.aws.ledger import lane_key
from airflow_ddb_migrate.core.limits import (
    CHILD_LAPS,
    HEARTBEAT_SECONDS,
    LEASE_SECONDS,
    OWNER_SECONDS,
)
from airflow_ddb_migrate.core.messages import Counts, Units, WorkStatus
from airflow_ddb_migrate.core.records import Command, LaneRow, LaneState
from botocore.exceptions import ClientError
from ddb_transform import dispatch, prepare
from ddb_transform import worker as workers
from ddb_transform.item import Item
from ddb_transform.transform import Context
from tests.factories import MIGRATION, NOW, claim, client_error, lane_row
from tests.migration_world import World, mark

DONE = {"BOOL": True}
LANE = lane_row()


class Killed(BaseException):
    """What a worker cannot catch: its process is gone."""


@pytest.fixture
def world(dynamodb: Any) -> Callable[..., World]:
    """A factory of worlds on the module's DynamoDB."""
    return lambda **options: World(dynamodb, **options)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 10 items, each saved, and a look at the ledger at every item."""
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 10)
    monkeypatch.setattr(workers, "SAVE_SECONDS", 0)
    monkeypatch.setattr(prepare, "_TICK_SECONDS", -1)
    monkeypatch.setattr(dispatch, "_LOOK_SECONDS", 0.001)


def all_done(world: World) -> bool:
    return all(item.get("done") == DONE for item in world.items().values())


def after_calls(count: int, answer: bool = True) -> Callable[[], bool]:
    """Return a function that gives another answer after so many calls."""
    calls = iter([not answer] * count)
    return lambda: next(calls, answer)


def let_the_main_thread_look() -> None:
    """A writer thread that takes its time: the main thread looks every millisecond."""
    time.sleep(0.03)


def after_pages(w: World, count: int) -> Callable[[], bool]:
    """Time is up once so many pages are saved."""
    return lambda: (w.row_or_none() or LANE).counts.seen >= 10 * count


# Pages and segments


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 35])
def test_every_page_of_a_segment_is_worked(world: Callable[..., World], count: int) -> None:
    """No items, one page, exactly one page, and several: each item is seen once and changed."""
    w = world()
    w.put_many(count)

    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=count, changed=count) == w.row().counts
    assert (LaneState.DONE, {}) == (w.row().state, w.row().cursor)
    assert all_done(w)
    assert count == len(w.items())


def test_each_page_begins_where_the_last_one_ended(world: Callable[..., World]) -> None:
    """The first page has no start key, every other one the key DynamoDB gave."""
    w = world()
    w.put_many(25)

    w.work()

    starts = [scan.get("ExclusiveStartKey") for scan in w.dynamodb.arguments_of("scan")]
    assert starts[0] is None
    assert all(starts[1:])
    assert len(starts) == len({str(start) for start in starts})


def test_an_empty_page_with_a_key_is_not_the_end(world: Callable[..., World]) -> None:
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


def test_more_segments_than_items(world: Callable[..., World]) -> None:
    """Empty segments end clean; each item is in exactly one of the others."""
    w = world(total_segments=20, lanes=20)
    w.put_many(3)

    assert {WorkStatus.DONE} == {result.status for result in w.work_all()}
    assert Counts(seen=3, changed=3) == sum((w.row(i).counts for i in range(20)), Counts())
    assert all_done(w)


def test_a_lane_works_through_its_segments(world: Callable[..., World]) -> None:
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


def test_a_lane_goes_on_in_the_segment_it_was_in(world: Callable[..., World]) -> None:
    """A slice per page: segment and cursor are kept together, and nothing is seen twice."""
    w = world(total_segments=4, lanes=1)
    w.put_many(60)
    slices = 1

    while w.work(out_of_time=after_one_page(w)).status is WorkStatus.MORE:
        slices += 1

    assert slices >= 6
    assert Counts(seen=60, changed=60) == w.row().counts
    assert all_done(w)


def after_one_page(w: World) -> Callable[[], bool]:
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
    world: Callable[..., World], key_type: str, key: Callable[[int], Any]
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


def test_units_are_those_that_dynamodb_reports(world: Callable[..., World]) -> None:
    """Reads of the pages and writes of the items, added up in the row."""
    w = world()
    w.put_many(12)

    def answers(name: str, answer: Any) -> Any:
        units = {"scan": 5.0, "update_item": 2.0}.get(name, 0.0)
        return {**answer, "ConsumedCapacity": {"CapacityUnits": units}}

    w.dynamodb.answers = answers
    w.work()

    assert Units(read=10.0, written=24.0) == w.row().units


# Slices


def test_a_slice_ends_behind_the_last_settled_page(world: Callable[..., World]) -> None:
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
    world: Callable[..., World],
) -> None:
    """The page is done again: what was written is found already there, nothing is lost."""
    w = world()
    w.put_many(25)

    result = w.work(out_of_time=lambda: w.table_writes >= 14)

    assert (WorkStatus.MORE, Counts(seen=10, changed=10)) == (result.status, result.counts)
    written = w.table_writes - 10
    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=25, changed=25 - written, already=written) == w.row().counts
    assert 25 == w.table_writes


def test_a_slice_returns_the_counts_of_its_lane(world: Callable[..., World]) -> None:
    """They are small, and say in the console how far the lane is."""
    w = world()
    w.put_many(3)

    assert Counts(seen=3, changed=3) == w.work().counts


def test_the_last_lap_gives_the_lane_back(world: Callable[..., World]) -> None:
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


# Kills


@pytest.mark.parametrize("killed_at", [1, 4, 5, 10, 11, 17, 25])
@pytest.mark.parametrize("applied", [False, True])
def test_a_killed_worker_is_resumed_without_loss(
    world: Callable[..., World], killed_at: int, applied: bool
) -> None:
    """Before or after a write, in any page: the next invocation brings every item to its end."""
    w = world()
    w.put_many(25)
    kill_at_write(w, killed_at, applied=applied)

    with pytest.raises(Killed):
        w.work()
    assert LaneState.RUNNING is w.row().state
    let_live(w)

    assert WorkStatus.DONE is w.work().status
    assert all_done(w)
    assert 25 == len(w.items())
    assert 25 == w.row().counts.seen


def kill_at_write(w: World, number: int, *, applied: bool) -> None:
    """Kill the worker at its n-th write of an item, and at whatever it tries after that."""
    writes = iter(range(1, number))

    def hook(name: str, arguments: dict[str, Any]) -> None:
        is_write = name == "update_item" and arguments["TableName"] == w.table_name
        if is_write and next(writes, None) is None:
            w.dynamodb.before = _kill
            raise Killed

    if applied:
        w.dynamodb.after = hook
    else:
        w.dynamodb.before = hook


def _kill(name: str, arguments: dict[str, Any]) -> None:
    raise Killed


def let_live(w: World) -> None:
    w.dynamodb.before = w.dynamodb.after = lambda name, arguments: None


def test_a_killed_worker_stops_counting_as_alive(world: Callable[..., World]) -> None:
    """Its sign of life ends by itself, and until then it may still be writing."""
    w = world()
    w.put_many(5)
    kill_at_write(w, 1, applied=False)
    with pytest.raises(Killed):
        w.work()
    let_live(w)

    assert w.row().is_live(NOW + OWNER_SECONDS - 1)
    assert not w.row().is_live(NOW + OWNER_SECONDS)


def test_an_invocation_run_twice_changes_nothing_more(world: Callable[..., World]) -> None:
    """Step Functions delivers at least once: the second one finds the lane done."""
    w = world()
    w.put_many(25)
    w.work()
    before, row = w.items(), w.row()
    w.dynamodb.calls.clear()

    assert WorkStatus.DONE is w.work().status
    assert [] == w.dynamodb.arguments_of("scan")
    assert (before, row) == (w.items(), w.row())


def test_two_invocations_at_once_lose_nothing(world: Callable[..., World]) -> None:
    """The newer one takes the lane; the older one's save fails and it waits its turn."""
    w = world()
    w.put_many(25)
    newer: list[WorkStatus] = []

    def run_newer_once(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan" and not newer:
            newer.append(WorkStatus.MORE)
            newer.append(w.work().status)

    w.dynamodb.after = run_newer_once
    older = w.work()

    assert (WorkStatus.HOLD, WorkStatus.DONE) == (older.status, newer[-1])
    assert Counts(seen=25, changed=25) == w.row().counts
    assert LaneState.DONE is w.row().state
    assert 25 == len(w.items())


# Fences


def test_a_zombie_of_an_older_attempt_does_nothing(world: Callable[..., World]) -> None:
    """A child that Step Functions forgot to stop ends without touching lane or table."""
    w = world()
    w.put_many(5)
    w.begin_attempt(2)

    assert WorkStatus.DONE is w.work(attempt=1).status
    assert w.row_or_none() is None
    assert 0 == w.table_writes


def test_a_newer_attempt_ends_the_older_one_in_mid_page(world: Callable[..., World]) -> None:
    """The older worker looks at the control record every few seconds, and quits."""
    w = world()
    w.put_many(25)

    def overtake(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan":
            w.dynamodb.after = lambda name, arguments: None
            w.begin_attempt(2)
            w.clock.advance(10)

    w.dynamodb.after = overtake

    assert WorkStatus.DONE is w.work(attempt=1).status
    assert (LaneState.PENDING, 0) == (w.row().state, w.table_writes)
    assert WorkStatus.DONE is w.work(attempt=2).status
    assert (LaneState.DONE, 2) == (w.row().state, w.row().attempt)
    assert all_done(w)


def test_a_zombie_cannot_save_over_a_newer_attempts_row(world: Callable[..., World]) -> None:
    """It took the lane first; the newer attempt finished it; the zombie's save changes nothing."""
    w = world()
    w.put_many(25)

    def finish_in_a_newer_attempt(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan":
            w.dynamodb.after = lambda name, arguments: None
            w.begin_attempt(2)
            w.work(attempt=2)

    w.dynamodb.after = finish_in_a_newer_attempt
    zombie = w.work(attempt=1)

    assert WorkStatus.HOLD is zombie.status
    assert (LaneState.DONE, 2) == (w.row().state, w.row().attempt)
    assert Counts(seen=25, changed=25) == w.row().counts


@pytest.mark.parametrize(
    ("command", "status"), [(Command.STOP, WorkStatus.DONE), (Command.HOLD, WorkStatus.HOLD)]
)
def test_a_command_is_obeyed_before_anything_is_touched(
    world: Callable[..., World], command: Command, status: WorkStatus
) -> None:
    """STOP ends the child, HOLD lets it wait; the lane stays unfinished."""
    w = world()
    w.put_many(5)
    w.command(command)

    assert status is w.work().status
    assert (None, 0) == (w.row_or_none(), w.table_writes)


@pytest.mark.parametrize(
    ("command", "status"), [(Command.STOP, WorkStatus.DONE), (Command.HOLD, WorkStatus.HOLD)]
)
def test_a_command_is_obeyed_while_working(
    world: Callable[..., World], command: Command, status: WorkStatus
) -> None:
    """Within seconds, also in the middle of a page; then the lane goes on where it was."""
    w = world()
    w.put_many(25)

    def give(name: str, arguments: dict[str, Any]) -> None:
        if w.table_writes >= 12:
            w.dynamodb.after = lambda name, arguments: None
            w.command(command)
            w.clock.advance(10)
            let_the_main_thread_look()

    w.dynamodb.after = give
    result = w.work()

    assert (status, LaneState.PENDING, "") == (result.status, w.row().state, w.row().owner)
    assert 10 == w.row().counts.seen
    assert w.table_writes < 25
    w.begin_attempt(2)
    assert WorkStatus.DONE is w.work().status
    assert 25 == w.row().counts.seen
    assert all_done(w)


def test_a_hold_says_how_long_to_wait(world: Callable[..., World]) -> None:
    """The state machine waits for as many seconds."""
    w = world()
    w.command(Command.HOLD)

    assert 30 == w.work().wait_seconds


def test_who_lost_the_table_stops(world: Callable[..., World]) -> None:
    """Another migration took the expired lease: this one's workers end."""
    w = world()
    w.put_many(5)
    w.clock.advance(10_000)
    w.take_table("another")

    assert WorkStatus.DONE is w.work().status
    assert 0 == w.table_writes


def test_a_working_lane_keeps_the_lease_alive(world: Callable[..., World]) -> None:
    """Whoever works renews it: the holder is alive although nobody watches."""
    w = world()
    w.clock.advance(1_000)

    w.work()

    lease = Leases(w.ledger).get(w.table_key)
    assert lease is not None
    assert w.clock() + LEASE_SECONDS == lease.expires_at


# Failures


def refuse_item_7(item: Item, context: Context) -> Item:
    if item["id"] == "item-0007":
        raise ValueError(item["secret"])
    return mark(item, context)


def test_an_item_that_cannot_be_migrated_is_set_aside(world: Callable[..., World]) -> None:
    """With key, class and message, and no value of the item; the lane goes on."""
    w = world(transform=refuse_item_7)
    w.put_many(12)
    w.put({"id": {"S": "item-0007"}, "secret": {"S": "hunter2"}})

    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=12, changed=11, quarantined=1) == w.row().counts
    (path,) = w.bucket.paths("quarantine/")
    (row,) = w.bucket.get(path)
    assert ({"id": {"S": "item-0007"}}, "ValueError") == (row["key"], row["error_class"])
    assert row["message"].startswith("The transform raised ValueError at test_worker.py:")
    assert "hunter2" not in str(w.ledger_rows()) + str(row)


@pytest.mark.parametrize("operation", ["scan", "update_item"])
@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError"]
)
def test_a_throttled_worker_waits_and_goes_on(
    world: Callable[..., World], operation: str, code: str
) -> None:
    """Reads or writes: the child holds, the lane is given back with the reason, nothing fails."""
    w = world()
    w.put_many(25)
    refuse(w, operation, code)

    result = w.work()

    assert (WorkStatus.HOLD, LaneState.PENDING, "") == (
        result.status,
        w.row().state,
        w.row().owner,
    )
    assert code == w.row().error
    let_live(w)
    assert WorkStatus.DONE is w.work().status
    assert (Counts(seen=25, changed=25), "") == (w.row().counts, w.row().error)


def refuse(w: World, operation: str, code: str) -> None:
    """AWS refuses an operation on the table."""

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == operation and arguments["TableName"] == w.table_name:
            raise client_error(code, name)

    w.dynamodb.before = hook


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_waiting_does_not_mend_fails_the_lane(world: Callable[..., World], code: str) -> None:
    """Code, operation, AWS's words and what to do are in the row."""
    w = world()
    w.put_many(5)
    refuse(w, "scan", code)

    result = w.work()

    assert (WorkStatus.FAILED, code) == (result.status, result.error)
    assert (LaneState.FAILED, code) == (w.row().state, w.row().error)
    assert w.row().cause.startswith("scan: as AWS says it The ")


def test_what_nobody_foresaw_is_raised(world: Callable[..., World]) -> None:
    """Step Functions runs the slice again; the row keeps its last checkpoint."""
    w = world()
    w.put_many(25)
    refuse(w, "scan", "SomethingNewException")

    with pytest.raises(ClientError, match="SomethingNewException"):
        w.work()
    let_live(w)
    assert WorkStatus.DONE is w.work().status
    assert all_done(w)


# Signs of life


def test_a_slow_page_shows_signs_of_life(world: Callable[..., World]) -> None:
    """The row is saved between chunks when the last save is some seconds old."""
    w = world()
    w.put_many(10)

    def slow(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and arguments["TableName"] == w.table_name:
            w.clock.advance(HEARTBEAT_SECONDS / 4)
            let_the_main_thread_look()

    w.dynamodb.after = slow
    seen: list[float] = []
    w.dynamodb.before = lambda name, arguments: note_save(w, seen, name, arguments)
    w.work()

    beats = [at - NOW for at in seen if at > NOW]
    assert len(beats) >= 3  # the last one ends the lane
    assert all(at >= HEARTBEAT_SECONDS for at in beats)
    assert Counts(seen=10, changed=10) == w.row().counts


def note_save(w: World, seen: list[float], name: str, arguments: dict[str, Any]) -> None:
    if name == "update_item" and arguments["TableName"] != w.table_name:
        seen.append(w.clock())


def test_a_slow_worker_that_was_overtaken_notices_at_its_heartbeat(
    world: Callable[..., World],
) -> None:
    """It ends in the middle of its page, and leaves the row to the newer invocation."""
    w = world()
    w.put_many(10)

    def slow(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and w.table_writes == 4:
            w.dynamodb.after = lambda name, arguments: None
            w.clock.advance(HEARTBEAT_SECONDS)
            Lanes(w.ledger).take(claim(owner="newer"), w.clock())
            let_the_main_thread_look()

    w.dynamodb.after = slow

    assert WorkStatus.HOLD is w.work().status
    assert 4 <= w.table_writes < 10  # what was in flight
    assert ("newer", Counts()) == (w.row().owner, w.row().counts)


# The order in which things happen


@pytest.mark.parametrize("seed", range(3))
def test_the_cursor_moves_only_behind_settled_pages(world: Callable[..., World], seed: int) -> None:
    """Whenever the row is written, every item before its cursor is migrated already."""
    w = world()
    w.put_many(35)
    random.seed(seed)
    broken: list[int] = []

    def check(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and arguments["TableName"] != w.table_name:
            row = w.row_or_none()
            done = sum("done" in item for item in w.items().values())
            if row and done < row.counts.seen:
                broken.append(row.counts.seen)

    w.dynamodb.after = check
    while w.work(out_of_time=after_calls(random.randint(4, 6))).status is WorkStatus.MORE:
        pass

    assert [] == broken
    assert all_done(w)
