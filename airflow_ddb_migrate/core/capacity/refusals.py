"""Why AWS refused to raise or lower capacity, and what to do about it. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from airflow_ddb_migrate.core.capacity.changes import CapacityChange, Change, ModeChange
from airflow_ddb_migrate.core.capacity.snapshot import Dimension, resource_words
from airflow_ddb_migrate.core.errors import THROTTLED

IN_USE: Final = "ResourceInUseException"
LIMIT: Final = "LimitExceededException"
CONCURRENT: Final = "ConcurrentUpdateException"  # a change of the same scalable target is pending

_LIMIT_WORDS = re.compile(r"(limit|quota|maximum|allow)\w*", re.IGNORECASE)
_FIGURE = re.compile(r"\d[\d,]*")
_QUOTA_WORDS = re.compile(r"limit|quota|exceed", re.IGNORECASE)


def is_quota(code: str | None, message: str) -> bool:
    """Return whether a refusal is about a quota, for which AWS has several codes."""
    return code == LIMIT or (code == "ValidationException" and bool(_QUOTA_WORDS.search(message)))


def is_momentary(code: str | None, message: str) -> bool:
    """Return whether AWS is only busy for a moment, and no quota of units was reached."""
    return code in {CONCURRENT, *THROTTLED} or (code == LIMIT and "simultaneous" in message)


def refusal(table_name: str, changes: Iterable[Change], code: str | None, message: str) -> str:
    """Return what was wanted, what AWS allows if it says so, and what to do."""
    changes = tuple(changes)
    message = message.partition(f"{code}: ")[2] or message
    if code == LIMIT and any(isinstance(change, ModeChange) for change in changes):
        return (
            f"Table {table_name}: AWS limits how often a table can switch to on-demand within 24 "
            f"hours ({code}). Try again tomorrow, or turn switch_to_on_demand off. AWS says: "
            f"{message}"
        )
    if is_quota(code, message):
        return f"{_over_quota(table_name, changes, message)} AWS says: {message}"
    if code == IN_USE:
        advice = "The table is being changed: wait until it is ACTIVE and try again."
    else:
        advice = "Lower read_units and write_units, or turn prewarm off."
    return (
        f"Table {table_name}: AWS refused to raise capacity ({code}). Wanted: "
        f"{'; '.join(map(str, changes))}. {advice} AWS says: {message}"
    )


def _over_quota(table_name: str, changes: tuple[Change, ...], message: str) -> str:
    raised = [
        (change.resource, dimension, change.after.of(dimension))
        for change in changes
        if isinstance(change, CapacityChange)
        for dimension in Dimension
        if change.after.of(dimension) > change.before.of(dimension)
    ]
    allowed = _allowed(message, max((figure for _, _, figure in raised), default=0))
    wanted = [row for row in raised if row[2] > allowed]
    names = " and ".join(dict.fromkeys(f"{dimension}_units" for _, dimension, _ in wanted))
    figures = ", ".join(
        f"{resource_words(resource) + ' ' if resource else ''}{figure:,} {dimension} units"
        for resource, dimension, figure in wanted
    )
    scope = "in all" if re.search(r"account|subscriber", message, re.IGNORECASE) else "per table"
    limit = f"the account allows {allowed:,} {scope}" if allowed else "the account allows less"
    return (
        f"table {table_name}: {figures or 'this change'} wanted, {limit}; request a quota "
        f"increase or lower {names or 'read_units and write_units'}."
    )


def _allowed(message: str, wanted: int) -> int:
    """Return the first number below ``wanted`` after a word such as "limit"; 0 if there is none."""
    for word in _LIMIT_WORDS.finditer(message):
        for found in _FIGURE.finditer(message, word.end()):
            figure = int(found.group().replace(",", ""))
            if 0 < figure < wanted:
                return figure
    return 0
