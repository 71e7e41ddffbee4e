"""The worker's loop: kills, fences, and the order in which things happen."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord, LaneState
from airflow_ddb_migrate.core.limits import (
    LEASE_SECONDS,
    OWNER_SECONDS,
)
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform.guard import hold_wait_seconds
from tests.support.factories import NOW, hold, lane_row, throttled_hold
from tests.support.worlds.migration_world import MigrationWorld

DONE = {"BOOL": True}
LANE = lane_row()

pytestmark = pytest.mark.usefixtures("small_pages")


class Killed(BaseException):
    """What a worker cannot catch: its process is gone."""


def all_done(world: MigrationWorld) -> bool:
    return all(item.get("done") == DONE for item in world.items().values())


def after_calls(count: int, answer: bool = True) -> Callable[[], bool]:
    """Return a function that gives another answer after so many calls."""
    calls = iter([not answer] * count)
    return lambda: next(calls, answer)


# Kills


@pytest.mark.parametrize("killed_at", [1, 4, 5, 10, 11, 17, 25])
@pytest.mark.parametrize("applied", [False, True])
def test_a_killed_worker_is_resumed_without_loss(
    world: Callable[..., MigrationWorld], killed_at: int, applied: bool
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


def kill_at_write(w: MigrationWorld, number: int, *, applied: bool) -> None:
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


def let_live(w: MigrationWorld) -> None:
    w.dynamodb.before = w.dynamodb.after = lambda name, arguments: None


def test_a_killed_worker_stops_counting_as_alive(world: Callable[..., MigrationWorld]) -> None:
    """Its sign of life ends by itself, and until then it may still be writing."""
    w = world()
    w.put_many(5)
    kill_at_write(w, 1, applied=False)
    with pytest.raises(Killed):
        w.work()
    let_live(w)

    assert w.row().is_live(NOW + OWNER_SECONDS - 1)
    assert not w.row().is_live(NOW + OWNER_SECONDS)


def test_an_invocation_run_twice_changes_nothing_more(world: Callable[..., MigrationWorld]) -> None:
    """Step Functions delivers at least once: the second one finds the lane done."""
    w = world()
    w.put_many(25)
    w.work()
    before, row = w.items(), w.row()
    w.dynamodb.calls.clear()

    assert WorkStatus.DONE is w.work().status
    assert [] == w.dynamodb.arguments_of("scan")
    assert (before, row) == (w.items(), w.row())


def test_two_invocations_at_once_lose_nothing(world: Callable[..., MigrationWorld]) -> None:
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


def test_a_zombie_of_an_older_attempt_does_nothing(world: Callable[..., MigrationWorld]) -> None:
    """A child that Step Functions forgot to stop ends without touching lane or table."""
    w = world()
    w.put_many(5)
    w.begin_attempt(2)

    assert WorkStatus.DONE is w.work(attempt=1).status
    assert w.row_or_none() is None
    assert 0 == w.table_writes


def test_a_newer_attempt_ends_the_older_one_in_mid_page(
    world: Callable[..., MigrationWorld],
) -> None:
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


def test_a_zombie_cannot_save_over_a_newer_attempts_row(
    world: Callable[..., MigrationWorld],
) -> None:
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
    world: Callable[..., MigrationWorld], command: Command, status: WorkStatus
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
    world: Callable[..., MigrationWorld],
    look: Callable[[], None],
    command: Command,
    status: WorkStatus,
) -> None:
    """Within seconds, also in the middle of a page; then the lane goes on where it was."""
    w = world()
    w.put_many(25)

    def give(name: str, arguments: dict[str, Any]) -> None:
        if w.table_writes >= 12:
            w.dynamodb.after = lambda name, arguments: None
            w.command(command)
            w.clock.advance(10)
            look()

    w.dynamodb.after = give
    result = w.work()

    assert (status, LaneState.PENDING, "") == (result.status, w.row().state, w.row().owner)
    assert 10 == w.row().counts.seen
    assert w.table_writes < 25
    w.begin_attempt(2)
    assert WorkStatus.DONE is w.work().status
    assert 25 == w.row().counts.seen
    assert all_done(w)


@pytest.mark.parametrize(
    ("lasted", "wait"), [(0, 30), (31, 31), (120, 120), (121, 120), (3_600, 120)]
)
def test_a_held_child_looks_less_often_the_longer_it_lasts(
    world: Callable[..., MigrationWorld], lasted: int, wait: int
) -> None:
    """The state machine waits for as many seconds; each look is an invocation and is billed."""
    w = world()
    w.command(Command.HOLD)
    w.clock.advance(lasted)

    result = w.work()

    assert (WorkStatus.HOLD, wait) == (result.status, result.wait_seconds)


def test_an_hour_of_hold_takes_33_looks(world: Callable[..., MigrationWorld]) -> None:
    """And then the child ends by itself, its lane unfinished."""
    w = world()
    w.command(Command.HOLD)
    looks = 0
    while (result := w.work()).status is WorkStatus.HOLD:
        looks += 1
        w.clock.advance(result.wait_seconds)

    assert (WorkStatus.DONE, None) == (result.status, w.row_or_none())
    assert 33 == looks


def test_nobody_waits_beyond_a_hold_that_ends_by_itself() -> None:
    """Nor less than a second; what is no hold says nothing of a wait."""
    control = ControlRecord(command=Command.HOLD, attempt=1, since=NOW, until=NOW + 300)
    waits = [hold_wait_seconds(control, NOW + lasted) for lasted in (0, 100, 200, 299.5, 301)]

    assert [30, 100, 100, 1, 1] == waits
    both = replace(control, holds=(hold(since=NOW), throttled_hold()), until=0)
    assert [120, 30] == [
        hold_wait_seconds(both, NOW + 299),
        hold_wait_seconds(replace(control, command=Command.RUN, until=0), NOW + 900),
    ]


def test_who_lost_the_table_stops(world: Callable[..., MigrationWorld]) -> None:
    """Another migration took the expired lease: this one's workers end."""
    w = world()
    w.put_many(5)
    w.clock.advance(10_000)
    w.take_table("another")

    assert WorkStatus.DONE is w.work().status
    assert 0 == w.table_writes


