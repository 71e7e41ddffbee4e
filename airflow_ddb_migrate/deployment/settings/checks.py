"""Checks of the options of ``ddb-migrate deploy`` for a locked-down account."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NoReturn

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.validation import shown

if TYPE_CHECKING:
    from airflow_ddb_migrate.deployment.rendering import StackPlace

# CloudWatch Logs accepts only these: its PutRetentionPolicy.
LOG_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827),
    *(2_192, 2_557, 2_922, 3_288, 3_653),
)
UNDO_DAYS: Final = (1, 3_653)
_PATH_CHARS: Final = 512  # IAM's
_TAG_KEY_CHARS, _TAG_VALUE_CHARS = 128, 256

# ARNs by kind: what follows "arn:", with groups for partition, region and account.
_ROLE: Final = r"(?P<p>aws[a-z-]*):iam:(?P<r>):(?P<a>\d{12}):role/[\w+=,.@/-]+"
_POLICY: Final = r"(?P<p>aws[a-z-]*):iam:(?P<r>):(?P<a>\d{12}|aws):policy/[\w+=,.@/-]+"
_TOPIC: Final = r"(?P<p>aws[a-z-]*):sns:(?P<r>[a-z0-9-]+):(?P<a>\d{12}):[\w-]{1,256}"
_KEY: Final = r"(?P<p>aws[a-z-]*):kms:(?P<r>[a-z0-9-]+):(?P<a>\d{12}):key/[\w-]+"


Check = Callable[[str, str, "StackPlace"], None]  # takes an option's name and one of its values


def role(option: str, value: str, where: "StackPlace") -> None:
    """Require the ARN of a role of this account: Lambda and Step Functions accept no other."""
    _require_arn(option, value, where, _ROLE, "a role's ARN, as {arn}:iam::{account}:role/NAME")
    if f"::{where.account}:" not in value:
        raise InvalidInputError(
            f"{option} is {value}, a role of another account. The stack is in {where.account}, "
            "and its services accept only roles of their own account."
        )


def boundary(option: str, value: str, where: "StackPlace") -> None:
    """Require the ARN of a managed policy."""
    _require_arn(option, value, where, _POLICY, "a policy's ARN, as {arn}:iam::{account}:policy/B")


def key(option: str, value: str, where: "StackPlace") -> None:
    """Require the ARN of a KMS key of this region; an alias could later mean another key."""
    what = "a KMS key's ARN, as {arn}:kms:{region}:{account}:key/ID, not an id or an alias"
    _require_arn(option, value, where, _KEY, what)


def topic(option: str, value: str, where: "StackPlace") -> None:
    """Require the ARN of a standard SNS topic of this region: alarms accept no other."""
    what = "a standard SNS topic's ARN, as {arn}:sns:{region}:{account}:NAME, not a FIFO topic's"
    _require_arn(option, value, where, _TOPIC, what)


def path(option: str, value: str, _: "StackPlace") -> None:
    """Require an IAM path."""
    is_path = re.fullmatch(r"/([!-~]+/)?", value) and "//" not in value
    if not is_path or len(value) > _PATH_CHARS:
        _refuse(option, value, f"up to {_PATH_CHARS} characters that begin and end with '/'")


def prefix(option: str, value: str, _: "StackPlace") -> None:
    """Require characters that the name of a role can have."""
    _require(option, value, r"[\w+=,.@-]{1,64}", "characters of a-z, A-Z, 0-9 and '+=,.@_-'")


def subnet(option: str, value: str, _: "StackPlace") -> None:
    _require(option, value, r"subnet-[0-9a-f]{8,17}", "a subnet's id, as subnet-0123456789abcdef0")


def security_group(option: str, value: str, _: "StackPlace") -> None:
    _require(option, value, r"sg-[0-9a-f]{8,17}", "a security group's id, as sg-0123456789abcdef0")


def log_days(option: str, value: str, _: "StackPlace") -> None:
    """Require one of the numbers of days that CloudWatch Logs accepts."""
    if value not in map(str, LOG_DAYS):
        _refuse(option, value, f"one of {', '.join(map(str, LOG_DAYS))}")


def undo_days(option: str, value: str, _: "StackPlace") -> None:
    """Require a whole number of days, at most ten years."""
    fewest, most = UNDO_DAYS
    if not re.fullmatch(r"[1-9]\d{0,4}", value) or int(value) > most:
        _refuse(option, value, f"a whole number of days from {fewest} to {most:,}")


def tag(option: str, value: str, _: "StackPlace") -> None:
    """Require KEY=VALUE in the form that CloudFormation accepts for resources."""
    name, is_pair, text = value.partition("=")
    allowed = re.compile(r"[\w\s:/=+.@-]*", re.UNICODE)
    fits = 0 < len(name) <= _TAG_KEY_CHARS and len(text) <= _TAG_VALUE_CHARS
    if not is_pair or not fits or not allowed.fullmatch(name + text):
        _refuse(
            option,
            value,
            f"KEY=VALUE, with up to {_TAG_KEY_CHARS} and {_TAG_VALUE_CHARS} letters, digits, "
            "spaces and '_.:/=+-@'",
        )
    if name.lower().startswith("aws:"):
        _refuse(option, value, "a tag of your own: 'aws:' is AWS's")


def one_of(*values: str) -> Check:
    """Return a check that accepts only these values."""

    def check(option: str, value: str, _: "StackPlace") -> None:
        if value not in values:
            _refuse(option, value, f"one of {', '.join(values)}")

    return check


def _require(option: str, value: str, form: str, what: str) -> None:
    if not re.fullmatch(form, value, re.ASCII):
        _refuse(option, value, what)


def _require_arn(option: str, value: str, where: "StackPlace", form: str, what: str) -> None:
    found = re.fullmatch(f"arn:{form}", value, re.ASCII)
    if not found:
        named = what.format(
            arn=f"arn:{where.partition}", region=where.region, account=where.account
        )
        _refuse(option, value, named)
    elif found["p"] != where.partition or found["r"] not in {"", where.region}:
        raise InvalidInputError(
            f"{option} is {value}, which is in {found['p']} {found['r']}".rstrip()
            + f"; the stack is in {where.partition} {where.region}. Give one from there."
        )


def _refuse(option: str, value: str, what: str) -> NoReturn:
    raise InvalidInputError(f"{option} is {shown(value, 200)}; it must be {what}. Nothing changed.")
