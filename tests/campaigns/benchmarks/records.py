"""The records of ``make bench RECORD=1``: one line of JSON each, kept with the code.

docs/benchmarks.md shows the last one. A plain ``make bench`` only compares with it.
"""

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import airflow_ddb_migrate
from tests.campaigns.benchmarks.goals import markdown_table

RECORDS = Path(__file__).parent / "history.jsonl"
PAGE = Path(__file__).parents[3] / "docs" / "benchmarks.md"
_BEGIN, _END = "<!-- the last record -->\n", "<!-- its end -->"


def last(records: Path = RECORDS) -> dict[str, float]:
    """Return the figures of the last record; empty without any."""
    lines = records.read_text().splitlines() if records.exists() else []
    return dict(json.loads(lines[-1])["figures"]) if lines else {}


def append(figures: Mapping[str, float], records: Path = RECORDS) -> None:
    """Add a record. What was not measured, as without a browser, keeps its former figure."""
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": airflow_ddb_migrate.__version__,
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "figures": {**last(records), **figures},
    }
    with records.open("a") as file:
        file.write(json.dumps(row) + "\n")


def with_table(page: str, figures: Mapping[str, float]) -> str:
    """Return the page with its table made of these figures."""
    head, _, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    assert end, f"{PAGE.name} has no place for the table: {_BEGIN.strip()}"
    return f"{head}{_BEGIN}\n{markdown_table(figures)}\n\n{_END}{tail}"


def show_on_page() -> None:
    PAGE.write_text(with_table(PAGE.read_text(), last()))
