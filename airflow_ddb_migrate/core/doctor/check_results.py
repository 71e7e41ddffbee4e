"""The result of one check, and of all checks together."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """The level of a result. UNKNOWN: the check could not be made, so nothing is known."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the doctor. ``advice`` is what to do; empty if nothing has to be done."""

    check: str
    level: Level
    found: str
    advice: str = ""


def ok(check: str, found: str) -> CheckResult:
    return CheckResult(check, Level.OK, found)


def warning(check: str, found: str, advice: str = "") -> CheckResult:
    return CheckResult(check, Level.WARNING, found, advice)


def broken(check: str, found: str, advice: str = "") -> CheckResult:
    return CheckResult(check, Level.FAILED, found, advice)


def unknown(check: str, why: object) -> CheckResult:
    return CheckResult(check, Level.UNKNOWN, str(why))


def is_healthy(results: Iterable[CheckResult]) -> bool:
    """Return whether nothing has failed. An unknown result has not failed."""
    return all(result.level is not Level.FAILED for result in results)


def level_counts(results: Iterable[CheckResult]) -> dict[Level, int]:
    """Return the number of results of each level, including zeros."""
    levels = [result.level for result in results]
    return {level: levels.count(level) for level in Level}


def result_fields(result: CheckResult) -> dict[str, Any]:
    """Return a result as plain data: check, level, found, advice."""
    return {**asdict(result), "level": result.level.value}
