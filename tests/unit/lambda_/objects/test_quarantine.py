"""Items set aside, and how many are too many."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import Command, LaneState
from airflow_ddb_migrate.core.limits import QUARANTINE_JUDGED
from ddb_transform import worker as workers
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from ddb_transform.contract.transformed_page import RefusedItem
from ddb_transform.objects.object_names import Place
from ddb_transform.objects.quarantine import Quarantine
from ddb_transform.pages import Position
from tests.support.factories import MIGRATION, claim, lane_row, typed_item
from tests.support.worlds.migration_world import PROVEN, MigrationWorld

POSITION = Position(3, {"id": {"B": b"\x00"}})


def refused(count: int, error_class: str = "KeyError") -> list[RefusedItem]:
    items = [typed_item(f"i{i}", secret={"S": "hunter2"}) for i in range(count)]
    return [RefusedItem({"id": one["id"]}, ItemError("why", error_class), one) for one in items]


def quarantine(w: MigrationWorld) -> Quarantine:
    sharing = w.worker().guard.sharing
    return Quarantine(w.bucket, Place(0, 1, 1), sharing, w.record)


def rows(w: MigrationWorld) -> list[dict[str, Any]]:
    return [row for path in w.bucket.paths("quarantine/") for row in w.bucket.get(path)]


@pytest.mark.parametrize("show_values", [False, True])
def test_a_row_says_what_and_why(dynamodb: Any, show_values: bool) -> None:
    """Key, class, message and place; the item is apart, and only if the migration shows values."""
    w = MigrationWorld(dynamodb, options={"show_values": show_values})

    assert quarantine(w).add(refused(1), POSITION, seen=100) is None

    (row,) = rows(w)
    assert {
        "key": {"id": {"S": "i0"}},
        "error_class": "KeyError",
        "message": "why",
        "attempt": 1,
        "segment": 3,
        "cursor": {"id": {"B": "AA=="}},
    } == row
    values = [w.bucket.values.get(path) for path in w.bucket.paths("quarantine/") if show_values]
    whole = {"key": {"id": {"S": "i0"}}, "item": typed_item("i0", secret={"S": "hunter2"})}
    assert ([[whole]] if show_values else []) == values
    assert show_values == any(key.startswith("values/") for _, key in w.s3.objects)


def test_nothing_refused_is_nothing_written(dynamodb: Any) -> None:
    """Neither an object nor a count."""
    w = MigrationWorld(dynamodb)

    assert quarantine(w).add([], POSITION, seen=10) is None
    assert {} == w.s3.objects


@pytest.mark.parametrize(("most", "ends"), [(4, True), (5, False)])
def test_more_than_so_many_end_the_run(dynamodb: Any, most: int, ends: bool) -> None:
    """Counted over all workers of the attempt, at once."""
    w = MigrationWorld(dynamodb, options={"max_quarantined": most})
    quarantine(w).add(refused(3), POSITION, seen=1_000)

    stop = quarantine(w).add(refused(2, "ValueError"), POSITION, seen=1_000)

    assert ends is (stop is not None)
    if stop:
        assert "TooManyQuarantined" == stop.error
        assert "5 items could not be migrated; the limits are 4 items and 5 %" in stop.cause
        assert "ValueError: why (2 of this page)" in stop.cause
        assert "i0" not in stop.cause, "keys are for those who may see XComs"
        assert "hunter2" not in stop.cause


@pytest.mark.parametrize(("seen", "ends"), [(399, True), (400, False)])
def test_a_larger_share_ends_the_run(dynamodb: Any, seen: int, ends: bool) -> None:
    """Of the items of this page, while no lane has saved anything."""
    w = MigrationWorld(dynamodb)

    stop = quarantine(w).add(refused(QUARANTINE_JUDGED), POSITION, seen=seen)

    assert ends is (stop is not None)


@pytest.mark.parametrize(("others", "ends"), [(100, True), (500, False)])
def test_the_share_is_of_every_lane(dynamodb: Any, others: int, ends: bool) -> None:
    """What the others have saved counts, seen and quarantined alike."""
    w = MigrationWorld(dynamodb, total_segments=2, lanes=2)
    other, lanes = claim(lane=1), Lanes(w.ledger)
    lanes.take(other, w.clock())
    row = lane_row(1, LaneState.RUNNING, counts=Counts(seen=others, quarantined=5), owner="me")
    assert lanes.save(other, row, w.clock())
    quarantine(w).add(refused(5), POSITION, seen=1)

    stop = quarantine(w).add(refused(20), POSITION, seen=50)

    assert ends is (stop is not None)


def test_few_are_never_judged_by_their_share(dynamodb: Any) -> None:
    """The first bad item of a migration is 100 % of what was seen."""
    w = MigrationWorld(dynamodb)

    assert quarantine(w).add(refused(QUARANTINE_JUDGED - 1), POSITION, seen=19) is None


def refuse(item: Item, context: Context) -> Item:
    if item["id"] < "item-0004":
        raise ValueError(item["id"])
    item["done"] = True
    return item


def test_too_many_stop_the_migration_behind_their_page(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its good items are done, the row has moved, and every other worker is told why."""
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 10)
    w = MigrationWorld(dynamodb, transform=refuse, proof=PROVEN, options={"max_quarantined": 0})
    w.put_many(25)

    result = w.work()

    row, control = w.row(), w.ledger.control(MIGRATION)
    assert (WorkStatus.FAILED, "TooManyQuarantined") == (result.status, result.error)
    assert (LaneState.FAILED, "TooManyQuarantined") == (row.state, row.error)
    assert row.counts.seen >= 10
    assert row.counts.quarantined == len(rows(w)) > 0
    assert row.counts.changed == sum("done" in item for item in w.items().values())
    assert control is not None
    assert Command.STOP is control.command
    assert control.reason.startswith("TooManyQuarantined: ")


def test_too_many_on_the_last_page_leave_a_lane_that_is_done(dynamodb: Any) -> None:
    """Nothing of it is left to do; the run fails all the same."""
    w = MigrationWorld(dynamodb, transform=refuse, options={"max_quarantined": 0})
    w.put_many(6)

    result = w.work()

    assert (WorkStatus.FAILED, LaneState.DONE) == (result.status, w.row().state)
    assert Counts(seen=6, changed=2, quarantined=4) == w.row().counts