@pytest.mark.parametrize("mode", list(Mode))
def test_only_who_writes_needs_the_table(world: Callable[..., MigrationWorld], mode: Mode) -> None:
    """A check and a dry run go on to their end while another migration holds it."""
    w = world(options={"mode": mode})
    w.put_many(25)
    w.clock.advance(10_000)
    w.take_table("another")
    held = Leases(w.ledger).get(w.table_key)

    assert WorkStatus.DONE is w.work().status

    row = w.row_or_none()
    assert (0, held) == (w.table_writes, Leases(w.ledger).get(w.table_key))
    if mode.writes:
        assert row is None
    else:
        assert row is not None
        assert (LaneState.DONE, 25) == (row.state, row.counts.seen)


@pytest.mark.parametrize("mode", [mode for mode in Mode if not mode.writes])
@pytest.mark.parametrize(
    ("command", "status"), [(Command.STOP, WorkStatus.DONE), (Command.HOLD, WorkStatus.HOLD)]
)
def test_who_only_reads_obeys_all_the_same(
    world: Callable[..., MigrationWorld], mode: Mode, command: Command, status: WorkStatus
) -> None:
    """Also in the middle of its work, and without the table."""
    w = world(options={"mode": mode})
    w.put_many(25)
    w.clock.advance(10_000)
    w.take_table("another")

    def give(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan":
            w.dynamodb.after = lambda name, arguments: None
            w.command(command)
            w.clock.advance(10)

    w.dynamodb.after = give

    assert status is w.work().status
    assert (LaneState.PENDING, "") == (w.row().state, w.row().owner)
    assert w.row().counts.seen < 25


@pytest.mark.parametrize("mode", [mode for mode in Mode if not mode.writes])
def test_who_only_reads_makes_way_for_a_newer_attempt(
    world: Callable[..., MigrationWorld], mode: Mode
) -> None:
    """As a writing one does; the newer one finds every item once."""
    w = world(options={"mode": mode})
    w.put_many(25)

    def overtake(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan":
            w.dynamodb.after = lambda name, arguments: None
            w.begin_attempt(2)
            w.clock.advance(10)

    w.dynamodb.after = overtake

    assert WorkStatus.DONE is w.work(attempt=1).status
    assert LaneState.PENDING is w.row().state
    assert WorkStatus.DONE is w.work(attempt=2).status
    assert (LaneState.DONE, 2, 25) == (w.row().state, w.row().attempt, w.row().counts.seen)


def test_a_working_lane_keeps_the_lease_alive(world: Callable[..., MigrationWorld]) -> None:
    """Whoever works renews it: the holder is alive although nobody watches."""
    w = world()
    w.clock.advance(1_000)

    w.work()

    lease = Leases(w.ledger).get(w.table_key)
    assert lease is not None
    assert w.clock() + LEASE_SECONDS == lease.expires_at


# The order in which things happen


@pytest.mark.parametrize("seed", range(3))
def test_the_cursor_moves_only_behind_settled_pages(
    world: Callable[..., MigrationWorld], seed: int
) -> None:
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
