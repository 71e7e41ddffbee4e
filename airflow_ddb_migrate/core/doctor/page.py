"""The doctor's results in columns, with the text wrapped beside the name of its check."""

import json
import textwrap
from collections.abc import Sequence
from typing import Any, Final

from airflow_ddb_migrate.core.doctor.check_results import (
    CheckResult,
    is_healthy,
    level_counts,
    result_fields,
)

_GAP: Final = "  "
_NARROWEST: Final = 40  # the least columns of text; a narrower terminal wraps by itself


def results_page(results: Sequence[CheckResult], columns: int | None = None) -> str:
    """Return a line for each result, and one that counts them.

    :param columns: the terminal's columns, to wrap at; None: one line for each result, however
        long.
    """
    level_width = max((len(result.level) for result in results), default=0)
    check_width = max((len(result.check) for result in results), default=0)
    lines = []
    for result in results:
        head = f"{result.level:<{level_width}}{_GAP}{result.check:<{check_width}}{_GAP}"
        lines += _wrapped(head, _sentences(result), columns)
    return "\n".join((*lines, _total(results)))


def results_json(results: Sequence[CheckResult], about: dict[str, Any]) -> str:
    """Return one JSON document: ``about``, ``healthy``, ``counts`` by level, and ``checks``."""
    document = {
        **about,
        "healthy": is_healthy(results),
        "counts": {level.value: count for level, count in level_counts(results).items()},
        "checks": [result_fields(result) for result in results],
    }
    return json.dumps(document, indent=2)


def _sentences(result: CheckResult) -> str:
    text = f"{result.found} {result.advice}" if result.advice else result.found
    return " ".join(text.split())


def _wrapped(head: str, text: str, columns: int | None) -> list[str]:
    if columns is None:
        return [f"{head}{text}".rstrip()]
    width = max(_NARROWEST, columns - len(head))
    rows = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{head}{rows[0]}".rstrip(), *(" " * len(head) + row for row in rows[1:])]


def _total(results: Sequence[CheckResult]) -> str:
    counts = ", ".join(f"{count} {level}" for level, count in level_counts(results).items())
    return f"{len(results)} checks: {counts}."
