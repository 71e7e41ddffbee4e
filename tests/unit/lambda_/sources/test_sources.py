"""Where a slice's pages come from: a scan, or an undo log."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.execution.pacing import Pacer
from botocore.exceptions import ClientError, ReadTimeoutError
from ddb_transform.contract.scan_filter import scan_filter
from ddb_transform.objects.object_names import Place
from ddb_transform.objects.undo_log import UndoLog
from ddb_transform.pages import Page, Position
from ddb_transform.patience import StoppedError
from ddb_transform.sources import paced_reads
from ddb_transform.sources.paced_reads import PacedReads
from ddb_transform.sources.scan import ScanSource
from ddb_transform.sources.undo import UndoSource
from tests.support.engines.fakes import FakeS3
from tests.support.factories import MIGRATION, TABLE, client_error, typed_item, work_request
from tests.support.worlds.migration_world import Clock
from tests.unit.lambda_.writers.writing import impatient, intent

KEY = {"id": {"S": "a"}}


@dataclass
class Scans:
    """Answers scans as it is told, the last answer for ever."""

    answers: list[Any] = field(default_factory=lambda: [{"Items": []}])
    asked: list[dict[str, Any]] = field(default_factory=list)

    def scan(self, **arguments: Any) -> Any:
        self.asked.append(arguments)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def scan_source(scans: Scans, slept: list[float] | None = None, **fields: Any) -> ScanSource:
    pacer = fields.pop("pacer", Pacer(Clock()))
    filters = fields.pop("filter_arguments", {})
    request = work_request(**fields)
    return ScanSource(scans, request, PacedReads(pacer, impatient(slept)), filters)


def test_a_page_is_asked_for_by_segment_cursor_and_limit() -> None:
    """With the transform's filter."""
    scans = Scans()
    wanted = scan_filter({"expression": "#a = :v", "names": {"#a": "a"}, "values": {":v": 1}})
    made = scan_source(scans, total_segments=4, filter_arguments=wanted.arguments())

    made.page(Position(3, KEY), 17)
    made.page(Position(3), 17)

    first = {
        "TableName": TABLE,
        "Segment": 3,
        "TotalSegments": 4,
        "Limit": 17,
        "ReturnConsumedCapacity": "TOTAL",
        "ExclusiveStartKey": KEY,
        "FilterExpression": "#a = :v",
        "ExpressionAttributeNames": {"#a": "a"},
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    }
    second = {name: value for name, value in first.items() if name != "ExclusiveStartKey"}
    assert [first, second] == scans.asked


@pytest.mark.parametrize(
    ("position", "last", "following"),
    [
        (Position(1), KEY, Position(1, KEY)),
        (Position(1, KEY), None, Position(4)),
        (Position(1, KEY), {}, Position(4)),
        (Position(4), None, Position(7)),
        (Position(7), None, None),
    ],
)
def test_what_follows_a_page(position: Position, last: Any, following: Any) -> None:
    """The rest of the segment, the lane's next segment, or nothing."""
    key = {} if last is None else {"LastEvaluatedKey": last}
    scans = Scans([{"Items": [], **key}])

    page = scan_source(scans, total_segments=9, segment=1, lanes=3).page(position)

    assert following == page.following


def test_a_page_costs_what_is_reported() -> None:
    """Or what its size costs, where nothing is: the page's, or its items'."""
    items = [typed_item()]
    scans = Scans(
        [
            {"Items": items, "ConsumedCapacity": {"CapacityUnits": 12.5}},
            {"Items": items, "PageBytes": 1_048_576},
            {"Items": [{"id": {"S": "x" * 100_000}}] * 10},
        ]
    )
    made = scan_source(scans)

    assert Page(items, None, 12.5) == made.page(Position(0))
    assert Page(items, None, 128.0) == made.page(Position(0))
    assert 122.5 == made.page(Position(0)).read_units


