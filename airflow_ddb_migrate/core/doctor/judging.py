"""The doctor's limits: for clocks, credentials that expire, and concurrency."""

from collections.abc import Mapping
from typing import Final

from airflow_ddb_migrate.core.doctor.check_results import (
    CheckResult,
    broken,
    ok,
    unknown,
    warning,
)
from airflow_ddb_migrate.core.limits import SIGNATURE_SKEW_SECONDS
from airflow_ddb_migrate.core.text.figures import time_words
from airflow_ddb_migrate.core.text.times import iso

_ROUNDING_SECONDS: Final = 2.0  # a Date has whole seconds, and takes time to arrive
_SKEW_SECONDS: Final = 60.0  # more than a clock that is set by hand is off
_SOON_SECONDS: Final = 3_600.0
_FEW_LAMBDAS: Final = 50


def judge_clock(ahead_seconds: Mapping[str, float]) -> CheckResult:
    """Check the local clock; ``ahead`` is by service, in whole seconds ahead of its ``Date``."""
    if not ahead_seconds:
        return unknown("clock", "No response of AWS had a Date to compare the clock with.")
    service, ahead = min(ahead_seconds.items(), key=lambda row: abs(row[1]))
    if abs(ahead) < _ROUNDING_SECONDS:
        return ok("clock", f"The local clock agrees with the Date of {service}.")
    words = f"{time_words(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"
    found = f"The local clock is {words} the Date of {service}"
    if abs(ahead) >= SIGNATURE_SKEW_SECONDS:
        return broken(
            "clock",
            f"{found}; AWS refuses signatures that are {time_words(SIGNATURE_SKEW_SECONDS)} off.",
            "Set the clock, for example by NTP.",
        )
    if abs(ahead) >= _SKEW_SECONDS:
        return warning("clock", f"{found}.", "Set the clock before AWS refuses its signatures.")
    return ok("clock", f"{found}.")


def judge_expiry(found: str, expires_at: float | None, now: float, *, renews: bool) -> CheckResult:
    """Check credentials that AWS has accepted.

    :param found: who has them, and from where.
    :param expires_at: seconds since the epoch; None: never, or not known.
    :param renews: whether boto3 gets new ones by itself.
    """
    if expires_at is None:
        return ok("credentials", f"{found}.")
    words = f"{found}, good until {iso(expires_at)}"
    if renews:
        return ok("credentials", f"{words} and then renewed.")
    if expires_at - now < _SOON_SECONDS:
        left = time_words(max(0.0, expires_at - now))
        return warning("credentials", f"{words}: {left}.", "Renew them before a long command.")
    return ok("credentials", f"{words}.")


def judge_concurrency(*, account: int, unreserved: int, reserved: int | None) -> CheckResult:
    """Check how many Lambdas can run at a time.

    :param reserved: the concurrency reserved for the stack's Lambda; None: it shares what is
        unreserved.
    """
    found = f"Lambda runs {account:,} at a time in this account, {unreserved:,} unreserved"
    if reserved is not None:
        found += f"; {reserved:,} are reserved for the stack's Lambda"
    usable = unreserved if reserved is None else reserved
    if usable <= 0:
        return broken(
            "quota-lambda",
            f"{found}: no worker can start.",
            "Give the Lambda concurrency: remove its reservation, or those of other functions.",
        )
    if usable < _FEW_LAMBDAS:
        return warning(
            "quota-lambda",
            f"{found}.",
            "A migration shares that with everything else: keep max_concurrency below it, or ask "
            "AWS for a higher quota (new accounts have a low one).",
        )
    return ok("quota-lambda", f"{found}.")
