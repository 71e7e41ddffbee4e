"""Where a slice's work comes from: pages of a scan, or of an undo log, newest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from airflow_ddb_migrate.aws.bucket import Bucket
from airflow_ddb_migrate.core.limits import SCAN_PAGE_ITEMS
from airflow_ddb_migrate.core.messages import WorkRequest
from airflow_ddb_migrate.core.rate import Pacer
from airflow_ddb_migrate.core.records import LaneRow, TypedItem
from airflow_ddb_migrate.core.segments import lane_segments
from airflow_ddb_migrate.core.sizes import scan_units
from botocore.exceptions import BotoCoreError, ClientError

from ddb_transform import undo
from ddb_transform.failures import Kind, kind_of_exception, throttling_reason
from ddb_transform.patience import Patience
from ddb_transform.prepare import Prepared

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Position:
    """What is next in a lane: in this segment, behind this cursor (empty: from its start)."""

    segment: int
    cursor: TypedItem = field(default_factory=dict)

    @classmethod
    def of(cls, row: LaneRow) -> "Position":
        return cls(row.segment, row.cursor)


@dataclass(frozen=True, slots=True)
class Page:
    """Things to settle, and where the next ones begin; None: the lane is finished.

    ``prepared`` is what the transform made of them, where it ran ahead.
    """

    items: Sequence[Any]
    following: Position | None
    read_units: float = 0.0
    prepared: Prepared | None = None


class Source(Protocol):
    """Pages of one lane. ``most_items`` bounds the next ones."""

    def page(self, position: Position, most_items: int) -> Page: ...


@dataclass(slots=True)
class ScanSource:
    """Scans the segments of a lane, paced. ``filter_arguments`` are the transform's FILTER."""

    dynamodb: Any
    request: WorkRequest
    pacer: Pacer
    patience: Patience
    filter_arguments: dict[str, Any] = field(default_factory=dict)
    _units: float = field(default=1.0, init=False)

    def page(self, position: Position, most_items: int = SCAN_PAGE_ITEMS) -> Page:
        """Scan one page.

        :raises ClientError: DynamoDB refused it ten times, or for good.
        """
        answer = self._patiently(lambda: self._scan(position, most_items))
        return Page(
            answer["Items"], self._following(position, answer), _reported(answer, self._units)
        )

    def _scan(self, position: Position, most_items: int) -> dict[str, Any]:
        reservation = replace(self.pacer.reserve(self._units), estimated=0.0)
        self.patience.wait(reservation.wait_seconds)
        try:
            answer = self._ask(position, most_items)
        except (ClientError, BotoCoreError):
            self.pacer.settle(reservation, 0.0)
            raise
        self._units = _reported(answer, scan_units(answer.get("PageBytes", 0)))
        # Without an estimate there is no ratio to learn: the next one is what this page cost.
        self.pacer.settle(reservation, self._units)
        return answer

    def _ask(self, position: Position, most_items: int) -> dict[str, Any]:
        start = {"ExclusiveStartKey": position.cursor} if position.cursor else {}
        return self.dynamodb.scan(  # type: ignore[no-any-return]
            TableName=self.request.table_name,
            Segment=position.segment,
            TotalSegments=self.request.total_segments,
            Limit=most_items,
            ReturnConsumedCapacity="TOTAL",
            **start,
            **self.filter_arguments,
        )

    def _patiently(self, scan: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        for tries in range(_TRIES):
            try:
                return scan()
            except (ClientError, BotoCoreError) as exc:
                kind = kind_of_exception(exc)
                if not kind.passes:
                    raise
                if kind is Kind.THROTTLED:
                    self.pacer.throttled(self._units, throttling_reason(exc))
                self.patience.wait(self.patience.back_off(tries))
        return scan()

    def _following(self, position: Position, answer: dict[str, Any]) -> Position | None:
        cursor = answer.get("LastEvaluatedKey")
        if cursor:
            return replace(position, cursor=cursor)
        request = self.request
        segment = position.segment + request.lanes
        segments = lane_segments(request.segment, request.total_segments, request.lanes)
        return Position(segment) if segment in segments else None


@dataclass(slots=True)
class UndoSource:
    """Reads the undo log of a lane, newest object first. The cursor names the last one settled."""

    bucket: Bucket
    lane: int
    _stems: list[tuple[str, bool]] = field(default_factory=list, init=False)

    def page(self, position: Position, most_items: int = SCAN_PAGE_ITEMS) -> Page:  # noqa: ARG002
        """Return one object's records; all of them, however many: their keys are distinct."""
        self._stems = self._stems or undo.stems(self.bucket, self.lane)
        last = position.cursor.get("object", {}).get("S", "")
        left = [pair for pair in self._stems if not last or pair[0] < last]
        if not left:
            return Page((), None)
        stem, has_void = left[-1]
        rows = undo.records(self.bucket, stem, has_void=has_void)
        following = Position(position.segment, {"object": {"S": stem}})
        return Page([undo.reverse(row) for row in rows], following if len(left) > 1 else None)


def _reported(answer: dict[str, Any], otherwise: float) -> float:
    return float(answer.get("ConsumedCapacity", {}).get("CapacityUnits", otherwise))
