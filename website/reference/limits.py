"""Every limit that the code relies on, from ``core/limits.py`` with its comments."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from airflow_ddb_migrate.core import limits
from website.links import ROOT
from website.reference.docstrings import prose
from website.reference.markdown import code, page, table

_FILE: Final = ROOT / "airflow_ddb_migrate" / "core" / "limits.py"
_HEADERS: Final = ("limit", "value", "source and meaning")


def limits_page() -> str:
    return page("Limits", prose(limits.__doc__ or ""), *_sections(_FILE.read_text()))


def _sections(text: str) -> Iterator[str]:
    """Yield a heading for each comment on a line of its own, then the limits below it."""
    lines = text.splitlines()
    ends = {
        node.end_lineno: node for node in ast.parse(text).body if isinstance(node, ast.AnnAssign)
    }
    rows: list[tuple[str, str, str]] = []
    for number, line in enumerate(lines, 1):
        if line.startswith("# "):
            yield _table(rows)
            rows = []
            yield f"## {line.removeprefix('# ').rstrip('.')}"
        elif node := ends.get(number):
            name = ast.unparse(node.target)
            said = re.search(r"#\s*(.+)", "\n".join(lines[node.lineno - 1 : number]))
            rows.append((code(name), code(_figure(getattr(limits, name))), said[1] if said else ""))
    yield _table(rows)


def _table(rows: list[tuple[str, str, str]]) -> str:
    return table(_HEADERS, rows) if rows else ""


def _figure(value: Any) -> str:
    if isinstance(value, tuple | frozenset):
        return ", ".join(map(_figure, value))
    return f"{value:,}" if isinstance(value, int | float) else str(value)
