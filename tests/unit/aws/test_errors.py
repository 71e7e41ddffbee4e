"""AWS's errors in words that say what to do."""

import pickle

import pytest
from airflow_ddb_migrate.aws.errors import aws_call, error_code, is_failed_condition
from airflow_ddb_migrate.core.errors import (
    AccessDeniedError,
    AwsRequestError,
    CredentialsError,
    MigrationError,
)
from botocore.exceptions import (
    BotoCoreError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)
from tests.support.factories import client_error

ACTION, RESOURCE = "dynamodb:DescribeTable", "table orders"


def translated(error: Exception) -> MigrationError:
    with pytest.raises(MigrationError) as caught, aws_call(ACTION, RESOURCE):
        raise error
    assert error is caught.value.__cause__
    return caught.value


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403"])
def test_access_denied_names_action_and_resource(code: str) -> None:
    """A person can write the policy statement from the message."""
    error = translated(client_error(code, message="User x is not authorized"))

    assert isinstance(error, AccessDeniedError)
    assert f"Access denied: {ACTION} on {RESOURCE}" in str(error)
    assert "User x is not authorized" in str(error)
    assert code == error.aws_code


def test_a_key_that_refuses_has_advice_of_its_own() -> None:
    """The action that was asked for may be allowed: it is not what is missing."""
    error = translated(client_error("AccessDeniedException", message="KMS key access denied error"))

    assert isinstance(error, AccessDeniedError)
    assert "ddb-migrate deploy --table-kms-key" in str(error)
    assert "Allow it for the credentials in use" not in str(error)


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        NoRegionError(),
        PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        ProfileNotFound(profile="staging"),
        client_error("ExpiredTokenException"),
        client_error("UnrecognizedClientException"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_unusable_credentials_are_told_apart(error: Exception) -> None:
    """No credentials, no region, no such profile, or AWS does not take them."""
    assert isinstance(translated(error), CredentialsError)


def test_an_endpoint_that_does_not_answer_is_named() -> None:
    """Wrong region, no network, or an emulator that is down."""
    error = translated(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))

    assert isinstance(error, AwsRequestError)
    assert "http://127.0.0.1:1" in str(error)


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError", "ValidationError"])
def test_anything_else_keeps_its_code(code: str) -> None:
    """Callers and logs can tell a throttle from a refusal."""
    error = translated(client_error(code))

    assert (AwsRequestError, code) == (type(error), error.aws_code)


def test_a_lost_connection_is_a_request_that_failed() -> None:
    """Whatever botocore raises ends as an error of ours."""
    error = ReadTimeoutError(endpoint_url="http://127.0.0.1:1")

    assert isinstance(error, BotoCoreError)
    assert isinstance(translated(error), AwsRequestError)


def test_errors_of_ours_pass_unchanged() -> None:
    """A translated error is not translated again by an outer call."""
    inner = CredentialsError("inner")

    with pytest.raises(CredentialsError) as caught, aws_call(ACTION, RESOURCE):
        raise inner

    assert inner is caught.value


def test_translated_errors_pickle() -> None:
    """Airflow sends them between processes."""
    error = translated(client_error("ThrottlingException"))

    again = pickle.loads(pickle.dumps(error))
    assert (str(error), error.aws_code) == (str(again), again.aws_code)


def test_codes_are_read_from_the_response() -> None:
    """Adapters ask by code, never by message."""
    error = client_error("ConditionalCheckFailedException")

    assert ("ConditionalCheckFailedException", True) == (
        error_code(error),
        is_failed_condition(error),
    )
