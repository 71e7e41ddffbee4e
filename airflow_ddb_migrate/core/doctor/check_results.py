"""What one check found, and what all of them come to."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """UNKNOWN: the check could not be made, which says nothing about what it is about."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the doctor. ``advice`` is what to do; empty when there is nothing to do."""

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
    """Return whether nothing has failed; what is unknown has not."""
    return all(result.level is not Level.FAILED for result in results)


def level_counts(results: Iterable[CheckResult]) -> dict[Level, int]:
    """Return how many results have each level, the zeros too."""
    levels = [result.level for result in results]
    return {level: levels.count(level) for level in Level}


def result_fields(result: CheckResult) -> dict[str, Any]:
    """Return a result as plain data: check, level, found, advice."""
    return {**asdict(result), "level": result.level.value}
