"""The worker: one lane, one slice of time, page by page; the cursor follows each settled page."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.aws.ledger.lanes import Claim, Lanes
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.execution.messages import WorkRequest, WorkResult, WorkStatus
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LaneRow, LaneState
from airflow_ddb_migrate.core.ledger.usage import save_seconds
from airflow_ddb_migrate.core.limits import (
    CHILD_LAPS,
    HEARTBEAT_SECONDS,
    HOLD_WAIT_SECONDS,
    SCAN_PAGE_ITEMS,
)
from ddb_transform.failures import FatalError, PassingError, passing, passing_of
from ddb_transform.guard import Guard, Order
from ddb_transform.modes.migrate import SettledPage, Work
from ddb_transform.pages import Page, Position, Source
from ddb_transform.patience import Patience

DONE = WorkResult(status=WorkStatus.DONE)
MORE = WorkResult(status=WorkStatus.MORE)
HOLD = WorkResult(status=WorkStatus.HOLD, wait_seconds=HOLD_WAIT_SECONDS[0])

_LOOK_SECONDS = 0.5
_SHRINK = 4  # a page that did not fit into a slice is retried with a quarter of its items


def tell_nobody(row: LaneRow, now: float) -> None:
    """Do nothing: metrics are off."""


class _SliceOver(Exception):  # noqa: N818  # not an error: the lane is given back, unfinished
    def __init__(self, result: WorkResult) -> None:
        super().__init__(result.status)
        self.result = result


@dataclass(frozen=True, slots=True)
class Tools:
    """What a slice works with, created once its lane is taken.

    ``check_table`` raises FatalError if the table was deleted or recreated.
    """

    source: Source
    work: Work
    patience: Patience
    check_table: Callable[[], None]

    def page(self, position: Position, most_items: int) -> Page:
        """Fetch a page, and do the part of its work that can be done ahead."""
        self.check_table()
        page = self.source.page(position, most_items)
        return self.work.ready(page, self.patience.check)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Worker:
    """Works on one lane until it is finished, time is up, or the ledger orders an end or a hold.

    - ``tools`` creates what a slice works with from the lane's row.
    - ``owner`` is unique to this invocation.
    - ``out_of_time`` returns whether the slice must end.
    - ``meter`` gets the row when it is taken, after each save, and after it is given back.
    """

    request: WorkRequest
    lanes: Lanes
    guard: Guard
    tools: Callable[[LaneRow], Tools]
    owner: str
    clock: Callable[[], float]
    out_of_time: Callable[[], bool]
    sleep: Callable[[float], None] = time.sleep
    meter: Callable[[LaneRow, float], None] = tell_nobody
    _row: LaneRow = field(init=False)
    _said_before: str = field(init=False)  # what ended the lane's previous slice in this attempt
    _position: Position | None = field(init=False)
    _carried: SettledPage = field(init=False)
    _saved_at: float = field(default=0.0, init=False)
    _counted_until: float = field(default=0.0, init=False)
    _pages: int = field(default=0, init=False)
    _finished: bool = field(default=False, init=False)

    def run(self) -> WorkResult:
        """Work one slice. However it ends, the next one continues after the last settled page."""
        order = self.guard.order()
        if order is not Order.GO:
            return self._answer(order)
        row = self.lanes.take(self._claim, self.clock())
        if row is None:
            return DONE  # already finished, or taken by a newer attempt
        self._said_before = row.error if row.laps > 1 else ""
        self._row = replace(row, error="", cause="")
        self._position = Position.of(row)
        self._saved_at = self._counted_until = self.clock()
        self.meter(self._row, self._saved_at)
        if row.laps > CHILD_LAPS:
            return self._give_back(LaneState.PENDING, DONE)
        return self._slice()

    def _slice(self) -> WorkResult:
        """Work, stop sharing the budget, and only then give the lane back.

        In the other order, a count of live lanes in between would not include this worker, and
        leaving would subtract it a second time.
        """
        try:
            state, result = self._worked()
            self.sleep(self.guard.leave_wait_seconds())
        finally:
            self.guard.leave()
        return self._give_back(state, result)

    def _worked(self) -> tuple[LaneState, WorkResult]:
        try:
            self._wait_for_a_share()
            self._work(self.tools(self._row))
            self._earn()
        except _SliceOver as over:
            return LaneState.PENDING, over.result
        except FatalError as error:
            return self._fatal(error)
        except PassingError as error:
            return self._passing(error)
        except MigrationError as error:
            return self._passing(passing_of(error))
        except (ClientError, BotoCoreError) as exc:
            return self._passing_or_fatal(exc)
        return LaneState.DONE, DONE

    def _earn(self) -> None:
        """Wait until the budget covers the last page's actual cost, before another lane begins."""
        ends_at = self.clock() + self.guard.pacers.debt_seconds()
        while self.clock() < ends_at and not self._must_end():
            self.sleep(_LOOK_SECONDS)

    def _must_end(self) -> bool:
        return self.out_of_time() or self.guard.order() is not Order.GO

    def _wait_for_a_share(self) -> None:
        """Spend nothing until every other worker knows that one more shares the budget."""
        seconds = self.guard.join()
        ends_at = self.clock() + seconds
        while self.clock() < ends_at:
            self._tick()
            self.sleep(_LOOK_SECONDS)

    def _work(self, tools: Tools) -> None:
        """Settle page after page, while the next one is fetched and transformed."""
        with ThreadPoolExecutor(1) as fetcher:
            try:
                self._carried = tools.work.begin()
                page = self._fetch(fetcher, tools)
                while page is not None:
                    page = self._page(self._awaited(page), fetcher, tools)
            finally:
                tools.patience.stop()

    def _awaited(self, page: "Future[Page]") -> Page:
        """Wait for a page, which may take long with a read budget or a slow transform."""
        try:
            while wait((page,), timeout=_LOOK_SECONDS).not_done:
                self._tick()
        except _SliceOver:
            self._shrink()
            raise
        return page.result()

    def _page(self, page: Page, fetcher: ThreadPoolExecutor, tools: Tools) -> "Future[Page] | None":
        """Settle one page and move the row past it; return the next one, which is being fetched."""
        position, self._position = self._position, page.following
        assert position is not None  # a page was fetched from there
        upcoming = self._fetch(fetcher, tools)
        try:
            settled = tools.work.settle(page, position, self._tick)
        except _SliceOver:
            self._shrink()
            raise
        self._pages += 1
        self._move(tools.work, settled)
        if settled.stop:
            raise settled.stop
        if upcoming:
            if self.clock() - self._saved_at >= save_seconds(self.guard.workers):
                self._save()
            self._tick()
        return upcoming

    def _fetch(self, fetcher: ThreadPoolExecutor, tools: Tools) -> "Future[Page] | None":
        if self._position is None:
            return None
        return fetcher.submit(tools.page, self._position, self._most_items)

    @property
    def _most_items(self) -> int:
        return self._row.page_items or SCAN_PAGE_ITEMS

    def _move(self, work: Work, settled: SettledPage) -> None:
        """Count the page, and with the first one what earlier slices could not count."""
        carried, self._carried = self._carried, SettledPage(Counts())
        row = work.note(self._row)
        place = self._position
        self._finished = place is None
        self._row = replace(
            row,
            counts=row.counts + carried.counts + settled.counts,
            units=row.units + carried.units + settled.units,
            conflicts=row.conflicts + settled.conflicts,
            segment=place.segment if place else row.segment,
            cursor=place.cursor if place else {},
            progressed_at=self.clock(),
        )

    def _shrink(self) -> None:
        """If the slice settled no page, the next slice reads fewer items per page."""
        if self._pages == 0 and self.out_of_time():
            items = max(1, self._most_items // _SHRINK)
            self._row = replace(self._row, page_items=items)

    @property
    def _claim(self) -> Claim:
        request = self.request
        return Claim(
            migration_id=request.migration_id,
            attempt=request.attempt,
            lane=request.segment,
            owner=self.owner,
        )

    def _tick(self) -> None:
        """End the slice if time is up or the ledger orders it; else save a heartbeat when due."""
        order = self.guard.order()
        if order is not Order.GO or self.out_of_time():
            raise _SliceOver(self._answer(order))
        if self.clock() - self._saved_at >= HEARTBEAT_SECONDS:
            self._save()

    def _answer(self, order: Order) -> WorkResult:
        if order is Order.HOLD:
            return replace(HOLD, wait_seconds=self.guard.hold_wait_seconds())
        return MORE if order is Order.GO else DONE

    def _save(self) -> None:
        self._saved_at = self._bring_up_to_date()
        if not self.lanes.save(self._claim, self._row, self._saved_at):
            raise _SliceOver(HOLD)  # a newer invocation has the lane: check again later
        self.meter(self._row, self._saved_at)

    def _bring_up_to_date(self) -> float:
        """Add the time and the throttles since the last count to the row; return the current time.

        Throttles count when they happen, also those of a page that never settles, which has most of
        them. What a killed worker has not saved is not counted.
        """
        now = self.clock()
        seconds = max(0.0, now - self._counted_until)  # a clock may be set back
        self._row = replace(
            self._row,
            worked_seconds=self._row.worked_seconds + seconds,
            throttles=self._row.throttles + self.guard.pacers.take_throttles(),
        )
        self._counted_until = now
        return now

    def _passing_or_fatal(self, exc: ClientError | BotoCoreError) -> tuple[LaneState, WorkResult]:
        try:
            return self._passing(passing(exc))
        except FatalError as error:
            return self._fatal(error)

    def _passing(self, error: PassingError) -> tuple[LaneState, WorkResult]:
        """Continue after a wait; until then the row says why."""
        self._row = replace(self._row, error=error.error, cause=error.cause)
        return LaneState.PENDING, HOLD

    def _fatal(self, error: FatalError) -> tuple[LaneState, WorkResult]:
        """Stop the whole run: every item would fail. An error that may pass is retried once."""
        if not error.final and error.error != self._said_before:
            return self._passing(PassingError(error.error, error.cause))
        self.guard.stop_all(f"{error.error}: {error.cause}")
        result = WorkResult(status=WorkStatus.FAILED, error=error.error, cause=error.cause)
        self._row = replace(self._row, error=error.error, cause=error.cause)
        return (LaneState.DONE if self._finished else LaneState.FAILED), result

    def _give_back(self, state: LaneState, result: WorkResult) -> WorkResult:
        now = self._bring_up_to_date()
        row = replace(self._row, state=state)
        if not self.lanes.give_back(self._claim, row, now):
            return HOLD
        self.meter(row, now)
        return replace(result, counts=row.counts)
