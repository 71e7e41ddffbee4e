"""Where a replay's pages come from: what another migration set aside, as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.execution.pacing import Pacer
from botocore.exceptions import ClientError
from ddb_transform.failures import FatalError
from ddb_transform.objects.object_names import Place, path_of
from ddb_transform.pages import Page, Position
from ddb_transform.patience import StoppedError
from ddb_transform.sources import quarantine
from ddb_transform.sources.paced_reads import PacedReads
from ddb_transform.sources.quarantine import QuarantineSource
from hypothesis import given
from hypothesis import strategies as st
from tests.support.engines.fakes import FakeS3
from tests.support.factories import MIGRATION, TABLE, client_error, typed_item
from tests.support.worlds.migration_world import Clock
from tests.unit.lambda_.writers.writing import impatient

LANE = 3


@dataclass
class Items:
    """A table: answers reads of one item; errors come first."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)
    units: dict[str, float] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_item(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(arguments)
        if self.errors:
            raise self.errors.pop(0)
        item = self.items.get(arguments["Key"]["id"]["S"])
        consumed = {"ConsumedCapacity": {"CapacityUnits": 2.5}} if self.units is None else {}
        return {**({"Item": item} if item else {}), **consumed}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(FakeS3(), "b", MIGRATION)


@pytest.fixture
def table() -> Items:
    return Items({name: typed_item(name) for name in "abcdef"})


def set_aside(bucket: Bucket, *names: str, place: Place | None = None) -> str:
    """Write an object as a worker's quarantine does."""
    place = place or Place(LANE, 1, 1)
    rows = [{"key": {"id": {"S": name}}, "error_class": "E"} for name in names]
    return bucket.put(path_of(place.next("quarantine")), rows)


def source(
    bucket: Bucket, table: Items, *, pacer: Pacer | None = None, slept: list[float] | None = None
) -> QuarantineSource:
    reads = PacedReads(pacer or Pacer(Clock()), impatient(slept))
    return QuarantineSource(table, TABLE, bucket, LANE, reads)


def pages(made: QuarantineSource, most_items: int = 1_000) -> list[Page]:
    found, position = [], Position(LANE)
    while position:
        found.append(made.page(position, most_items))
        position = found[-1].following  # type: ignore[assignment]
    return found


def names(rows: Sequence[Any]) -> list[str]:
    return [row["id"]["S"] for row in rows]


def test_items_are_read_as_they_are_now(bucket: Bucket, table: Items) -> None:
    """Consistently, one object a page, oldest first; another lane's are not."""
    set_aside(bucket, "c", place=Place(LANE, 2, 1))
    set_aside(bucket, "a", "b")
    set_aside(bucket, "d", place=Place(LANE + 1, 1, 1))

    found = pages(source(bucket, table))

    assert [["a", "b"], ["c"]] == [names(page.items) for page in found]
    assert {
        "TableName": TABLE,
        "Key": {"id": {"S": "a"}},
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "TOTAL",
    } == table.asked[0]
    assert [5.0, 2.5] == [page.read_units for page in found]


def test_who_is_gone_is_told(bucket: Bucket, table: Items) -> None:
    """By key: the page is settled with it."""
    set_aside(bucket, "gone", "a")

    (page,) = pages(source(bucket, table))

    assert (["a"], ["gone"]) == (names(page.items), names(page.missing))


def test_a_key_that_was_set_aside_twice_comes_once(bucket: Bucket, table: Items) -> None:
    """Within an object, and in a later one: a killed worker's page was done again."""
    set_aside(bucket, "a", "b", "a")
    set_aside(bucket, "b", "a", place=Place(LANE, 1, 2))
    set_aside(bucket, "b", "c", place=Place(LANE, 2, 1))

    found = pages(source(bucket, table))

    assert ["a", "b", "c"] == [name for page in found for name in names(page.items)]
    assert 3 == len(table.asked)


def test_a_page_is_no_larger_than_it_may_be(bucket: Bucket, table: Items) -> None:
    """A slow transform gets fewer items at a time; the cursor says how many are settled."""
    path = set_aside(bucket, "a", "gone", "b", "c")

    found = pages(source(bucket, table), most_items=3)

    assert [["a", "b"], ["c"]] == [names(page.items) for page in found]
    cursor = {"object": {"S": path}, "settled": {"N": "3"}}
    assert [Position(LANE, cursor), None] == [page.following for page in found]


def test_a_page_has_as_many_bytes_as_a_scan_s(
    bucket: Bucket, table: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Items may have grown since; a worker's memory has not."""
    monkeypatch.setattr(quarantine, "SCAN_PAGE_BYTES", 5)  # an item here has 3
    set_aside(bucket, "a", "b", "c")

    assert [["a", "b"], ["c"]] == [names(page.items) for page in pages(source(bucket, table))]


def test_what_expired_is_not_taken_for_done(bucket: Bucket, table: Items) -> None:
    """The object in work is gone, though there are others: the run ends and says so."""
    first = set_aside(bucket, "a", "b")
    set_aside(bucket, "c", "d", place=Place(LANE, 1, 2))
    following = source(bucket, table).page(Position(LANE), 1).following
    bucket.s3.objects.pop(("b", f"migrations/{MIGRATION}/{first}"))
    assert following is not None

    with pytest.raises(FatalError, match=r"^QuarantineExpired: The quarantine of .* segment 3, is"):
        source(bucket, table).page(following)


def test_a_lane_without_a_quarantine_is_not_taken_for_done(bucket: Bucket, table: Items) -> None:
    """A replay is started over lanes that have one."""
    with pytest.raises(FatalError, match="QuarantineExpired"):
        source(bucket, table).page(Position(LANE))


def test_a_binary_key_is_read_as_bytes(bucket: Bucket, table: Items) -> None:
    """It is base64 in the bucket."""
    bucket.put(path_of(Place(LANE, 1, 1).next("quarantine")), [{"key": {"id": {"B": b"\x00\xff"}}}])
    table.get_item = lambda **arguments: table.asked.append(arguments) or {}  # type: ignore[method-assign,func-returns-value]

    (page,) = pages(source(bucket, table))

    assert {"id": {"B": b"\x00\xff"}} == table.asked[0]["Key"] == page.missing[0]


def test_a_read_that_passes_is_tried_again(bucket: Bucket, table: Items) -> None:
    """After a wait, and slower if it was throttled."""
    slept: list[float] = []
    pacer = Pacer(Clock(), 50.0)
    set_aside(bucket, "a")
    table.errors = [client_error("ThrottlingException", "GetItem"), client_error("503", "GetItem")]

    (page,) = pages(source(bucket, table, pacer=pacer, slept=slept))

    assert ["a"] == names(page.items)
    assert pacer.rate is not None
    assert pacer.rate < 50.0
    assert slept


def test_a_read_that_is_denied_is_raised_at_once(bucket: Bucket, table: Items) -> None:
    """Nothing is taken for gone."""
    set_aside(bucket, "a")
    table.errors = [client_error("AccessDeniedException", "GetItem")]

    with pytest.raises(ClientError, match="AccessDenied"):
        source(bucket, table).page(Position(LANE))


def test_a_slice_that_ended_reads_no_more(bucket: Bucket, table: Items) -> None:
    """Also in the middle of a page."""
    set_aside(bucket, "a", "b")
    made = source(bucket, table)
    made.reads.patience.stop()

    with pytest.raises(StoppedError):
        made.page(Position(LANE))
    assert [] == table.asked


def test_reads_cost_their_size_where_nothing_is_reported(bucket: Bucket, table: Items) -> None:
    """By whole 4 KB, and one unit for what is gone."""
    table.units = {}
    table.items["a"] = typed_item("a", x={"S": "x" * 4_096})
    set_aside(bucket, "a", "b", "gone")

    assert [4.0] == [page.read_units for page in pages(source(bucket, table))]


OBJECTS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), min_size=1, max_size=5)


@given(OBJECTS, st.lists(st.integers(1, 4), min_size=1), st.data())
def test_every_key_comes_once_wherever_slices_end(
    objects: list[list[str]], sizes: list[int], data: st.DataObject
) -> None:
    """In order of time; a slice that goes on elsewhere knows what came before its cursor."""
    bucket, table = Bucket(FakeS3(), "b", MIGRATION), Items({n: typed_item(n) for n in "abcd"})
    for lap, keys in enumerate(objects):
        set_aside(bucket, *keys, place=Place(LANE, 1, lap))
    found: list[str] = []
    position: Position | None = Position(LANE)
    made = source(bucket, table)
    steps = 0
    while position:
        if data.draw(st.booleans()):
            made = source(bucket, table)
        page = made.page(position, sizes[steps % len(sizes)])
        found += names(page.items) + names(page.missing)
        position, steps = page.following, steps + 1

    assert sorted(found) == sorted({key for keys in objects for key in keys})
