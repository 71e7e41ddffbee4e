"""A bucket is emptied and deleted, whatever state it is in."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.core.errors import AccessDeniedError, AwsRequestError, DeployError
from airflow_ddb_migrate.deployment.keeping.bucket_removal import (
    empty_bucket,
    remove_bucket,
    require_emptying_allowed,
)
from moto import mock_aws
from tests.support.factories import client_error

BUCKET = "bucket"


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


class Watched:
    """An S3 some of whose operations are other than the service's."""

    def __init__(self, s3: Any, **operations: Any) -> None:
        self._s3, self._operations = s3, operations

    def __getattr__(self, name: str) -> Any:
        return self._operations.get(name) or getattr(self._s3, name)


def is_there(s3: Any) -> bool:
    return BUCKET in [row["Name"] for row in s3.list_buckets()["Buckets"]]


def test_more_objects_than_a_page_holds_are_deleted(s3: Any) -> None:
    """S3 lists, and deletes, 1,000 at a time."""
    for number in range(1_001):
        s3.put_object(Bucket=BUCKET, Key=f"{number}", Body=b"")

    assert (1_001, False) == (remove_bucket(s3, BUCKET), is_there(s3))


def test_versions_and_markers_are_deleted(s3: Any) -> None:
    """Whoever switched versioning on left what a listing of objects does not show."""
    versioning = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioning)
    for _ in range(2):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"")
    s3.delete_object(Bucket=BUCKET, Key="a")

    assert (3, False) == (remove_bucket(s3, BUCKET), is_there(s3))


@pytest.mark.parametrize("act", [empty_bucket, remove_bucket])
def test_a_bucket_that_is_gone_is_no_error(s3: Any, act: Any) -> None:
    """Somebody deleted it by hand, or this command did before it was interrupted."""
    s3.delete_bucket(Bucket=BUCKET)

    assert 0 == act(s3, BUCKET)
    require_emptying_allowed(s3, BUCKET)


def test_an_object_that_comes_meanwhile_is_deleted_too(s3: Any) -> None:
    """A Lambda that ends may still write its undo log."""
    late = iter([b"late"])

    def delete_bucket(**arguments: Any) -> None:
        for body in late:
            s3.put_object(Bucket=BUCKET, Key="late", Body=body)
        s3.delete_bucket(**arguments)

    assert 1 == remove_bucket(Watched(s3, delete_bucket=delete_bucket), BUCKET)
    assert not is_there(s3)


def test_who_writes_for_ever_is_looked_for(s3: Any) -> None:
    """The same command can be given again afterwards."""

    def delete_bucket(**arguments: Any) -> None:
        s3.put_object(Bucket=BUCKET, Key="again", Body=b"")
        s3.delete_bucket(**arguments)

    with pytest.raises(
        DeployError, match=r"was emptied 10 times and got new objects each time.*PutObject"
    ):
        remove_bucket(Watched(s3, delete_bucket=delete_bucket), BUCKET)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDenied", AccessDeniedError), ("InternalError", DeployError)]
)
@pytest.mark.parametrize("act", [empty_bucket, remove_bucket, require_emptying_allowed])
def test_a_refusal_inside_a_200_is_one(s3: Any, act: Any, code: str, error: type) -> None:
    """S3 answers per key; the bucket stays, and so does what was to be deleted after it."""
    s3.put_object(Bucket=BUCKET, Key="locked", Body=b"")

    def delete_objects(*, Delete: Any, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"Errors": [{**row, "Code": code, "Message": "m"} for row in Delete["Objects"]]}

    with pytest.raises(error, match=rf"refused to delete 1 of 1 objects .*\({code}: m\), such as"):
        act(Watched(s3, delete_objects=delete_objects), BUCKET)

    assert is_there(s3)


def test_asking_whether_it_may_be_emptied_deletes_nothing(s3: Any) -> None:
    """The key that it deletes is not there."""
    s3.put_object(Bucket=BUCKET, Key="code/1.zip", Body=b"")

    require_emptying_allowed(s3, BUCKET)

    assert 1 == s3.list_objects_v2(Bucket=BUCKET)["KeyCount"]


def test_another_error_of_s3_is_told(s3: Any) -> None:
    """Only a bucket that is gone is as good as deleted."""

    def delete_bucket(**_: Any) -> None:
        raise client_error("OperationAborted", "DeleteBucket")

    with pytest.raises(AwsRequestError, match="s3:DeleteBucket on bucket bucket failed with Oper"):
        remove_bucket(Watched(s3, delete_bucket=delete_bucket), BUCKET)
