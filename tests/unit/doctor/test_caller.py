"""Region and credentials."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.doctor.check_results import CheckResult
from airflow_ddb_migrate.doctor.caller import CredentialsCheck, check_region
from airflow_ddb_migrate.doctor.patient import Access, Patient
from botocore.exceptions import ClientError, ConnectTimeoutError, SSOTokenLoadError
from tests.support.factories import NOW, client_error

ARN = "arn:aws:sts::123456789012:assumed-role/deployer/ann"


class FakeSts:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def get_caller_identity(self) -> dict[str, str]:
        if self.error:
            raise self.error
        return {"Arn": ARN}


def access(**fields: Any) -> Access:
    known = {
        "region": "us-east-1",
        "region_from": "--region",
        "is_known_region": True,
        "is_aws": True,
        "credentials": lambda: SimpleNamespace(method="env"),
        "environment": {},
    }
    return Access(**{**known, **fields})


def patient(error: Exception | None = None, **fields: Any) -> Patient:
    clients = Clients({"sts": FakeSts(error)}.__getitem__)
    return Patient(
        access=access(**fields),
        probing=clients,
        clients=clients,
        stack_name="ddb-migrate",
        clock=Clock(now=lambda: NOW),
    )


def region(**fields: Any) -> CheckResult:
    (result,) = check_region(access(**fields))
    return result


def credentials(error: Exception | None = None, **fields: Any) -> CheckResult:
    (result,) = CredentialsCheck(patient(error, **fields)).check()
    return result


@pytest.mark.parametrize(
    ("fields", "level", "words"),
    [
        ({}, "ok", "us-east-1, from --region"),
        ({"region": ""}, "failed", "No region is set"),
        (
            {"region": "eu-centrall-1", "is_known_region": False},
            "failed",
            "does not know this region",
        ),
        ({"region": "local", "is_known_region": False, "is_aws": False}, "ok", "local"),
        ({"environment": {"AWS_REGION": "eu-west-1"}}, "warning", "AWS_REGION is eu-west-1"),
        ({"environment": {"AWS_REGION": "us-east-1"}}, "ok", "us-east-1"),
    ],
)
def test_a_region_is_judged_with_where_it_is_from(
    fields: dict[str, Any], level: str, words: str
) -> None:
    """boto3 does not read AWS_REGION, and an emulator takes any name."""
    result = region(**fields)

    assert level == result.level
    assert words in result.found


def test_credentials_name_their_owner_account_and_source() -> None:
    result = credentials()

    assert ("ok", f"{ARN} in account 123456789012, from env.") == (result.level, result.found)


@pytest.mark.parametrize(
    ("given", "error", "level"),
    [
        (None, None, "failed"),
        (SSOTokenLoadError(error_msg="log in"), None, "failed"),
        (SimpleNamespace(method="sso"), client_error("ExpiredToken"), "failed"),
        (SimpleNamespace(method="env"), client_error("InvalidClientTokenId"), "failed"),
        (SimpleNamespace(method="env"), ConnectTimeoutError(endpoint_url="https://sts"), "unknown"),
        (SimpleNamespace(method="env"), client_error("InternalFailure"), "unknown"),
    ],
    ids=str,
)
def test_missing_and_refused_credentials_fail(
    given: Any, error: ClientError | None, level: str
) -> None:
    """An STS that does not answer says nothing about them."""

    def keys() -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    assert level == credentials(error, credentials=keys).level


@pytest.mark.parametrize(
    ("method", "minutes", "level"),
    [("sso", 10, "warning"), ("sso", 300, "ok"), ("iam-role", 10, "ok")],
)
def test_an_end_that_boto3_knows_is_judged(method: str, minutes: int, level: str) -> None:
    """A role's credentials are renewed by boto3 itself."""
    ends = datetime.fromtimestamp(NOW + 60 * minutes, UTC)
    keys = SimpleNamespace(method=method, _expiry_time=ends)

    assert level == credentials(credentials=lambda: keys).level


def test_an_end_that_a_tool_exported_is_judged() -> None:
    """aws configure export-credentials writes it beside the keys."""
    ends = datetime.fromtimestamp(NOW + 60, UTC).isoformat()

    result = credentials(environment={"AWS_CREDENTIAL_EXPIRATION": ends})

    assert ("warning", "1.0 minutes") == (result.level, result.found[-12:-1])
