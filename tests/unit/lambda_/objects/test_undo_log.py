"""The undo log: what is durable when, what is void, and what is left of a kill."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from ddb_transform import worker as workers
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.objects import undo_log
from ddb_transform.objects.object_names import Place, path_of, void_of
from ddb_transform.objects.undo_log import UndoLog, records, reverse, stems, unsettled
from tests.support.engines.fakes import FakeS3
from tests.support.factories import MIGRATION, client_error, lane_row, typed_item
from tests.support.worlds.migration_world import PROVEN, MigrationWorld
from tests.unit.lambda_.writers.writing import CHANGED, DELETED, intent
from transforms import DELETE


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(FakeS3(), "b", MIGRATION)


# Records


def test_an_intent_has_key_old_and_new(bucket: Bucket) -> None:
    """Of what changes, null where absent; of a delete the whole item."""
    change = Change("changed", {"n": {"N": "2"}, "o": None, "b": {"B": b"\x00"}})
    before = typed_item(n={"N": "1"}, o={"S": "x"}, other={"S": "y"})
    log = UndoLog(bucket, Place(0, 1, 1))

    log.begin([Intent({"id": {"S": "a"}}, change, before), intent(DELETED, "b")])

    ((stem, has_void),) = stems(bucket, 0)
    assert [
        {
            "k": {"id": {"S": "a"}},
            "o": {"n": {"N": "1"}, "o": {"S": "x"}, "b": None},
            "n": {"n": {"N": "2"}, "o": None, "b": {"B": "AA=="}},
        },
        {"k": {"id": {"S": "b"}}, "d": typed_item("b", n={"N": "1"})},
    ] == records(bucket, stem, has_void=has_void)


def test_void_intents_are_left_out(bucket: Bucket) -> None:
    """By their places; nothing is written where all landed."""
    log = UndoLog(bucket, Place(0, 1, 1))
    log.begin([intent(key="a"), intent(key="b"), intent(key="c")])([0, 2])
    log.begin([intent(key="d")])([])

    found = [
        row["k"]["id"]["S"]
        for stem, void in stems(bucket, 0)
        for row in records(bucket, stem, has_void=void)
    ]
    assert ["b", "d"] == found
    assert [True, False] == [void for _, void in stems(bucket, 0)]


def test_no_two_invocations_share_a_name() -> None:
    """Lane, attempt, lap and number: a duplicate, a zombie and a retry have their own."""
    places = [Place(*row) for row in itertools.product((0, 1), (1, 2), (1, 2))]

    names = [place.next("undo") for place in places for _ in range(3)]

    assert len(names) == len(set(names))


def test_names_ascend_in_time() -> None:
    """By attempt, lap and number; an object, its voids, then what is behind both."""
    times = [(1, 1), (1, 2), (1, 11), (2, 1), (11, 1)]
    names = [Place(0, *time).next("undo") for time in times]
    stem = names[0]

    assert names == sorted(names)
    assert path_of(stem) < void_of(stem) < undo_log.behind(stem) < path_of(names[1])


def test_a_change_is_reversed_where_it_still_holds() -> None:
    """Old values back, also to absent, on the condition that the new ones are there."""
    record = {
        "k": {"id": {"B": "AA=="}},
        "o": {"a": None, "b": {"N": "1"}, "c": {"B": "AQ=="}},
        "n": {"a": {"N": "2"}, "b": None, "c": {"BS": ["Ag=="]}},
    }

    back = reverse(record)

    assert {"id": {"B": b"\x00"}} == back.key
    assert "changed" == back.change.outcome
    assert {"a": None, "b": {"N": "1"}, "c": {"B": b"\x01"}} == back.change.assigned
    assert {"a": {"N": "2"}, "b": None, "c": {"BS": [b"\x02"]}} == back.change.expected


def test_a_delete_is_reversed_by_the_whole_item() -> None:
    """Every attribute, and no condition but that its key is free."""
    back = reverse({"k": typed_item(), "d": typed_item(n={"N": "1"})})

    assert ("restored", typed_item(n={"N": "1"}), {}) == (
        back.change.outcome,
        back.change.assigned,
        back.change.expected,
    )


def test_a_reversed_write_has_a_weight() -> None:
    """Or batches of large items would pass every bound, unpaced."""
    large = {"S": "x" * 100_000}
    changed = reverse({"k": typed_item(), "o": {"a": large}, "n": {"a": {"S": "y"}}})
    restored = reverse({"k": typed_item(), "d": typed_item(a=large)})

    assert changed.weight_bytes > 100_000
    assert restored.weight_bytes > 100_000
    assert 98 == changed.units == restored.units


# What is left of a kill


def test_a_lane_that_was_never_begun_has_nothing_left(bucket: Bucket) -> None:
    """The bucket is not even asked."""
    s3 = bucket.s3
    s3.before = lambda name, arguments: pytest.fail("asked")

    assert undo_log.UnsettledIntents() == unsettled(bucket, lane_row(laps=1))


def test_what_the_row_does_not_know_of_is_unsettled(bucket: Bucket) -> None:
    """Objects behind the last settled one, without their voids."""
    log = UndoLog(bucket, Place(0, 1, 1))
    log.begin([intent(key="settled")])([])
    row = lane_row(laps=2, logged=log.last)
    log.begin([intent(CHANGED, "c"), intent(DELETED, "d"), intent(CHANGED, "void")])([2])

    left = unsettled(bucket, row)

    assert ({'{"id": {"S": "c"}}'}, [{"id": {"S": "d"}}], log.last) == (
        left.changed,
        [one.key for orphans in left.deleted.values() for one in orphans],
        left.last,
    )


def test_another_lanes_log_is_not_ours(bucket: Bucket) -> None:
    """A folder each."""
    UndoLog(bucket, Place(1, 1, 1)).begin([intent()])

    assert undo_log.UnsettledIntents() == unsettled(bucket, lane_row(laps=2))


# In a migration


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 5)
    monkeypatch.setattr(workers, "save_seconds", lambda _: 0)


def remove(item: Any, context: Any) -> object:
    return DELETE if item["id"].startswith("bad") else item


def test_intents_are_durable_before_and_voids_after_the_writes(dynamodb: Any) -> None:
    """And both before the row is saved, of every page."""
    w = MigrationWorld(dynamodb, proof=PROVEN)
    w.put_many(5)
    log: list[str] = []

    def lose_one(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and arguments["TableName"] == w.table_name and "write" not in log:
            w.service.delete_item(TableName=w.table_name, Key=arguments["Key"])
        _note(w, log, name, arguments)

    w.dynamodb.before = lose_one
    w.s3.before = lambda name, arguments: _note(w, log, name, arguments)

    assert WorkStatus.DONE is w.work().status
    work = log[log.index("log") :]
    assert ["log", *["write"] * 5, "void", "row"] == work[:8]
    assert Counts(seen=5, changed=4, gone=1) == w.row().counts


def _note(w: MigrationWorld, log: list[str], name: str, arguments: dict[str, Any]) -> None:
    if name == "put_object":
        log.append("void" if ".void." in arguments["Key"] else "log")
    elif name == "update_item" and arguments["TableName"] == w.table_name:
        log.append("write")
    elif name == "update_item" and "lane#" in arguments["Key"]["sk"]["S"]:
        log.append("row")


def test_nothing_is_written_that_could_not_be_logged(dynamodb: Any) -> None:
    """The bucket is unwell: the lane waits, the table is as it was."""
    w = MigrationWorld(dynamodb, proof=PROVEN)
    w.put_many(5)

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "put_object":
            raise client_error("SlowDown", "PutObject")

    w.s3.before = refuse

    assert WorkStatus.HOLD is w.work().status
    assert 0 == w.table_writes


@pytest.mark.parametrize("rest", [0, 12])
@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_a_delete_that_landed_before_a_kill_is_counted_once(
    dynamodb: Any, rest: int, killed_at: int
) -> None:
    """However many slices follow, and whether or not their pages write anything."""
    w = MigrationWorld(dynamodb, proof=PROVEN, transform=remove)
    w.put(*({"id": {"S": f"bad-{i}"}} for i in range(5)))
    kill_after(w, killed_at)
    with pytest.raises(Killed):
        w.work()
    w.dynamodb.before = w.dynamodb.after = lambda name, arguments: None
    w.put_many(rest)

    for _ in range(20):
        if w.work(out_of_time=after_a_page(w)).status is WorkStatus.DONE:
            break

    counts = w.row().counts
    assert Counts(seen=5 + rest, already=killed_at, deleted=5 - killed_at, unchanged=rest) == counts
    assert rest == len(w.items())


def kill_after(w: MigrationWorld, deletes: int) -> None:
    """Kill the worker once so many deletes have landed."""
    left = iter(range(deletes - 1))

    def kill(name: str, arguments: dict[str, Any]) -> None:
        if name == "delete_item" and next(left, None) is None:
            w.dynamodb.before = _kill
            raise Killed

    w.dynamodb.after = kill


def _kill(name: str, arguments: dict[str, Any]) -> None:
    if name == "delete_item":
        raise Killed


def after_a_page(w: MigrationWorld) -> Callable[[], bool]:
    before = w.row().cursor
    return lambda: w.row().cursor != before
