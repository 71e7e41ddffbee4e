"""Pages of a scan: every item of a lane's segments."""

from dataclasses import dataclass, field, replace
from typing import Any

from airflow_ddb_migrate.core.execution.messages import WorkRequest
from airflow_ddb_migrate.core.execution.segments import lane_segments
from airflow_ddb_migrate.core.items.sizes import item_bytes, scan_units
from airflow_ddb_migrate.core.limits import SCAN_PAGE_ITEMS
from ddb_transform.pages import Page, Position
from ddb_transform.sources.paced_reads import Answer, PacedReads


@dataclass(slots=True, eq=False, repr=False)
class ScanSource:
    """Scans the segments of a lane. ``filter_arguments`` come from the transform's FILTER."""

    dynamodb: Any
    request: WorkRequest
    reads: PacedReads
    filter_arguments: dict[str, Any] = field(default_factory=dict)

    def page(self, position: Position, most_items: int = SCAN_PAGE_ITEMS) -> Page:
        """Scan one page.

        :raises ClientError: see PacedReads.
        """
        answer, units = self.reads.read(lambda: self._ask(position, most_items), _page_units)
        return Page(answer["Items"], self._following(position, answer), units)

    def _ask(self, position: Position, most_items: int) -> Answer:
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

    def _following(self, position: Position, answer: Answer) -> Position | None:
        cursor = answer.get("LastEvaluatedKey")
        if cursor:
            return replace(position, cursor=cursor)
        request = self.request
        segment = position.segment + request.lanes
        segments = lane_segments(request.segment, request.total_segments, request.lanes)
        return Position(segment) if segment in segments else None


def _page_units(answer: Answer) -> float:
    """Estimate units that were not reported, by the page's length or else by its items' sizes."""
    length = answer.get("PageBytes")
    return scan_units(sum(map(item_bytes, answer["Items"])) if length is None else length)
