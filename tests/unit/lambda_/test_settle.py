"""One item brought to its end, whatever live traffic does meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.limits import CONFLICT_TRIES
from airflow_ddb_migrate.core.messages import Counts, Units
from botocore.exceptions import ClientError
from ddb_transform.item import Item
from ddb_transform.settle import Settled, Settler
from ddb_transform.transform import Change, Context, Transform
from ddb_transform.writer import Written
from tests.factories import STARTED_AT, client_error, typed_item
from transforms import DELETE, SKIP

CONTEXT = Context("m", STARTED_AT, key_names=("id",))
APPLIED = Written(applied=True, units=Units(written=1.0))


class ScriptedWriter:
    """Answers one write after the other as a test says, and keeps what it was asked."""

    def __init__(self, *answers: Written | Exception) -> None:
        self._answers = iter(answers)
        self.asked: list[tuple[dict[str, Any], Change]] = []

    def write(self, key: Any, change: Change) -> Written:
        self.asked.append((key, change))
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def lost(current: dict[str, Any] | None) -> Written:
    return Written(applied=False, current=current, units=Units(read=1.0))


def at_least_ten(item: Item, context: Context) -> object:
    """SKIP an item that says so, DELETE one at 13, else bring ``n`` to ten."""
    if "skip" in item:
        return SKIP
    if item["n"] == 13:
        return DELETE
    item["n"] = max(item["n"], 10)
    return item


def settled(
    writer: ScriptedWriter,
    item: dict[str, Any] | None = None,
    function: Callable[[Item, Context], object] = at_least_ten,
) -> Settled:
    return Settler(Transform(function, CONTEXT), writer).settle(item or typed_item(n={"N": "1"}))


def test_a_changed_item_is_written_once() -> None:
    """Under its key, with its units."""
    writer = ScriptedWriter(APPLIED)

    assert Settled(Counts.one("changed"), Units(written=1.0)) == settled(writer)
    ((key, change),) = writer.asked
    assert (typed_item(), {"n": {"N": "10"}}) == (key, change.assigned)


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (typed_item(n={"N": "10"}), "unchanged"),
        (typed_item(n={"N": "1"}, skip={"BOOL": True}), "skipped"),
    ],
)
def test_nothing_to_change_is_nothing_to_write(item: dict[str, Any], outcome: str) -> None:
    """No request at all."""
    writer = ScriptedWriter()

    assert Settled(Counts.one(outcome)) == settled(writer, item)
    assert [] == writer.asked


def test_a_deleted_item_is_counted_as_deleted() -> None:
    """DELETE is a write like any other."""
    assert (
        Counts.one("deleted") == settled(ScriptedWriter(APPLIED), typed_item(n={"N": "13"})).counts
    )


def test_a_concurrent_writer_wins() -> None:
    """The item is transformed again as it is now, and its condition is what it is now."""
    writer = ScriptedWriter(lost(typed_item(n={"N": "5"})), APPLIED)

    assert Settled(Counts.one("changed"), Units(1.0, 1.0)) == settled(writer)
    assert [{"N": "1"}, {"N": "5"}] == [change.expected["n"] for _, change in writer.asked]


@pytest.mark.parametrize(
    ("current", "outcome"),
    [
        (None, "gone"),
        (typed_item(n={"N": "12"}), "already"),
        (typed_item(n={"N": "1"}, skip={"BOOL": True}), "skipped"),
    ],
)
def test_a_lost_race_may_leave_nothing_to_do(current: dict[str, Any] | None, outcome: str) -> None:
    """Deleted stays deleted; what somebody else brought there is counted apart; SKIP is SKIP."""
    writer = ScriptedWriter(lost(current))

    assert Settled(Counts.one(outcome), Units(read=1.0)) == settled(writer)
    assert 1 == len(writer.asked)


def test_a_lost_race_may_turn_a_change_into_a_delete() -> None:
    """The transform decides by the item as it is now."""
    writer = ScriptedWriter(lost(typed_item(n={"N": "13"})), APPLIED)

    assert Counts.one("deleted") == settled(writer).counts


def test_three_lost_races_end_the_item() -> None:
    """It says so, and writes nothing more."""
    writer = ScriptedWriter(*(lost(typed_item(n={"N": str(i)})) for i in range(CONFLICT_TRIES)))

    with pytest.raises(ItemError) as refused:
        settled(writer)

    assert ("Conflict", CONFLICT_TRIES) == (refused.value.error_class, len(writer.asked))
    assert "Live traffic changed the item 3 times" in str(refused.value)


@pytest.mark.parametrize(
    ("current", "outcome"), [(None, "gone"), (typed_item(n={"N": "10"}), "already")]
)
def test_the_third_lost_race_may_still_end_well(
    current: dict[str, Any] | None, outcome: str
) -> None:
    """Gone, or as wanted: nothing is left to write."""
    again = lost(typed_item(n={"N": "2"}))

    assert Counts.one(outcome) == settled(ScriptedWriter(again, again, lost(current))).counts


def test_an_item_may_become_impossible_in_a_race() -> None:
    """A live write can bring what the transform cannot handle."""
    with pytest.raises(ItemError) as refused:
        settled(ScriptedWriter(lost(typed_item())))

    assert "KeyError" == refused.value.error_class


def test_throttling_is_not_the_items_fault() -> None:
    """It passes through to the worker."""
    with pytest.raises(ClientError):
        settled(ScriptedWriter(client_error("ThrottlingException")))
