"""AWS's errors as a worker sees them: what passes, what concerns one item, what ends the run.

The codes of exceptions (``ThrottlingException``) and of a batch's statements (``ThrottlingError``)
differ only in their last word, which is ignored here.
"""

import re
from enum import Enum

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)

from airflow_ddb_migrate.core.errors import LedgerBusyError, MigrationError
from airflow_ddb_migrate.core.text.kms_keys import key_advice


class Kind(Enum):
    """What to do about an error. AMBIGUOUS: the write may have landed; its condition shows that.

    LATER: the write did not land, so any change of the item meanwhile is live traffic's.
    """

    CONDITION = "the item is not what the transform saw"
    THROTTLED = "retry, slower"
    AMBIGUOUS = "retry; the write may have landed"
    LATER = "retry, no slower"
    ITEM = "this item cannot be written like this"
    FATAL = "the run cannot continue"
    UNKNOWN = "unexpected"

    @property
    def passes(self) -> bool:
        """Return whether the same request may succeed later."""
        return self in {Kind.THROTTLED, Kind.AMBIGUOUS, Kind.LATER}


_KINDS = {
    "ConditionalCheckFailed": Kind.CONDITION,
    "DuplicateItem": Kind.CONDITION,
    "LimitExceeded": Kind.THROTTLED,
    "ProvisionedThroughputExceeded": Kind.THROTTLED,
    "RequestLimitExceeded": Kind.THROTTLED,
    "RequestThrottled": Kind.THROTTLED,
    "SlowDown": Kind.THROTTLED,
    "Throttling": Kind.THROTTLED,
    "Internal": Kind.AMBIGUOUS,
    "InternalFailure": Kind.AMBIGUOUS,
    "InternalServer": Kind.AMBIGUOUS,
    "RequestTimeout": Kind.AMBIGUOUS,
    "ServiceUnavailable": Kind.AMBIGUOUS,
    "ReplicatedWriteConflict": Kind.LATER,  # another region is writing the item
    "TransactionConflict": Kind.LATER,  # a live transaction is on the item
    "500": Kind.AMBIGUOUS,
    "502": Kind.AMBIGUOUS,
    "503": Kind.AMBIGUOUS,
    "504": Kind.AMBIGUOUS,
    "ItemCollectionSizeLimitExceeded": Kind.ITEM,
    "Validation": Kind.ITEM,
    "AccessDenied": Kind.FATAL,
    "NoSuchBucket": Kind.FATAL,
    "ResourceNotFound": Kind.FATAL,
    "TableNotFound": Kind.FATAL,
}
_ADVICE = {
    "AccessDenied": "The stack has no permission: deploy again, with --table for the table.",
    "NoSuchBucket": "The stack's bucket is gone: ddb-migrate deploy says what to do.",
    "ResourceNotFound": "The table is gone, or was recreated: start a new migration.",
    "TableNotFound": "The table is gone, or was recreated: start a new migration.",
}


class FatalError(Exception):
    """Ends the whole run, since every item would fail. ``error`` is its short name.

    An error from AWS is not ``final``: new permissions and tables take seconds to take effect. A
    STOP cannot be taken back, so the lane tries once more before it writes one.
    """

    def __init__(self, error: str, cause: str, *, final: bool = True) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.final = final


class PassingError(Exception):
    """Ends a slice; the lane continues by itself after a wait. ``error`` is its short name."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


def kind_of(code: str) -> Kind:
    """Return the kind of an exception's or a statement's code."""
    return _KINDS.get(_short(code), Kind.UNKNOWN)


def kind_of_exception(exc: Exception) -> Kind:
    """Return the kind of a boto3 exception; network errors are AMBIGUOUS."""
    if isinstance(exc, ClientError):
        return kind_of(code_of(exc))
    if isinstance(exc, AwsConnectionError | HTTPClientError):
        return Kind.AMBIGUOUS
    return Kind.UNKNOWN


def code_of(exc: Exception) -> str:
    """Return AWS's code, or the exception's name if AWS did not answer."""
    if isinstance(exc, ClientError):
        return str(exc.response.get("Error", {}).get("Code", ""))
    return type(exc).__name__


def fatal(operation: str, code: str, message: str) -> FatalError:
    """Return the error that ends the run, with what to do."""
    advice = _ADVICE.get(_short(code), "")
    if _short(code) == "AccessDenied":
        advice = key_advice(message) or advice
    return FatalError(code, f"{operation}: {message} {advice}".rstrip(), final=False)


def fatal_of(exc: ClientError) -> FatalError:
    """Return an AWS exception as the error that ends the run."""
    message = exc.response.get("Error", {}).get("Message", "")
    return fatal(exc.operation_name, code_of(exc), message)


def throttling_reason(exc: Exception) -> str:
    """Return why DynamoDB throttled, with the resource; the error's code if it does not say."""
    response = getattr(exc, "response", None) or {}  # None: botocore's HTTPClientError
    rows = response.get("ThrottlingReasons") or response.get("throttlingReasons") or ()
    texts = (f"{row.get('reason', '')} {row.get('resource', '')}".strip() for row in rows)
    return ", ".join(texts) or code_of(exc)


def passing(exc: ClientError | BotoCoreError) -> PassingError:
    """Return an AWS error that passes as the error that ends a slice.

    :raises FatalError: it ends the whole run.
    :raises Exception: the error itself, if it is of another kind; Step Functions runs the slice
        again.
    """
    kind, code = kind_of_exception(exc), code_of(exc)
    operation = getattr(exc, "operation_name", "AWS")
    if kind.passes:
        return PassingError(code, f"{operation}: {exc}")
    if kind is Kind.FATAL and isinstance(exc, ClientError):
        raise fatal_of(exc) from exc
    raise exc


def passing_of(error: MigrationError) -> PassingError:
    """Return an error of ledger or bucket that ends a slice; raise it if waiting does not help."""
    if isinstance(error, LedgerBusyError):
        return PassingError(type(error).__name__, str(error))
    if kind_of(error.aws_code or "").passes:
        return PassingError(error.aws_code or "", str(error))
    raise error


def _short(code: str) -> str:
    return re.sub(r"(Exception|Error)$", "", code)
