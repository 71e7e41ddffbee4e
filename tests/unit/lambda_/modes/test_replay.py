"""The mode that migrates what another migration set aside, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.mode import Mode
from ddb_transform import worker as workers
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from ddb_transform.writers.proof import UNPROVEN, Proof
from tests.support.factories import MIGRATION
from tests.support.worlds.migration_world import PROVEN, MigrationWorld
from transforms import DELETE

BAD = ("i1", "i2", "i4", "i7")


class Killed(BaseException):
    """What a worker cannot catch: its process is gone."""


def picky(item: Item, context: Context) -> object:
    if item["id"] in BAD:
        raise ValueError
    item["done"] = True
    return item


def fixed(item: Item, context: Context) -> object:
    """Deletes one of the bad ones, and fixes the others."""
    if item["id"] == "i4":
        return DELETE
    item["done"] = True
    return item


def still_picky(item: Item, context: Context) -> object:
    if item["id"] == "i2":
        raise ValueError
    return fixed(item, context)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the quarantine has several objects, and each page is saved."""
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 3)
    monkeypatch.setattr(workers, "save_seconds", lambda _: 0)


@pytest.fixture(params=[UNPROVEN, PROVEN], ids=["reference", "fast"])
def picked(dynamodb: Any, request: pytest.FixtureRequest) -> MigrationWorld:
    """A world after a migration that could not migrate some, and at the start of its replay."""
    proof: Proof = request.param
    w = MigrationWorld(
        dynamodb, transform=picky, proof=proof, options={"max_quarantined_percentage": 100}
    )
    w.put(*({"id": {"S": f"i{i}"}, "n": {"N": "1E+2"}} for i in range(9)))
    assert WorkStatus.DONE is w.work().status
    assert Counts(seen=9, changed=5, quarantined=4) == w.row().counts
    w.follow_with(Mode.REPLAY)
    w.transform = fixed
    w.dynamodb.calls.clear()
    return w


def done(w: MigrationWorld) -> set[str]:
    return {name for name, item in w.items().items() if item.get("done") == {"BOOL": True}}


def aside(w: MigrationWorld) -> list[str]:
    rows = [row for path in w.bucket.paths("quarantine/") for row in w.bucket.get(path)]
    return [row["key"]["id"]["S"] for row in rows]


def test_what_was_set_aside_is_migrated(picked: MigrationWorld) -> None:
    """Under its own name; the table is not scanned, and nothing else is written."""
    assert WorkStatus.DONE is picked.work().status

    assert {f"i{i}" for i in range(9)} - {"i4"} == done(picked)
    assert "i4" not in picked.items()
    assert Counts(seen=4, changed=3, deleted=1) == picked.row().counts
    assert (4, []) == (picked.table_writes, picked.dynamodb.arguments_of("scan"))
    assert [] == aside(picked)
    assert 0 < picked.row().units.read
    assert {MIGRATION} != {picked.record.migration_id}


def test_what_still_cannot_be_migrated_is_set_aside_again(picked: MigrationWorld) -> None:
    """In the replay's own quarantine: that one can be replayed in turn."""
    picked.transform = still_picky

    picked.work()

    assert Counts(seen=4, changed=2, deleted=1, quarantined=1) == picked.row().counts
    assert ["i2"] == aside(picked)
    picked.follow_with(Mode.REPLAY)
    picked.transform = fixed
    assert WorkStatus.DONE is picked.work().status
    assert Counts(seen=1, changed=1) == picked.row().counts


def test_what_live_traffic_did_since_is_respected(picked: MigrationWorld) -> None:
    """A deleted item stays deleted; what somebody fixed is left as it is."""
    picked.service.delete_item(TableName=picked.table_name, Key={"id": {"S": "i1"}})
    picked.put({"id": {"S": "i2"}, "done": {"BOOL": True}, "live": {"S": "x"}})

    picked.work()

    assert Counts(seen=4, changed=1, deleted=1, unchanged=1, gone=1) == picked.row().counts
    assert "i1" not in picked.items()
    assert {"S": "x"} == picked.items()["i2"]["live"]


