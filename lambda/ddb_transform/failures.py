"""AWS's errors as a worker sees them: those that pass, and those that end the lane."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

_PASSING = {
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
}
_ADVICE = {
    "AccessDeniedException": "The stack may not touch this table: deploy with --table for it.",
    "ResourceNotFoundException": "The table is gone, or it was made again: start a new migration.",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a lane stops. ``passes``: it goes on by itself after a wait."""

    error: str
    cause: str
    passes: bool = False


def failure_of(exc: ClientError) -> Failure:
    """Read an AWS error that its own retries did not overcome.

    :raises ClientError: the error is none that a worker knows what to do about; Step Functions
        runs the slice again.
    """
    error = exc.response.get("Error", {})
    code, message = error.get("Code", ""), error.get("Message", "")
    if code in _PASSING:
        return Failure(code, f"{exc.operation_name}: {message}", passes=True)
    if code in _ADVICE:
        return Failure(code, f"{exc.operation_name}: {message} {_ADVICE[code]}")
    raise exc
