"""The Lambda runs the zip that was built here, or nothing is started: upload, deploy, preflight."""

import io
import logging
import subprocess
import sys
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.preflight import checks
from airflow_ddb_migrate.aws.services.function import check_code
from airflow_ddb_migrate.core.errors import CodeMismatchError
from airflow_ddb_migrate.deployment.packaging.bundle import build, sha256_of
from airflow_ddb_migrate.deployment.upload import Uploader
from botocore.exceptions import ClientError
from moto import mock_aws
from tests.support.factories import NOW, at, client_error
from tests.support.worlds.migration_world import moto_dynamodb
from tests.support.worlds.site_world import SiteWorld

BUCKET, KEY, CONTENT = "bucket", "code/0123.zip", b"what was built here"
VERSION = "arn:aws:lambda:us-east-1:123456789012:function:ddb-migrate-transform:1"


@dataclass
class FakeLambda:
    """Functions with this code; or the error that a look at them is answered with."""

    answer: str | ClientError
    asked: str = ""

    def get_function_configuration(self, **arguments: Any) -> dict[str, Any]:
        self.asked = arguments["FunctionName"]
        if isinstance(self.answer, ClientError):
            raise self.answer
        return {"CodeSha256": self.answer}


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def site_world() -> Iterator[SiteWorld]:
    with moto_dynamodb() as service:
        yield SiteWorld(service)


def content_of(s3: Any) -> bytes:
    return bytes(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())


def test_the_hash_is_lambdas_of_the_zip() -> None:
    """Base64 of SHA-256 over the zip's bytes, as GetFunctionConfiguration gives it."""
    bundle = build()

    assert b64encode(sha256(bundle.content).digest()).decode() == bundle.sha256


def test_the_zip_is_the_same_on_every_machine() -> None:
    """Compression differs between zlibs, and the header names the system: it has neither."""
    infos = zipfile.ZipFile(io.BytesIO(build().content)).infolist()

    assert {(zipfile.ZIP_STORED, 3)} == {(i.compress_type, i.create_system) for i in infos}


def test_another_process_builds_the_same_zip() -> None:
    """Nothing of a process is in it: neither its hash seed nor its time."""
    code = (
        "from airflow_ddb_migrate.deployment.packaging.bundle import build; print(build().sha256)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert build().sha256 == ran.stdout.strip()


def test_what_is_there_is_not_uploaded_again(s3: Any) -> None:
    """By S3's own checksum of the object."""
    said: list[str] = []
    upload = Uploader(s3, BUCKET, said.append)

    assert [KEY, KEY] == [upload(KEY, CONTENT), upload(KEY, CONTENT)]
    assert [f"Uploaded {KEY} (19 bytes)"] == said


@pytest.mark.parametrize("with_checksum", [True, False], ids=["with a checksum", "without"])
def test_an_object_of_the_right_name_and_other_content_is_replaced(
    s3: Any, with_checksum: bool
) -> None:
    """A key names a hash; whoever may write to the bucket can put anything under it."""
    said: list[str] = []
    extra = {"ChecksumAlgorithm": "SHA256"} if with_checksum else {}
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"what somebody put there", **extra)

    Uploader(s3, BUCKET, said.append)(KEY, CONTENT)

    assert CONTENT == content_of(s3)
    assert f"{KEY} in the bucket differs from what was built here and is replaced." == said[0]


def test_the_code_that_was_deployed_is_no_news() -> None:
    """The version is asked, not the newest code."""
    fake = FakeLambda("abc=")

    assert ("", VERSION) == (check_code(fake, VERSION, "abc="), fake.asked)


def test_other_code_is_refused_with_both_hashes() -> None:
    """The message names the function, what it has and should have, and where to look."""
    with pytest.raises(CodeMismatchError) as refused:
        check_code(FakeLambda("evil="), VERSION, "abc=")

    assert str(refused.value).startswith(
        f"The code of Lambda {VERSION} has SHA-256 evil=; the deployed code has abc=. "
    )
    assert "CloudTrail" in str(refused.value)


def test_who_may_not_look_is_told_that_it_is_unknown() -> None:
    """CloudFormation compared it already when it published the version."""
    unknown = check_code(FakeLambda(client_error("AccessDeniedException")), VERSION, "abc=")

    assert unknown.startswith(f"unknown: the code of {VERSION}: Access denied: ")
    assert "lambda:GetFunctionConfiguration" in unknown


def test_a_stack_that_does_not_say_is_unknown_too() -> None:
    """It was deployed before versions were pinned; nothing is asked."""
    fake = FakeLambda("abc=")

    assert "has no record of" in check_code(fake, VERSION, "")
    assert "" == fake.asked


def test_a_lambda_that_does_not_say_is_unknown() -> None:
    """As an emulator's; AWS always says."""
    assert check_code(FakeLambda(""), VERSION, "abc=").endswith("Lambda does not return it.")


def test_nothing_starts_with_other_code(
    site_world: SiteWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Preflight refuses before the Lambda is called at all, and the ledger stays empty."""
    site = site_world.site_for("orders-0123456789ab", code_sha256=sha256_of(CONTENT))
    monkeypatch.setattr(
        site_world.lambda_, "get_function_configuration", FakeLambda("x").get_function_configuration
    )

    with pytest.raises(CodeMismatchError):
        checks.check(at(site, NOW), "add_updated_at")

    assert [] == site_world.lambda_.invoked
    assert [] == site_world.service.scan(TableName="ledger")["Items"]


def test_a_start_without_the_permission_to_look_goes_on_and_the_log_says_so(
    site_world: SiteWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The permission is a nicety: Lambda itself never changes a version."""
    denied = FakeLambda(client_error("AccessDeniedException"))
    site = site_world.site_for("orders-0123456789ab", code_sha256=sha256_of(CONTENT))
    monkeypatch.setattr(
        site_world.lambda_, "get_function_configuration", denied.get_function_configuration
    )

    with caplog.at_level(logging.INFO):
        assert "hash-1" == checks.check(at(site, NOW), "add_updated_at")

    assert ["unknown: the code of"] == [record.message[:20] for record in caplog.records]
