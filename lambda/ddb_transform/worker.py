"""The worker: one lane, one slice of time, page by page, the cursor behind every settled page."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_ddb_migrate.aws.lanes import Claim, Lanes
from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.limits import (
    CHILD_LAPS,
    HEARTBEAT_SECONDS,
    HOLD_WAIT_SECONDS,
    SCAN_PAGE_ITEMS,
)
from airflow_ddb_migrate.core.messages import Counts, Units, WorkRequest, WorkResult, WorkStatus
from airflow_ddb_migrate.core.records import LaneRow, LaneState, TypedItem
from airflow_ddb_migrate.core.segments import lane_segments
from botocore.exceptions import ClientError

from ddb_transform.failures import Failure, failure_of
from ddb_transform.guard import Guard, Order
from ddb_transform.keys import readable
from ddb_transform.settle import Settled, Settler

WRITER_THREADS = 4  # hides latency; more only contend for the interpreter's lock
_CHUNK_ITEMS = 40  # between two looks at the clock and the guard

DONE = WorkResult(status=WorkStatus.DONE)
MORE = WorkResult(status=WorkStatus.MORE)
HOLD = WorkResult(status=WorkStatus.HOLD, wait_seconds=HOLD_WAIT_SECONDS)


class _SliceOver(Exception):  # noqa: N818  # not an error: the lane row is saved, the slice ends
    def __init__(self, result: WorkResult) -> None:
        super().__init__(result.status)
        self.result = result


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An item that cannot be migrated."""

    error: ItemError
    key: TypedItem


@dataclass(slots=True, kw_only=True)
class Worker:
    """Works on one lane until it is finished, time is up, or the ledger says otherwise.

    ``out_of_time`` tells that the slice must end; ``owner`` is unique to this invocation.
    """

    request: WorkRequest
    lanes: Lanes
    guard: Guard
    settler: Settler
    dynamodb: Any
    owner: str
    clock: Callable[[], float]
    out_of_time: Callable[[], bool]
    _row: LaneRow = field(init=False)
    _saved_at: float = field(default=0.0, init=False)

    def run(self) -> WorkResult:
        """Work one slice. Whatever ends it, the next one goes on behind the last settled page."""
        order = self.guard.order()
        if order is not Order.GO:
            return HOLD if order is Order.HOLD else DONE
        row = self.lanes.take(self._claim, self.clock())
        if row is None:
            return DONE  # finished already, or in the hands of a newer attempt
        self._row = replace(row, error="", cause="")
        if row.laps > CHILD_LAPS:
            return self._give_back(LaneState.PENDING, DONE)
        return self._slice()

    def _slice(self) -> WorkResult:
        try:
            with ThreadPoolExecutor(WRITER_THREADS) as threads:
                while not self._page(threads):
                    self._save()
                    self._go_on()
        except _SliceOver as over:
            return over.result
        except ClientError as exc:
            return self._failed(failure_of(exc))
        return self._give_back(LaneState.DONE, DONE)

    def _page(self, threads: ThreadPoolExecutor) -> bool:
        """Scan and settle one page, and move the row behind it; True when the lane is finished."""
        page = self._scan()
        self._saved_at = self.clock()
        settled = Settled(Counts(), Units(read=_units(page)))
        for items in _chunks(page["Items"]):
            self._go_on()
            self._heartbeat()
            settled += self._settle(list(threads.map(self._one, items)))
        row = replace(
            self._row,
            counts=self._row.counts + settled.counts,
            units=self._row.units + settled.units,
            cursor=page.get("LastEvaluatedKey") or {},
        )
        following = self._row.segment + self.request.lanes
        finished = not row.cursor and following not in self._segments
        self._row = row if row.cursor or finished else replace(row, segment=following)
        return finished

    @property
    def _claim(self) -> Claim:
        request = self.request
        return Claim(
            migration_id=request.migration_id,
            attempt=request.attempt,
            lane=request.segment,
            owner=self.owner,
        )

    @property
    def _segments(self) -> range:
        request = self.request
        return lane_segments(request.segment, request.total_segments, request.lanes)

    def _scan(self) -> dict[str, Any]:
        start = {"ExclusiveStartKey": self._row.cursor} if self._row.cursor else {}
        return self.dynamodb.scan(  # type: ignore[no-any-return]
            TableName=self.request.table_name,
            Segment=self._row.segment,
            TotalSegments=self.request.total_segments,
            Limit=SCAN_PAGE_ITEMS,
            ReturnConsumedCapacity="TOTAL",
            **start,
        )

    def _one(self, item: TypedItem) -> Settled | _Refusal:
        try:
            return self.settler.settle(item)
        except ItemError as error:
            names = self.settler.transform.context.key_names
            return _Refusal(error, {name: item[name] for name in names})

    def _settle(self, results: Sequence[Settled | _Refusal]) -> Settled:
        """Add up a chunk; an item that cannot be migrated ends the lane."""
        total = Settled(Counts())
        for result in results:
            if isinstance(result, _Refusal):
                cause = f"Item {readable(result.key)}: {result.error}"
                raise _SliceOver(self._failed(Failure(result.error.error_class, cause)))
            total += result
        return total

    def _go_on(self) -> None:
        """End the slice unless there is time left and the ledger lets this worker go on."""
        order = self.guard.order()
        if order is Order.GO and not self.out_of_time():
            return
        answer = {Order.GO: MORE, Order.HOLD: HOLD, Order.QUIT: DONE}[order]
        raise _SliceOver(self._give_back(LaneState.PENDING, answer))

    def _heartbeat(self) -> None:
        """Show a sign of life during a long page."""
        if self.clock() - self._saved_at >= HEARTBEAT_SECONDS:
            self._save()

    def _save(self) -> None:
        self._saved_at = self.clock()
        if not self.lanes.save(self._claim, self._row, self._saved_at):
            raise _SliceOver(HOLD)  # a newer invocation has the lane: look again later

    def _failed(self, failure: Failure) -> WorkResult:
        self._row = replace(self._row, error=failure.error, cause=failure.cause)
        if failure.passes:
            return self._give_back(LaneState.PENDING, HOLD)
        result = WorkResult(status=WorkStatus.FAILED, error=failure.error, cause=failure.cause)
        return self._give_back(LaneState.FAILED, result)

    def _give_back(self, state: LaneState, result: WorkResult) -> WorkResult:
        row = replace(self._row, state=state)
        saved = self.lanes.give_back(self._claim, row, self.clock())
        return replace(result, counts=row.counts) if saved else HOLD


def _chunks(items: Sequence[TypedItem]) -> Iterator[Sequence[TypedItem]]:
    return (items[i : i + _CHUNK_ITEMS] for i in range(0, len(items), _CHUNK_ITEMS))


def _units(page: dict[str, Any]) -> float:
    return page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)  # type: ignore[no-any-return]
