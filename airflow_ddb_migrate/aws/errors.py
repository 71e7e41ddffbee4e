"""AWS's errors as messages on which a person can act."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from airflow_ddb_migrate.core.errors import (
    THROTTLED,
    AccessDeniedError,
    AwsRequestError,
    ConnectionSetupError,
    CredentialsError,
    MigrationError,
)
from airflow_ddb_migrate.core.text.kms_keys import key_advice

_DENIED = {
    "403",  # S3's HeadObject has no body with a code
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "UnauthorizedOperation",
}
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
_NO_SETUP = (NoRegionError, ProfileNotFound)
# What botocore raises if it cannot parse a response.
_NOT_OF_AWS = (ResponseParserError, AttributeError, KeyError, TypeError, ValueError)
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "UnrecognizedClientException",
}


@contextmanager
def aws_call(action: str, resource: str) -> Iterator[None]:
    """Translate the errors of a call to AWS; ``action`` is the IAM action, as in a policy.

    :raises AccessDeniedError: the caller lacks the permission; the message names action and
        resource.
    :raises CredentialsError: there are no usable credentials now.
    :raises ConnectionSetupError: there is no region, or the profile does not exist.
    :raises AwsRequestError: AWS could not be reached, another server answered, or AWS refused for
        another reason.
    """
    try:
        yield
    except ClientError as exc:
        raise _translated(exc, action, resource) from exc
    except (*_NO_CREDENTIALS, *_NO_SETUP) as exc:
        error = ConnectionSetupError if isinstance(exc, _NO_SETUP) else CredentialsError
        raise error(
            f"{action} on {resource} needs AWS credentials and a region: {str(exc).rstrip('.')}. "
            "Set them in the Airflow connection (aws_default), or in the environment for the "
            "command line."
        ) from exc
    except (EndpointConnectionError, ConnectTimeoutError) as exc:
        raise AwsRequestError(
            f"{action} on {resource}: AWS could not be reached. {exc} Check region, network and "
            "endpoint_url."
        ) from exc
    except BotoCoreError as exc:
        raise AwsRequestError(f"{action} on {resource} failed: {exc}") from exc
    except _NOT_OF_AWS as exc:
        if not _is_raised_by_botocore(exc):
            raise
        raise AwsRequestError(
            f"{action} on {resource}: the response is not from AWS ({type(exc).__name__}: "
            f"{_first_line(exc)}). Check endpoint_url, and any proxy in between."
        ) from exc


def _is_raised_by_botocore(exc: Exception) -> bool:
    modules = (f.f_globals.get("__name__", "") for f, _ in traceback.walk_tb(exc.__traceback__))
    return any(str(name).startswith("botocore.") for name in modules)


def _first_line(exc: Exception, longest: int = 200) -> str:
    return str(exc).partition("\n")[0][:longest]


def error_code(exc: ClientError) -> str:
    """Return AWS's error code, such as ``ResourceNotFoundException``."""
    return str(exc.response.get("Error", {}).get("Code", ""))


def is_failed_condition(exc: ClientError) -> bool:
    return error_code(exc) == "ConditionalCheckFailedException"


def _translated(exc: ClientError, action: str, resource: str) -> MigrationError:
    code = error_code(exc)
    message = exc.response.get("Error", {}).get("Message", "")
    if code in _DENIED:
        what_to_do = key_advice(message) or "Allow it for the credentials in use."
        return AccessDeniedError(
            f"Access denied: {action} on {resource}. {what_to_do} AWS says: {message}", code
        )
    if code in _BAD_CREDENTIALS:
        return CredentialsError(
            f"AWS does not accept the credentials for {action} on {resource} ({code}: {message}). "
            "Renew them, or check the Airflow connection.",
            code,
        )
    advice = " There are too many requests now: try again later." if code in THROTTLED else ""
    return AwsRequestError(f"{action} on {resource} failed with {code}: {message}{advice}", code)
