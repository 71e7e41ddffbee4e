"""The worker's loop: throttles by reason, and conflicts with live writes, in the lane's row."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.throttles import READ, WRITE, Throttles
from airflow_ddb_migrate.core.limits import WRITE_TRIES
from tests.support.factories import client_error
from tests.support.worlds.migration_world import PROVEN, MigrationWorld

REASON = "IndexWriteProvisionedThroughputExceeded"
KEPT = f"{REASON} by_origin"

pytestmark = pytest.mark.usefixtures("small_pages")


class Killed(BaseException):
    """What a worker cannot catch: its process is gone."""


def throttled(w: MigrationWorld, operation: str, *, often: int, reason: str = REASON) -> None:
    """DynamoDB refuses an operation on the table so many times, and says why."""
    left = iter(range(often))
    rows = [{"reason": reason, "resource": f"{w.record.table_arn}/index/by_origin"}]

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == operation and arguments["TableName"] == w.table_name and next(left, -1) >= 0:
            code = "ProvisionedThroughputExceededException"
            raise client_error(code, name, ThrottlingReasons=rows)

    w.dynamodb.before = hook


def test_throttled_writes_are_kept_by_reason_and_index(
    world: Callable[..., MigrationWorld],
) -> None:
    """Each refusal counts, and the items are counted as ever."""
    w = world()
    w.put_many(5)
    throttled(w, "update_item", often=3)

    assert WorkStatus.DONE is w.work().status
    assert (Throttles({KEPT: 3}), Counts(seen=5, changed=5)) == (w.row().throttles, w.row().counts)


def test_a_statement_throttled_without_a_reason_counts_as_one(
    world: Callable[..., MigrationWorld],
) -> None:
    """A batch's answer has a code only, for each statement."""
    w = world(proof=PROVEN)
    w.put_many(5)
    throttled(w, "update_item", often=2)

    assert WorkStatus.DONE is w.work().status
    assert Throttles({WRITE: 2}) == w.row().throttles


def test_a_batch_learns_from_a_single_request_what_is_throttled(
    world: Callable[..., MigrationWorld],
) -> None:
    """Five statements are told nothing; one of them, tried alone, is told the reason."""
    w = world(proof=PROVEN)
    w.put_many(5)
    throttled(w, "update_item", often=5)
    refuse, alone = w.dynamodb.before, iter([True])

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and "ReturnConsumedCapacity" in arguments and next(alone, False):
            rows = [{"reason": REASON, "resource": f"{w.record.table_arn}/index/by_origin"}]
            code = "ProvisionedThroughputExceededException"
            raise client_error(code, name, ThrottlingReasons=rows)
        refuse(name, arguments)

    w.dynamodb.before = hook

    assert WorkStatus.DONE is w.work().status
    assert Throttles({WRITE: 5, KEPT: 1}) == w.row().throttles


def test_throttled_reads_count_apart(world: Callable[..., MigrationWorld]) -> None:
    """They come from the thread that fetches pages."""
    w = world()
    w.put_many(5)
    throttled(w, "scan", often=2, reason="no reason")

    assert WorkStatus.DONE is w.work().status
    assert Throttles({READ: 2}) == w.row().throttles


def test_a_page_that_never_settles_is_told_of(world: Callable[..., MigrationWorld]) -> None:
    """There throttling is worst; the next slice adds its own, and no refusal counts twice."""
    w = world()
    w.put_many(1)
    throttled(w, "update_item", often=WRITE_TRIES + 3)

    assert WorkStatus.HOLD is w.work().status
    assert Throttles({KEPT: WRITE_TRIES + 1}) == w.row().throttles
    assert WorkStatus.DONE is w.work().status
    assert Throttles({KEPT: WRITE_TRIES + 3}) == w.row().throttles


def test_throttles_outlive_an_attempt(world: Callable[..., MigrationWorld]) -> None:
    """As the counts do: a new one goes on with the row."""
    w = world()
    w.put_many(1)
    throttled(w, "update_item", often=WRITE_TRIES + 10)
    w.work()
    before = w.row().throttles.total
    w.begin_attempt(2)

    while w.work().status is WorkStatus.HOLD:
        pass

    assert 0 < before < w.row().throttles.total
    assert WRITE_TRIES + 10 == w.row().throttles.total


def live_write(w: MigrationWorld) -> None:
    """Just before the first write of an item a live one changes it."""

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and arguments["TableName"] == w.table_name:
            w.dynamodb.before = lambda name, arguments: None
            w.put({**arguments["Key"], "done": {"N": "0"}})

    w.dynamodb.before = hook


def test_a_conflict_is_counted_and_harms_nothing(world: Callable[..., MigrationWorld]) -> None:
    """The live write stays, and the transform has had the item as it was by then."""
    w = world()
    w.put_many(3)
    live_write(w)

    assert WorkStatus.DONE is w.work().status
    assert (1, Counts(seen=3, changed=3)) == (w.row().conflicts, w.row().counts)
    assert all(item["done"] == {"BOOL": True} for item in w.items().values())


def test_a_page_that_is_done_again_counts_no_conflict_twice(
    world: Callable[..., MigrationWorld],
) -> None:
    """Conflicts move with the cursor; what the killed worker wrote itself is none."""
    w = world()
    w.put_many(3)
    live_write(w)
    writes = count(1)

    def kill(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and arguments["TableName"] == w.table_name and next(writes) == 3:
            raise Killed

    w.dynamodb.after = kill
    with suppress(Killed):
        w.work()
    assert 0 == w.row().conflicts
    w.dynamodb.before = w.dynamodb.after = lambda name, arguments: None

    assert WorkStatus.DONE is w.work().status
    assert (0, 3) == (w.row().conflicts, w.row().counts.seen)
