"""AWS's errors as a worker sees them."""

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ReadTimeoutError
from ddb_transform import failures
from ddb_transform.failures import (
    FatalError,
    Kind,
    kind_of,
    kind_of_exception,
    passing,
    throttling_reason,
)
from tests.support.factories import client_error

# As AWS_FACTS and botocore's model have them, by what a worker does.
_STATEMENT_CODES = {
    "ConditionalCheckFailed": Kind.CONDITION,
    "DuplicateItem": Kind.CONDITION,
    "ThrottlingError": Kind.THROTTLED,
    "ProvisionedThroughputExceeded": Kind.THROTTLED,
    "RequestLimitExceeded": Kind.THROTTLED,
    "TransactionConflict": Kind.LATER,
    "InternalServerError": Kind.AMBIGUOUS,
    "ValidationError": Kind.ITEM,
    "ItemCollectionSizeLimitExceeded": Kind.ITEM,
    "ResourceNotFound": Kind.FATAL,
    "AccessDenied": Kind.FATAL,
}
_EXCEPTION_CODES = {
    "ConditionalCheckFailedException": Kind.CONDITION,
    "DuplicateItemException": Kind.CONDITION,
    "ThrottlingException": Kind.THROTTLED,
    "ProvisionedThroughputExceededException": Kind.THROTTLED,
    "RequestLimitExceeded": Kind.THROTTLED,
    "LimitExceededException": Kind.THROTTLED,
    "TransactionConflictException": Kind.LATER,
    "ReplicatedWriteConflictException": Kind.LATER,
    "InternalServerError": Kind.AMBIGUOUS,
    "InternalFailure": Kind.AMBIGUOUS,
    "ServiceUnavailable": Kind.AMBIGUOUS,
    "ValidationException": Kind.ITEM,
    "ItemCollectionSizeLimitExceededException": Kind.ITEM,
    "ResourceNotFoundException": Kind.FATAL,
    "AccessDeniedException": Kind.FATAL,
}


@pytest.mark.parametrize(("code", "kind"), _STATEMENT_CODES.items())
def test_the_code_of_a_statement_is_read(code: str, kind: Kind) -> None:
    """Every one that a batch's response may hold."""
    assert kind is kind_of(code)


@pytest.mark.parametrize(("code", "kind"), _EXCEPTION_CODES.items())
def test_the_code_of_an_exception_is_read(code: str, kind: Kind) -> None:
    """The same words with another ending."""
    assert kind is kind_of_exception(client_error(code))


def test_only_a_lost_answer_is_ambiguous() -> None:
    """What AWS rejected did not land: a write that is then found undone was not ours."""
    codes = {**_STATEMENT_CODES, **_EXCEPTION_CODES}
    ambiguous = {code for code in codes if kind_of(code) is Kind.AMBIGUOUS}

    assert {"InternalServerError", "InternalFailure", "ServiceUnavailable"} == ambiguous


def test_the_network_is_ambiguous() -> None:
    """The request may have arrived; credentials that are missing are another matter."""
    assert Kind.AMBIGUOUS is kind_of_exception(ReadTimeoutError(endpoint_url="x"))
    assert Kind.UNKNOWN is kind_of_exception(NoCredentialsError())


@pytest.mark.parametrize(
    "code",
    [
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
    ],
)
def test_what_passes_is_waited_for(code: str) -> None:
    """Throttling of every kind, a service that is unwell, a transaction in the way."""
    error = passing(client_error(code, "Scan"))

    assert code == error.error
    assert error.cause.startswith("Scan: ")
    assert error.cause.endswith("as AWS says it")


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_key_that_refuses_is_told_from_a_table_that_was_not_named(code: str) -> None:
    """Of a request and of a statement of a batch; another --table would not help."""
    error = failures.fatal("Scan", code, "KMS key access denied error: kms:Decrypt")

    assert "ddb-migrate deploy --table-kms-key" in error.cause
    assert "--table for the table" not in error.cause


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDeniedException", "deploy again, with --table for the table."),
        ("NoSuchBucket", "ddb-migrate deploy says what to do."),
        ("ResourceNotFoundException", "start a new migration."),
    ],
)
def test_what_does_not_pass_says_what_to_do(code: str, advice: str) -> None:
    """Waiting would not help."""
    with pytest.raises(FatalError) as fatal:
        passing(client_error(code, "Scan"))

    assert code == fatal.value.error
    assert fatal.value.cause.startswith("Scan: as AWS says it ")
    assert fatal.value.cause.endswith(advice)


def test_what_is_unknown_is_raised() -> None:
    """The same error, for Step Functions to try again."""
    unknown = client_error("SomethingNewException")

    with pytest.raises(ClientError) as raised:
        passing(unknown)
    assert unknown is raised.value


def test_what_is_wrong_with_one_item_does_not_pass() -> None:
    """Of a scan, nobody foresaw it."""
    with pytest.raises(ClientError):
        passing(client_error("ValidationException", "Scan"))


def test_a_network_error_says_its_name() -> None:
    """It has no response to look into."""
    assert "ReadTimeoutError" == throttling_reason(ReadTimeoutError(endpoint_url="x"))
