"""The worker's loop: its share of a budget, and pages that are too large for a slice."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import Budget, Command, LaneState
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS
from ddb_transform import worker as workers
from ddb_transform.contract import transformed_page
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context
from ddb_transform.guard import Order
from ddb_transform.writers import dispatch
from tests.support.factories import MIGRATION, client_error
from tests.support.worlds.migration_world import PROVEN, MigrationWorld, mark


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 20 items, each saved, and a look at the ledger at every item."""
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 20)
    monkeypatch.setattr(workers, "save_seconds", lambda _: 0)
    monkeypatch.setattr(transformed_page, "_TICK_SECONDS", -1)
    monkeypatch.setattr(dispatch, "_LOOK_SECONDS", 0.001)


# A budget


@pytest.fixture
def budgeted(dynamodb: Any) -> MigrationWorld:
    """20 write units a second, shared by one."""
    w = MigrationWorld(dynamodb, proof=PROVEN)
    budget = Budget(write_units_per_second=20.0, sharers=1)
    assert w.ledger.begin_attempt(MIGRATION, 1, w.clock(), budget)
    return w


def live(w: MigrationWorld) -> tuple[int, int]:
    control = w.ledger.control(MIGRATION)
    assert control is not None
    return control.live, control.sharers


def test_who_works_is_counted_in_and_out(budgeted: MigrationWorld) -> None:
    """While it works, and not after."""
    budgeted.put_many(5)
    seen: list[tuple[int, int]] = []
    budgeted.dynamodb.before = lambda name, arguments: (
        seen.append(live(budgeted)) if name == "scan" else None
    )

    assert WorkStatus.DONE is budgeted.work().status

    assert [(1, 1)] == seen
    assert (0, 1) == live(budgeted)


def test_a_worker_more_waits_until_all_others_know(budgeted: MigrationWorld) -> None:
    """It spends nothing before: they look every few seconds."""
    budgeted.put_many(5)
    other = budgeted.worker().guard
    assert 0.0 == other.join()
    began_at = budgeted.clock()
    first: list[float] = []
    budgeted.dynamodb.before = lambda name, arguments: (
        first.append(budgeted.clock() - began_at) if name == "scan" else None
    )

    assert WorkStatus.DONE is budgeted.work().status

    assert CONTROL_SECONDS <= first[0] <= CONTROL_SECONDS + 1
    assert (1, 2) == live(budgeted)


def test_a_stop_is_heard_while_waiting(budgeted: MigrationWorld) -> None:
    """Nothing is written, and the lane is given back."""
    budgeted.put_many(5)
    budgeted.worker().guard.join()
    worker = budgeted.worker()

    def stop(seconds: float) -> None:
        budgeted.command(Command.STOP)
        budgeted.clock.advance(seconds)

    worker.sleep = stop

    assert WorkStatus.DONE is worker.run().status
    assert 0 == budgeted.table_writes
    assert (LaneState.PENDING, 1) == (budgeted.row().state, live(budgeted)[0])


def test_writes_keep_to_the_share(budgeted: MigrationWorld) -> None:
    """Over all of it: no more than the budget, one batch and a moment."""
    budgeted.put_many(100)
    began_at = budgeted.clock()

    assert WorkStatus.DONE is budgeted.work().status

    assert budgeted.clock() - began_at >= (100 - 25) / 20 - 1
    assert Counts(seen=100, changed=100) == budgeted.row().counts


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_who_ends_otherwise_is_counted_out_as_well(budgeted: MigrationWorld, code: str) -> None:
    """Failed or waiting: the others may go faster."""

    def refuse(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan":
            raise client_error(code, "Scan")

    budgeted.dynamodb.before = refuse
    budgeted.work()

    assert 0 == live(budgeted)[0]


def test_without_a_budget_nobody_is_counted(dynamodb: Any) -> None:
    """No write more to the control record."""
    w = MigrationWorld(dynamodb)

    w.work()

    assert (0, 0) == live(w)


def test_a_budget_that_comes_in_mid_slice_is_kept_to(dynamodb: Any) -> None:
    """Whoever works already is counted in at its next look, once, and counted out at the end."""
    w = MigrationWorld(dynamodb)
    guard = w.worker().guard
    assert 0.0 == guard.join()
    assert w.ledger.retune(MIGRATION, 1, {"write_units_per_second": 20.0})

    for _ in range(3):
        w.clock.advance(CONTROL_SECONDS)
        assert Order.GO is guard.order()
        assert (1, 1) == live(w)
    assert 20.0 == guard.pacers.write.share
    guard.leave()
    w.clock.advance(CONTROL_SECONDS)
    guard.order()

    assert (0, 1) == live(w)


# Pages that are too large


def slow_transform(w: MigrationWorld, per_slice: int) -> Callable[[], Callable[[], bool]]:
    """Give the world a transform that does so many items in a slice; returns what begins one."""
    done = [0]

    def transform(item: Item, context: Context) -> Item:
        done[0] += 1
        return mark(item, context)

    def begin() -> Callable[[], bool]:
        done[0] = 0
        return lambda: done[0] > 2 * per_slice  # each result is transformed once more

    w.transform = transform
    return begin


def test_a_page_that_does_not_fit_into_a_slice_is_made_smaller(dynamodb: Any) -> None:
    """Until it fits: a lane with a slow transform comes to its end."""
    w = MigrationWorld(dynamodb, proof=PROVEN)
    w.put_many(20)
    again = slow_transform(w, 3)
    sizes = []

    for _ in range(200):
        result = w.work(out_of_time=again())
        sizes.append(w.row().page_items)
        if result.status is WorkStatus.DONE:
            break

    assert [5, 1] == list(dict.fromkeys(sizes))
    counts = w.row().counts
    assert (LaneState.DONE, 20, 20) == (
        w.row().state,
        counts.seen,
        counts.changed + counts.already,
    )


def test_a_slice_that_settled_a_page_keeps_its_size(dynamodb: Any) -> None:
    """It resumes by itself."""
    w = MigrationWorld(dynamodb, proof=PROVEN)
    w.put_many(45)

    assert WorkStatus.MORE is w.work(out_of_time=lambda: w.table_writes >= 25).status
    assert (0, True) == (w.row().page_items, w.row().counts.seen >= 20)


def test_a_slice_that_was_told_to_stop_keeps_its_page_size(dynamodb: Any) -> None:
    """A command says nothing about how large a page may be."""
    w = MigrationWorld(dynamodb)
    w.put_many(20)

    def stop(name: str, arguments: dict[str, Any]) -> None:
        if name == "scan":
            w.command(Command.STOP)
            w.clock.advance(10)

    w.dynamodb.after = stop

    assert WorkStatus.DONE is w.work().status
    assert (LaneState.PENDING, 0) == (w.row().state, w.row().page_items)
