"""AWS's errors as a worker sees them."""

import pytest
from botocore.exceptions import ClientError
from ddb_transform.failures import Failure, failure_of
from tests.factories import client_error


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
    assert Failure(code, "Scan: as AWS says it", passes=True) == failure_of(
        client_error(code, "Scan")
    )


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDeniedException", "deploy with --table for it."),
        ("ResourceNotFoundException", "start a new migration."),
    ],
)
def test_what_does_not_pass_says_what_to_do(code: str, advice: str) -> None:
    """Waiting would not help."""
    failure = failure_of(client_error(code, "Scan"))

    assert (code, False) == (failure.error, failure.passes)
    assert failure.cause.startswith("Scan: as AWS says it ")
    assert failure.cause.endswith(advice)


def test_what_is_unknown_is_raised() -> None:
    """The same error, for Step Functions to try again."""
    unknown = client_error("SomethingNewException")

    with pytest.raises(ClientError) as raised:
        failure_of(unknown)
    assert unknown is raised.value