def test_reads_are_paced_by_what_the_last_page_cost() -> None:
    """Within the worker's share."""
    slept: list[float] = []
    scans = Scans([{"Items": [], "ConsumedCapacity": {"CapacityUnits": 100.0}}])
    made = scan_source(scans, slept, pacer=Pacer(Clock(), 50.0))

    for _ in range(3):
        made.page(Position(0))

    assert pytest.approx(0.02 + 4 + 6, abs=0.6) == sum(slept)


@pytest.mark.parametrize(
    ("error", "cuts"),
    [
        (client_error("ThrottlingException", "Scan"), True),
        (client_error("ProvisionedThroughputExceededException", "Scan"), True),
        (client_error("InternalServerError", "Scan"), False),
        (ReadTimeoutError(endpoint_url="x"), False),
    ],
)
def test_a_scan_that_passes_is_tried_again(error: Exception, cuts: bool) -> None:
    """After a wait, and slower if it was throttled."""
    slept: list[float] = []
    pacer = Pacer(Clock(), 50.0)
    scans = Scans([error, error, {"Items": [typed_item()]}])

    page = scan_source(scans, slept, pacer=pacer).page(Position(0, KEY))

    assert [typed_item()] == page.items
    assert [KEY] * 3 == [asked["ExclusiveStartKey"] for asked in scans.asked]
    assert pacer.rate is not None
    assert cuts is (pacer.rate < 50.0)
    assert slept


def test_a_scan_is_not_tried_for_ever() -> None:
    """Then the lane waits."""
    scans = Scans([client_error("ThrottlingException", "Scan")])

    with pytest.raises(ClientError, match="Throttling"):
        scan_source(scans).page(Position(0))
    assert paced_reads._TRIES + 1 == len(scans.asked)


def test_a_scan_that_does_not_pass_is_raised_at_once() -> None:
    """Denied, or unknown."""
    scans = Scans([client_error("AccessDeniedException", "Scan")])

    with pytest.raises(ClientError, match="AccessDenied"):
        scan_source(scans).page(Position(0))
    assert 1 == len(scans.asked)


def test_a_slice_that_ended_scans_no_more() -> None:
    """Also in the middle of its tries."""
    scans = Scans()
    made = scan_source(scans)
    made.reads.patience.stop()

    with pytest.raises(StoppedError):
        made.page(Position(0))
    assert [] == scans.asked


# Undo


@pytest.fixture
def bucket() -> Bucket:
    """Three objects of lane 3, of which the second has a void."""
    made = Bucket(FakeS3(), "b", MIGRATION)
    log = UndoLog(made, Place(3, 1, 1))
    log.begin([intent(key="a"), intent(key="b")])([])
    log.begin([intent(key="c"), intent(key="d")])([0])
    UndoLog(made, Place(3, 2, 1)).begin([intent(key="a")])([])
    UndoLog(made, Place(4, 1, 1)).begin([intent(key="another lane's")])([])
    return made


def keys_of(page: Page) -> list[str]:
    return [one.key["id"]["S"] for one in page.items]


def test_an_undo_log_is_read_newest_first(bucket: Bucket) -> None:
    """One object a page, without its voids, so no page has one key twice."""
    made, position, pages = UndoSource(bucket, 3), Position(3), []

    while position:
        page = made.page(position)
        pages.append(keys_of(page))
        position = page.following  # type: ignore[assignment]

    assert [["a"], ["d"], ["a", "b"]] == pages


def test_an_undo_goes_on_behind_its_cursor(bucket: Bucket) -> None:
    """In another invocation; the cursor names the last object settled."""
    following = UndoSource(bucket, 3).page(Position(3)).following
    assert following is not None

    page = UndoSource(bucket, 3).page(following)

    assert ["d"] == keys_of(page)
    assert {"object": {"S": "undo/000003/002-00001-000001"}} == following.cursor


def test_a_lane_that_changed_nothing_has_nothing_to_undo() -> None:
    """One empty page, and the lane is finished; it takes one look at the bucket."""
    calls: list[str] = []
    empty = Bucket(FakeS3(before=lambda name, arguments: calls.append(name)), "b", MIGRATION)

    assert Page((), None) == UndoSource(empty, 0).page(Position(0))
    assert ["list_objects_v2"] == calls
