"""The self-check at the end of a deployment, with time for IAM."""

import time
from collections.abc import Callable

from airflow_ddb_migrate.aws.preflight.engine_proof import EngineProof
from airflow_ddb_migrate.core.errors import AccessDeniedError, MigrationError
from airflow_ddb_migrate.deployment.changeset import Say

# A new role's permissions take effect within seconds; AWS promises no limit.
_IAM_SECONDS = 60.0
_PAUSE_SECONDS = 5.0
_DENIED = ("AccessDenied", "not authorized", "cannot be assumed")


def first_check(
    check: Callable[[], EngineProof],
    say: Say,
    *,
    is_new: bool,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Print which writer migrations will use. A failed check does not fail the deployment.

    :param is_new: something was just deployed, so permissions may not be in effect yet: denied
        access is retried for up to a minute.
    """
    deadline = clock() + _IAM_SECONDS * is_new
    words, is_denied = _outcome(check)
    if is_denied and clock() < deadline:
        say(
            "AWS still denies what the Lambda's role allows; a new role takes some seconds. "
            f"Retrying the self-check for up to {_IAM_SECONDS:.0f} s."
        )
    while is_denied and clock() < deadline:
        sleep(_PAUSE_SECONDS)
        words, is_denied = _outcome(check)
    say(words)


def _outcome(check: Callable[[], EngineProof]) -> tuple[str, bool]:
    """Return the outcome in words, and whether access was denied."""
    try:
        proof = check()
    except MigrationError as error:
        words = str(error)
        return words, isinstance(error, AccessDeniedError) or _is_denied(words)
    return proof.in_words(), any(map(_is_denied, proof.differences))


def _is_denied(text: str) -> bool:
    return any(words in text for words in _DENIED)
