"""The stack's bucket: rows come back as they were, in order, and only one's own."""

import gzip
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.items.binary import unwired
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from tests.support.engines.fakes import FakeS3
from tests.support.factories import MIGRATION, REGION
from tests.support.typed_values import ATTRIBUTES

ODD = "line\nfeed \u2028 \u2029 \x85 \x00 \x1e é 🦜 \ud800"  # and half of a surrogate pair


@pytest.fixture
def fake() -> Bucket:
    return Bucket(FakeS3(), "bucket", MIGRATION)


@pytest.fixture
def moto() -> Iterator[Bucket]:
    with mock_aws():
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket="bucket")
        yield Bucket(s3, "bucket", MIGRATION)


@pytest.fixture(params=["fake", "moto"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """The stand-in of other tests does what moto does."""
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def test_rows_come_back_as_they_were(bucket: Bucket) -> None:
    """Odd characters, too; bytes are base64, as on the wire."""
    item = {"id": {"S": ODD}, ODD: {"M": {"b": {"B": b"\x00\xff"}}}, "n": {"N": "1E+100"}}

    assert "undo/0.jsonl" == bucket.put("undo/0.jsonl", [item, {"i": 1, "none": None}])

    first, second = bucket.get("undo/0.jsonl")
    assert {"B": "AP8="} == first[ODD]["M"]["b"]
    assert item == unwired(first)
    assert {"i": 1, "none": None} == second


@given(st.lists(st.fixed_dictionaries({"k": ATTRIBUTES}), max_size=3))
def test_any_rows_come_back(rows: list[dict[str, Any]]) -> None:
    """However many, and none."""
    bucket = Bucket(FakeS3(), "bucket", MIGRATION)
    bucket.put("x", iter(rows))

    assert rows == [{"k": unwired(row["k"])} for row in bucket.get("x")]


def test_an_object_is_compressed_lines_under_the_migration_s_name(fake: Bucket) -> None:
    """A person reads it with zcat; the same rows are the same bytes."""
    fake.put("quarantine/a", [{"x": 1}, {"y": "é"}])
    fake.put("quarantine/b", [{"x": 1}, {"y": "é"}])

    prefix = f"migrations/{MIGRATION}/quarantine"
    objects = fake.s3.objects
    assert {("bucket", f"{prefix}/a"), ("bucket", f"{prefix}/b")} == objects.keys()
    assert 1 == len(set(objects.values()))
    body = objects["bucket", f"{prefix}/a"]
    assert b'{"x":1}\n{"y":"\\u00e9"}' == gzip.decompress(body)


def test_what_is_not_there_is_an_error(moto: Bucket) -> None:
    """An undo log that expired must not look like one that is empty."""
    with pytest.raises(ClientError, match="NoSuchKey"):
        moto.get("undo/0")


def test_paths_are_in_ascending_order_and_of_one_folder(bucket: Bucket) -> None:
    """Whatever order they were written in; neither another folder's nor another migration's."""
    for path in ("undo/2/b", "undo/2/a", "undo/20/a", "quarantine/2/a"):
        bucket.put(path, [])
    bucket.of(f"{MIGRATION}-2").put("undo/2/c", [])

    assert ["undo/2/a", "undo/2/b"] == list(bucket.paths("undo/2/"))
    assert ["undo/2/c"] == list(bucket.of(f"{MIGRATION}-2").paths("undo/2/"))
    assert [] == list(bucket.paths("undo/3/"))


@pytest.mark.parametrize(
    ("after", "expected"),
    [("undo/1", ["undo/2", "undo/3"]), ("undo/15", ["undo/2", "undo/3"]), ("undo/3", [])],
)
def test_paths_after_one_begin_behind_it(bucket: Bucket, after: str, expected: list[str]) -> None:
    """Whether that one is there or not."""
    for path in ("undo/1", "undo/2", "undo/3"):
        bucket.put(path, [])

    assert expected == list(bucket.paths("undo/", after=after))


def test_every_page_of_a_listing_is_read(moto: Bucket) -> None:
    """S3 tells a thousand paths at a time."""
    paths = [f"undo/{number:04d}" for number in range(1_001)]
    for path in paths:
        moto.put(path, [])

    assert paths == list(moto.paths("undo/"))
