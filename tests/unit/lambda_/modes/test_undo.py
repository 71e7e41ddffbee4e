"""The mode that reverts what a migration wrote, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.keys import lane_key
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform import worker as workers
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from ddb_transform.writers.proof import UNPROVEN, Proof
from tests.support.factories import MIGRATION
from tests.support.worlds.migration_world import PROVEN, MigrationWorld
from transforms import DELETE

UNDO = "undo-of-it"


def migrate(item: Item, context: Context) -> object:
    """Delete what is bad; set, replace and remove of all else."""
    if item["id"].startswith("bad"):
        return DELETE
    item["added"] = b"\x00"
    item["n"] = item["n"] + 1 if item["n"] < 10 else item["n"]
    item.pop("old", None)
    return item


def once(item: Item, context: Context) -> object:
    return item if "added" in item else migrate(item, context)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 4)
    monkeypatch.setattr(workers, "save_seconds", lambda _: 0)


@pytest.fixture(params=[UNPROVEN, PROVEN], ids=["reference", "fast"])
def migrated(
    dynamodb: Any, request: pytest.FixtureRequest
) -> tuple[MigrationWorld, dict[str, Any]]:
    """A world after its migration, and its items before."""
    proof: Proof = request.param
    w = MigrationWorld(dynamodb, transform=once, proof=proof)
    for i in range(6):
        w.put({"id": {"S": f"i{i}"}, "n": {"N": str(i)}, "old": {"SS": ["b", "a"]}})
    for i in range(3):
        w.put({"id": {"S": f"bad{i}"}, "x": {"M": {"b": {"BS": [b"\x00"]}}}})
    before = w.items()
    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=9, changed=6, deleted=3) == w.row().counts
    return w, before


def undo(w: MigrationWorld, **options: Any) -> WorkStatus:
    """Begin the undo in the same ledger, or go on with it."""
    if w.record.mode is not Mode.UNDO:
        w.record = replace(w.record, migration_id=UNDO, mode=Mode.UNDO, of=MIGRATION)
        w.ledger.create_migration(w.record)
        w.attempt = 1
        assert w.ledger.begin_attempt(UNDO, 1, w.clock())
        w.clock.advance(10_000)
        w.take_table(UNDO)
    return w.work(**options).status


def counts(w: MigrationWorld) -> Counts:
    row = Lanes(w.ledger).get(UNDO, 0)
    assert row is not None
    return row.counts


def kept(w: MigrationWorld) -> list[dict[str, Any]]:
    return [row for path in w.bucket.paths("kept/") for row in w.bucket.get(path)]


def test_everything_is_as_it_was(migrated: tuple[MigrationWorld, dict[str, Any]]) -> None:
    """Every changed and every deleted item."""
    w, before = migrated

    assert WorkStatus.DONE is undo(w)

    assert before == w.items()
    assert (Counts(seen=9, changed=9), []) == (counts(w), kept(w))


def test_what_live_traffic_changed_since_is_kept(
    migrated: tuple[MigrationWorld, dict[str, Any]],
) -> None:
    """The whole item, and its key is listed, without values."""
    w, before = migrated
    live = {**w.items()["i2"], "n": {"N": "99"}}
    w.put(live)

    assert WorkStatus.DONE is undo(w)

    assert {**before, "i2": live} == w.items()
    assert Counts(seen=9, changed=8, skipped=1) == counts(w)
    assert [{"key": {"id": {"S": "i2"}}, "attributes": ["added", "n", "old"]}] == kept(w)


def test_what_live_traffic_added_stays(migrated: tuple[MigrationWorld, dict[str, Any]]) -> None:
    """Only the migration's own attributes are reverted."""
    w, before = migrated
    w.put({**w.items()["i2"], "live": {"S": "x"}})

    assert WorkStatus.DONE is undo(w)

    assert {**before["i2"], "live": {"S": "x"}} == w.items()["i2"]


def test_what_live_traffic_deleted_stays_deleted(
    migrated: tuple[MigrationWorld, dict[str, Any]],
) -> None:
    """It is gone."""
    w, before = migrated
    w.service.delete_item(TableName=w.table_name, Key={"id": {"S": "i2"}})
    del before["i2"]

    assert WorkStatus.DONE is undo(w)

    assert before == w.items()
    assert Counts(seen=9, changed=8, gone=1) == counts(w)


def test_a_deleted_item_is_put_back_only_where_its_key_is_free(
    migrated: tuple[MigrationWorld, dict[str, Any]],
) -> None:
    """Who made it again meanwhile keeps it."""
    w, before = migrated
    again = {"id": {"S": "bad1"}, "live": {"S": "x"}}
    w.put(again)

    assert WorkStatus.DONE is undo(w)

    assert {**before, "bad1": again} == w.items()
    assert Counts(seen=9, changed=8, skipped=1) == counts(w)
    assert [{"id": {"S": "bad1"}}] == [row["key"] for row in kept(w)]


@pytest.mark.parametrize("name", ["i2", "bad1"])
def test_what_is_as_it_was_already_is_counted_apart(
    migrated: tuple[MigrationWorld, dict[str, Any]], name: str
) -> None:
    """Somebody put it back, or an invocation that was killed."""
    w, before = migrated
    w.put(before[name])

    assert WorkStatus.DONE is undo(w)

    assert before == w.items()
    assert Counts(seen=9, changed=8, already=1) == counts(w)


def test_voids_are_not_reverted(dynamodb: Any) -> None:
    """A delete that lost to live traffic was never ours to undo."""
    w = MigrationWorld(dynamodb, transform=once, proof=PROVEN)
    w.put({"id": {"S": "bad"}, "x": {"S": "y"}})

    def delete_first(name: str, arguments: dict[str, Any]) -> None:
        if name == "delete_item":
            w.service.delete_item(TableName=w.table_name, Key=arguments["Key"])

    w.dynamodb.before = delete_first
    w.work()
    w.dynamodb.before = lambda name, arguments: None
    assert Counts(seen=1, gone=1) == w.row().counts

    assert WorkStatus.DONE is undo(w)

    assert {} == w.items()
    assert Counts() == counts(w)


def test_an_undo_is_resumed_where_it_was(migrated: tuple[MigrationWorld, dict[str, Any]]) -> None:
    """A slice per object of the log, newest first, nothing twice."""
    w, before = migrated
    slices = 1

    while undo(w, out_of_time=after_an_object(w)) is WorkStatus.MORE:
        slices += 1

    assert slices >= 2
    assert before == w.items()
    assert Counts(seen=9, changed=9) == counts(w)


def after_an_object(w: MigrationWorld) -> Callable[[], bool]:
    def place() -> str:
        row = Lanes(w.ledger).get(UNDO, 0)
        return str(row.cursor) if row else "{}"

    before = place()
    return lambda: place() != before


def test_two_changes_of_one_item_are_undone_newest_first(dynamodb: Any) -> None:
    """Back to what live traffic had made of the first one: that was never ours."""
    w = MigrationWorld(dynamodb, proof=PROVEN)
    w.put({"id": {"S": "a"}})
    w.work()
    w.put({"id": {"S": "a"}, "done": {"S": "by a live write"}})
    w.ledger.update(lane_key(MIGRATION, 0), {"state": LaneState.PENDING})
    w.begin_attempt(2)
    w.work()
    assert {"BOOL": True} == w.items()["a"]["done"]

    assert WorkStatus.DONE is undo(w)

    assert {"a": {"id": {"S": "a"}, "done": {"S": "by a live write"}}} == w.items()
    assert Counts(seen=2, changed=1, skipped=1) == counts(w)
