"""CloudWatch alarms by name or ARN, and their states."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import ALARM_NAME_CHARS, ALARMS, HOLD_SECONDS
from airflow_ddb_migrate.core.validation import is_number, shown

_LONGEST: Final = HOLD_SECONDS // 2
_ARN: Final = re.compile(
    r"arn:[\w-]+:cloudwatch:(?P<region>[\w-]+):(?P<account>\d{12}):alarm:(?P<name>.+)"
)


class AlarmState(StrEnum):
    """CloudWatch's states. INSUFFICIENT_DATA counts as unknown."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


def validate_alarms(given: object) -> tuple[str, ...]:
    """Return names or ARNs of alarms, each once; raises InvalidInputError for anything else."""
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise InvalidInputError(
            f"hold_while is {shown(given)}; it must be a list of names or ARNs of CloudWatch "
            'alarms, as in ["checkout-latency"].'
        )
    alarms = tuple(dict.fromkeys(_alarm(one) for one in given))
    if len(alarms) > ALARMS:
        raise InvalidInputError(
            f"hold_while names {len(alarms):,} alarms; the limit is {ALARMS}. Combine them in a "
            "composite alarm, and name that one."
        )
    return alarms


def validate_healthy_for(given: object) -> float:
    """Return seconds; raises InvalidInputError below 1, or above the longest hold."""
    if not is_number(given) or not 1 <= given <= _LONGEST:
        raise InvalidInputError(
            f"healthy_for is {shown(given)}; it must be 1 to {_LONGEST:,} seconds, since a hold "
            f"of over {HOLD_SECONDS // 60} minutes ends the execution."
        )
    return float(given)


def joined_alarms(*given: Iterable[str]) -> tuple[str, ...]:
    """Return the alarms of all lists, each once; raises InvalidInputError for too many."""
    return validate_alarms([one for some in given for one in some])


def names_here(alarms: Iterable[str], *, region: str, account: str) -> tuple[str, ...]:
    """Return the alarms' names; raises InvalidInputError for another region or account."""
    return tuple(dict.fromkeys(_name_here(alarm, region, account) for alarm in alarms))


def _alarm(given: object) -> str:
    is_text = isinstance(given, str) and given.strip() and given.isprintable()
    if not is_text or len(_name(str(given))) > ALARM_NAME_CHARS:
        raise InvalidInputError(
            f"hold_while has {shown(given)}; each entry must be an alarm's name, a text of 1 to "
            f"{ALARM_NAME_CHARS} characters, or its ARN."
        )
    if str(given).startswith("arn:") and not _ARN.fullmatch(str(given)):
        raise InvalidInputError(
            f"hold_while has {shown(given)}, which is not the ARN of an alarm. An ARN looks like "
            "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:checkout-latency."
        )
    return str(given)


def _name(alarm: str) -> str:
    arn = _ARN.fullmatch(alarm)
    return arn["name"] if arn else alarm


def _name_here(alarm: str, region: str, account: str) -> str:
    arn = _ARN.fullmatch(alarm)
    if arn and (arn["region"], arn["account"]) != (region, account):
        raise InvalidInputError(
            f"hold_while has {alarm}, which is in region {arn['region']} of account "
            f"{arn['account']}. The stack's workers read alarms of region {region} and account "
            f"{account} only. Create an alarm there that follows the other one, through its "
            "metric or an event."
        )
    return _name(alarm)
