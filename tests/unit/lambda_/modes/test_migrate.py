"""A page brought to its end, whatever live traffic does meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.limits import CONFLICT_TRIES
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.failures import FatalError
from ddb_transform.modes.migrate import Migrating, SettledPage
from ddb_transform.objects.object_names import Place
from ddb_transform.objects.undo_log import Orphan, UndoLog, UnsettledIntents, records, stems
from ddb_transform.pages import Page, Position
from ddb_transform.writers.interface import APPLIED, WriteVerdict, Written
from tests.support.engines.fakes import FakeS3
from tests.support.factories import MIGRATION, STARTED_AT, lane_row, typed_item
from tests.unit.lambda_.writers.writing import ScriptedWriter, no_tick, scripted
from transforms import DELETE, SKIP

CONTEXT = Context("m", STARTED_AT, key_names=("id",))
POSITION = Position(0)


@dataclass
class Aside:
    """A quarantine that keeps what it is given, and ends the run if told so."""

    stop: FatalError | None = None
    refused: list[Any] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    def add(self, refused: Any, position: Position, *, seen: int) -> FatalError | None:
        self.refused += refused
        self.seen.append(seen)
        return self.stop if refused else None


@dataclass
class Migration:
    """One mode with a scripted writer."""

    work: Migrating
    writer: ScriptedWriter
    aside: Aside
    bucket: Bucket

    def settle(self, *items: Any, read_units: float = 0.0) -> SettledPage:
        return self.work.settle(Page(items, None, read_units), POSITION, no_tick)

    @property
    def conditions(self) -> list[Any]:
        return [one.change.expected["n"] for batch in self.writer.asked for one in batch]

    @property
    def logged(self) -> list[Any]:
        """The intents that the log says landed, oldest first."""
        pairs = stems(self.bucket, 0)
        return [row for stem, void in pairs for row in records(self.bucket, stem, has_void=void)]


def lost(current: dict[str, Any] | None, **more: Any) -> Written:
    return Written(WriteVerdict.LOST, current, **more)


def at_least_ten(item: Item, context: Context) -> object:
    """SKIP an item that says so, DELETE one at 13, else bring ``n`` to ten."""
    if "skip" in item:
        return SKIP
    if item["n"] == 13:
        return DELETE
    item["n"] = max(item["n"], 10)
    return item


@pytest.fixture
def migration(bench: Callable[..., Any]) -> Callable[..., Migration]:
    def make(*answers: Any, stop: FatalError | None = None, **unsettled: Any) -> Migration:
        writer, aside = scripted(*answers), Aside(stop)
        bucket = Bucket(FakeS3(), "b", MIGRATION)
        looks = unsettled.pop("looks", {})
        work = Migrating(
            Transform(at_least_ten, CONTEXT),
            bench(fast=writer).dispatcher,
            UndoLog(bucket, Place(0, 1, 1)),
            aside,  # type: ignore[arg-type]
            lambda key: (looks.get(key["id"]["S"]), 1.0),
            UnsettledIntents(**unsettled),
        )
        return Migration(work, writer, aside, bucket)

    return make


def n(number: int, name: str = "a", **more: Any) -> dict[str, Any]:
    return typed_item(name, n={"N": str(number)}, **more)


def test_a_changed_item_is_written_once(migration: Callable[..., Migration]) -> None:
    """Under its key, with its units and those of its page."""
    m = migration(APPLIED)
    m.writer.units = 2.0

    assert SettledPage(Counts.one("changed"), Units(5.0, 4.0, 2.0)) == m.settle(
        n(1), read_units=5.0
    )
    (((one),),) = m.writer.asked
    assert (typed_item(), {"n": {"N": "10"}}, n(1)) == (one.key, one.change.assigned, one.before)


@pytest.mark.parametrize(
    ("item", "outcome"), [(n(10), "unchanged"), (n(1, skip={"BOOL": True}), "skipped")]
)
def test_nothing_to_change_is_nothing_to_write(
    migration: Callable[..., Migration], item: dict[str, Any], outcome: str
) -> None:
    """No request at all, and nothing in the log."""
    m = migration()

    assert SettledPage(Counts.one(outcome)) == m.settle(item)
    assert ([], []) == (m.writer.asked, m.logged)


def test_a_deleted_item_is_counted_as_deleted(migration: Callable[..., Migration]) -> None:
    """DELETE is a write like any other."""
    assert Counts.one("deleted") == migration(APPLIED).settle(n(13)).counts


def test_a_concurrent_writer_wins(migration: Callable[..., Migration]) -> None:
    """The item is transformed again as it is now, and its condition is what it is now."""
    m = migration(lost(n(5)), APPLIED)

    assert SettledPage(Counts.one("changed"), conflicts=1) == m.settle(n(1))
    assert [{"N": "1"}, {"N": "5"}] == m.conditions
    assert [{"k": typed_item(), "o": {"n": {"N": "5"}}, "n": {"n": {"N": "10"}}}] == m.logged


@pytest.mark.parametrize(
    ("current", "outcome"),
    [(None, "gone"), (n(12), "already"), (n(1, skip={"BOOL": True}), "skipped")],
)
def test_a_lost_race_may_leave_nothing_to_do(
    migration: Callable[..., Migration], current: dict[str, Any] | None, outcome: str
) -> None:
    """Deleted stays deleted; what somebody else brought there is counted apart; SKIP is SKIP."""
    m = migration(lost(current))

    assert Counts.one(outcome) == m.settle(n(1)).counts
    assert (1, []) == (len(m.writer.asked), m.logged)


def test_a_lost_race_may_turn_a_change_into_a_delete(migration: Callable[..., Migration]) -> None:
    """The transform decides by the item as it is now."""
    m = migration(lost(n(13)), APPLIED)

    assert Counts.one("deleted") == m.settle(n(1)).counts
    assert [{"k": typed_item(), "d": n(13)}] == m.logged


def test_three_lost_races_end_the_item(migration: Callable[..., Migration]) -> None:
    """It is set aside, says so, and nothing more is written."""
    m = migration(*(lost(n(i)) for i in range(CONFLICT_TRIES)))

    assert SettledPage(Counts.one("quarantined"), conflicts=CONFLICT_TRIES) == m.settle(n(1))
    ((refused),) = m.aside.refused
    assert ("Conflict", CONFLICT_TRIES) == (refused.error.error_class, len(m.writer.asked))
    assert "Live traffic changed the item 3 times" in str(refused.error)
    assert [] == m.logged


@pytest.mark.parametrize(("current", "outcome"), [(None, "gone"), (n(10), "already")])
def test_the_third_lost_race_may_still_end_well(
    migration: Callable[..., Migration], current: dict[str, Any] | None, outcome: str
) -> None:
    """Gone, or as wanted: nothing is left to write."""
    m = migration(lost(n(2)), lost(n(2)), lost(current))

    assert SettledPage(Counts.one(outcome), conflicts=2) == m.settle(n(1))


def test_an_item_may_become_impossible_in_a_race(migration: Callable[..., Migration]) -> None:
    """A live write can bring what the transform cannot handle; the others go on."""
    m = migration(lost(typed_item()), APPLIED)

    counts = m.settle(n(1), n(2, "b")).counts

    assert Counts(seen=2, changed=1, quarantined=1) == counts
    ((refused),) = m.aside.refused
    assert ("KeyError", typed_item()) == (refused.error.error_class, refused.item)


def test_every_item_of_a_page_is_counted_once(migration: Callable[..., Migration]) -> None:
    """Whatever it came to."""
    m = migration(APPLIED, lost(None), lost(n(10, "c")), APPLIED)
    items = [n(1), n(2, "b"), n(3, "c"), n(13, "d"), n(99, "e"), typed_item("f")]

    expected = Counts(seen=6, changed=1, gone=1, already=1, deleted=1, unchanged=1, quarantined=1)
    assert expected == m.settle(*items).counts
    assert [6] == m.aside.seen


def test_too_many_set_aside_end_the_run_behind_the_page(
    migration: Callable[..., Migration],
) -> None:
    """As a value: the page is settled, and its counts are kept."""
    stop = FatalError("TooManyQuarantined", "why")

    assert SettledPage(Counts.one("quarantined"), stop=stop) == (
        migration(stop=stop).settle(typed_item())
    )


# Writes of which nobody knows


AMBIGUOUS = Written(WriteVerdict.AGAIN, reason="ReadTimeoutError", ambiguous=True)


def test_an_ambiguous_delete_that_finds_nothing_landed(
    migration: Callable[..., Migration],
) -> None:
    """Counted as already, and kept in the log, so that undo can put it back."""
    m = migration(AMBIGUOUS, lost(None))

    assert Counts.one("already") == m.settle(n(13)).counts
    assert [{"k": typed_item(), "d": n(13)}] == m.logged


def test_a_rejected_delete_that_finds_nothing_was_live_traffics(
    migration: Callable[..., Migration],
) -> None:
    """Gone, and void: undo must not bring it back."""
    m = migration(Written(WriteVerdict.AGAIN, reason="TransactionConflict"), lost(None))

    assert Counts.one("gone") == m.settle(n(13)).counts
    assert [] == m.logged


def test_an_ambiguous_change_is_kept_in_the_log(migration: Callable[..., Migration]) -> None:
    """It is found there already: most likely by us."""
    m = migration(AMBIGUOUS, lost(n(10)))

    assert Counts.one("already") == m.settle(n(1)).counts
    assert [{"N": "1"}] == [row["o"]["n"] for row in m.logged]


# What an earlier invocation left


def test_what_was_changed_before_a_kill_is_already(migration: Callable[..., Migration]) -> None:
    """Not unchanged: it is this migration's work."""
    m = migration(changed={'{"id": {"S": "a"}}'})

    assert Counts(seen=2, already=1, unchanged=1) == m.settle(n(10), n(11, "b")).counts


def test_what_was_deleted_before_a_kill_is_counted(migration: Callable[..., Migration]) -> None:
    """A scan does not see it any more; what is still there, it does."""
    deleted = {name: [Orphan(typed_item(name), "undo/000000/x", 0)] for name in "ab"}
    m = migration(deleted=deleted, looks={"b": n(13, "b")})

    assert SettledPage(Counts(seen=1, already=1), Units(read=2.0)) == m.work.begin()


def test_what_was_left_is_left_behind_with_the_first_page(
    migration: Callable[..., Migration],
) -> None:
    """Also if that page had nothing to write: or the next slice would count it again."""
    m = migration(last="undo/000000/001-00001-000009.~")
    row = lane_row(logged="undo/000000/001-00001-000001.~")

    m.settle(n(10))
    assert "undo/000000/001-00001-000009.~" == m.work.note(row).logged
    m.settle(n(1))
    assert "undo/000000/001-00001-000001.~" == m.work.note(row).logged


def test_nothing_written_moves_no_log(migration: Callable[..., Migration]) -> None:
    """The row keeps what it had."""
    assert "before" == migration().work.note(lane_row(logged="before")).logged
