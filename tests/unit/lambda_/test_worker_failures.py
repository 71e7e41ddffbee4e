"""The worker's loop: failures, and signs of life."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord, LaneState
from airflow_ddb_migrate.core.limits import HEARTBEAT_SECONDS, HOLD_WAIT_SECONDS
from botocore.exceptions import ClientError
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from tests.support.factories import NOW, claim, client_error, lane_row
from tests.support.worlds.migration_world import MigrationWorld, mark

DONE = {"BOOL": True}
LANE = lane_row()

pytestmark = pytest.mark.usefixtures("small_pages")


def all_done(world: MigrationWorld) -> bool:
    return all(item.get("done") == DONE for item in world.items().values())


def control_of(w: MigrationWorld) -> ControlRecord:
    control = w.ledger.control(w.record.migration_id)
    assert control is not None
    return control


def let_live(w: MigrationWorld) -> None:
    w.dynamodb.before = w.dynamodb.after = lambda name, arguments: None


# Failures


def refuse_item_7(item: Item, context: Context) -> Item:
    if item["id"] == "item-0007":
        raise ValueError(item["secret"])
    return mark(item, context)


def test_an_item_that_cannot_be_migrated_is_set_aside(world: Callable[..., MigrationWorld]) -> None:
    """With key, class and message, and no value of the item; the lane goes on."""
    w = world(transform=refuse_item_7)
    w.put_many(12)
    w.put({"id": {"S": "item-0007"}, "secret": {"S": "hunter2"}})

    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=12, changed=11, quarantined=1) == w.row().counts
    (path,) = w.bucket.paths("quarantine/")
    (row,) = w.bucket.get(path)
    assert ({"id": {"S": "item-0007"}}, "ValueError") == (row["key"], row["error_class"])
    assert row["message"].startswith("The transform raised ValueError at test_worker_failures.py:")
    assert "hunter2" not in str(w.ledger_rows()) + str(row)


@pytest.mark.parametrize("operation", ["scan", "update_item"])
@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError"]
)
def test_a_throttled_worker_waits_and_goes_on(
    world: Callable[..., MigrationWorld], operation: str, code: str
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


def refuse(w: MigrationWorld, operation: str, code: str) -> None:
    """AWS refuses an operation on the table."""

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name == operation and arguments["TableName"] == w.table_name:
            raise client_error(code, name)

    w.dynamodb.before = hook


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_waiting_does_not_mend_fails_the_lane(
    world: Callable[..., MigrationWorld], code: str
) -> None:
    """Seen twice. Code, operation, AWS's words and what to do are in the row."""
    w = world()
    w.put_many(5)
    refuse(w, "scan", code)

    first, result = w.work(), w.work()

    assert (WorkStatus.HOLD, HOLD_WAIT_SECONDS[0]) == (first.status, first.wait_seconds)

    assert (WorkStatus.FAILED, code) == (result.status, result.error)
    assert (LaneState.FAILED, code) == (w.row().state, w.row().error)
    assert w.row().cause.startswith("scan: as AWS says it The ")


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
@pytest.mark.parametrize("operation", ["scan", "update_item"])
def test_no_single_answer_of_aws_stops_a_migration(
    world: Callable[..., MigrationWorld], code: str, operation: str
) -> None:
    """A new right takes seconds to be known everywhere, and a STOP is for ever."""
    w = world()
    w.put_many(5)
    for _ in range(3):
        refuse(w, operation, code)
        assert WorkStatus.HOLD is w.work().status
        assert (Command.RUN, LaneState.PENDING, code) == (
            control_of(w).command,
            w.row().state,
            w.row().error,
        )
        let_live(w)
        w.work(out_of_time=lambda: True)

    assert WorkStatus.DONE is w.work().status
    assert all_done(w)


def test_what_a_former_attempt_was_told_counts_for_nothing(
    world: Callable[..., MigrationWorld],
) -> None:
    """Somebody gave the right meanwhile."""
    w = world()
    w.put_many(5)
    refuse(w, "scan", "AccessDeniedException")
    w.work()
    assert WorkStatus.FAILED is w.work().status
    w.begin_attempt(2)

    assert WorkStatus.HOLD is w.work().status


def test_what_nobody_foresaw_is_raised(world: Callable[..., MigrationWorld]) -> None:
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


def test_a_slow_page_shows_signs_of_life(
    world: Callable[..., MigrationWorld], look: Callable[[], None]
) -> None:
    """The row is saved between chunks when the last save is some seconds old."""
    w = world()
    w.put_many(10)

    def slow(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and arguments["TableName"] == w.table_name:
            w.clock.advance(HEARTBEAT_SECONDS / 4)
            look()

    w.dynamodb.after = slow
    seen: list[float] = []
    w.dynamodb.before = lambda name, arguments: note_save(w, seen, name, arguments)
    w.work()

    beats = [at - NOW for at in seen if at > NOW]
    assert len(beats) >= 3  # the last one ends the lane
    assert all(at >= HEARTBEAT_SECONDS for at in beats)
    assert Counts(seen=10, changed=10) == w.row().counts


def note_save(w: MigrationWorld, seen: list[float], name: str, arguments: dict[str, Any]) -> None:
    if name == "update_item" and arguments["TableName"] != w.table_name:
        seen.append(w.clock())


def test_a_slow_worker_that_was_overtaken_notices_at_its_heartbeat(
    world: Callable[..., MigrationWorld], look: Callable[[], None]
) -> None:
    """It ends in the middle of its page, and leaves the row to the newer invocation."""
    w = world()
    w.put_many(10)

    def slow(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and w.table_writes == 4:
            w.dynamodb.after = lambda name, arguments: None
            Lanes(w.ledger).take(claim(owner="newer"), w.clock())
            w.clock.advance(HEARTBEAT_SECONDS)
            look()

    w.dynamodb.after = slow

    assert WorkStatus.HOLD is w.work().status
    assert 4 <= w.table_writes < 10  # what was in flight
    assert ("newer", Counts()) == (w.row().owner, w.row().counts)
