"""What goes into the bucket, for who may see little of it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import AccessDeniedError
from airflow_ddb_migrate.deployment.upload import Uploader
from botocore.exceptions import ClientError


@dataclass
class FakeS3:
    """Answers a HEAD, and perhaps a PUT, with an error of this code; remembers what was put."""

    head: str
    put: str = ""
    keys: list[str] = field(default_factory=list)

    def head_object(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": self.head}}, "HeadObject")

    def put_object(self, *, Key: str, **_: Any) -> None:  # noqa: N803
        if self.put:
            raise ClientError({"Error": {"Code": self.put}}, "PutObject")
        self.keys.append(Key)


@pytest.mark.parametrize("code", ["403", "404", "AccessDenied", "NoSuchKey"])
def test_a_key_that_is_not_to_be_seen_is_uploaded(code: str) -> None:
    """Without s3:ListBucket S3 answers 403 for a key that is not there."""
    s3, said = FakeS3(code), list[str]()

    Uploader(s3, "bucket", said.append)("code/1.zip", b"zip")

    assert (["code/1.zip"], ["Uploaded code/1.zip (3 bytes)"]) == (s3.keys, said)


def test_who_may_not_upload_is_told_that_permission() -> None:
    """Not the one to look, which may be there."""
    with pytest.raises(AccessDeniedError, match=r"s3:PutObject on s3://bucket/code/1\.zip"):
        Uploader(FakeS3("403", put="AccessDenied"), "bucket", print)("code/1.zip", b"zip")