def test_a_replay_is_undone_as_any_migration(picked: MigrationWorld) -> None:
    """Deleted items come back, too; what the first migration did stays."""
    before = picked.items()
    picked.work()
    picked.follow_with(Mode.UNDO)

    assert WorkStatus.DONE is picked.work().status

    assert before == picked.items()
    assert Counts(seen=4, changed=4) == picked.row().counts


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("applied", [False, True])
def test_a_killed_replay_loses_and_counts_nothing_twice(
    picked: MigrationWorld, number: int, applied: bool
) -> None:
    """At any write, before or after it: a deleted item that is missing now was deleted by us."""
    kill_at_write(picked, number, applied=applied)
    with pytest.raises(Killed):
        picked.work()
    picked.dynamodb.before = picked.dynamodb.after = lambda name, arguments: None

    assert WorkStatus.DONE is picked.work().status

    assert {f"i{i}" for i in range(9)} - {"i4"} == done(picked)
    assert "i4" not in picked.items()
    counts = picked.row().counts
    assert (4, 4, 0) == (counts.seen, counts.changed + counts.deleted + counts.already, counts.gone)


def kill_at_write(w: MigrationWorld, number: int, *, applied: bool) -> None:
    writes = iter(range(1, number))

    def hook(name: str, arguments: dict[str, Any]) -> None:
        is_write = name in {"update_item", "delete_item"}
        if is_write and arguments["TableName"] == w.table_name and next(writes, None) is None:
            w.dynamodb.before = kill
            raise Killed

    def kill(name: str, arguments: dict[str, Any]) -> None:
        raise Killed

    if applied:
        w.dynamodb.after = hook
    else:
        w.dynamodb.before = hook


def test_slices_that_end_anywhere_do_the_rest(picked: MigrationWorld) -> None:
    """Each goes on behind the last settled page."""
    slices = 1
    while picked.work(out_of_time=after_a_page(picked)).status is WorkStatus.MORE:
        slices += 1

    assert slices >= 2
    assert Counts(seen=4, changed=3, deleted=1) == picked.row().counts


def after_a_page(w: MigrationWorld) -> Callable[[], bool]:
    def place() -> str:
        row = w.row_or_none()
        return str(row.cursor) if row else "{}"

    before = place()
    return lambda: place() != before


def test_a_page_that_a_killed_worker_set_aside_twice_is_replayed_once(dynamodb: Any) -> None:
    """Killed between the quarantine and its row: two objects have the same keys."""
    w = MigrationWorld(dynamodb, transform=picky, options={"max_quarantined_percentage": 100})
    w.put(*({"id": {"S": name}} for name in BAD[:2]))

    def kill_at_save(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and aside(w):
            raise Killed

    w.dynamodb.before = kill_at_save
    with pytest.raises(Killed):
        w.work()
    w.dynamodb.before = lambda name, arguments: None
    w.work()
    assert 4 == len(aside(w))
    w.follow_with(Mode.REPLAY)
    w.transform = fixed

    assert WorkStatus.DONE is w.work().status

    assert Counts(seen=2, changed=2) == w.row().counts


def test_a_lane_of_many_segments_replays_them_all(dynamodb: Any) -> None:
    """Its quarantine is kept by lane, and so is its cursor."""
    options = {"max_quarantined_percentage": 100}
    w = MigrationWorld(dynamodb, transform=picky, total_segments=7, lanes=2, options=options)
    w.put(*({"id": {"S": f"i{i}"}} for i in range(9)))
    w.work_all()
    assert {"quarantine/000000", "quarantine/000001"} == {
        path.rpartition("/")[0] for path in w.bucket.paths("quarantine/")
    }
    w.follow_with(Mode.REPLAY)
    w.transform = fixed

    assert {WorkStatus.DONE} == {result.status for result in w.work_all()}

    total = w.row(0).counts + w.row(1).counts
    assert Counts(seen=4, changed=3, deleted=1) == total
