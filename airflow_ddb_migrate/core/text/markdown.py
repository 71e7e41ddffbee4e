"""What users name, hold and enter: shown as it is, whatever it has in it, also in Markdown."""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby

from airflow_ddb_migrate.core.limits import ENTERED_CHARS

_LONG = "..."
_MARKUP = str.maketrans({character: f"\\{character}" for character in "[]<>`"})


def shortened(text: str, chars: int) -> str:
    """Return at most so many characters, the last three dots where some are missing."""
    return text if len(text) <= chars else text[: chars - len(_LONG)] + _LONG


def code(text: str, chars: int = 100) -> str:
    """Return text as a code span: nothing in it is markup."""
    shown = visible(shortened(text, chars))
    ticks = "`" * (
        1 + max((len(list(run)) for tick, run in groupby(shown) if tick == "`"), default=0)
    )
    padding = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{ticks}{padding}{shown}{padding}{ticks}"


def quoted(name: str) -> str:
    """Return a name as JSON would have it, without its quotes."""
    return json.dumps(name, ensure_ascii=False)[1:-1]


def codes(texts: Iterable[str], chars: int = 100) -> str:
    return ", ".join(code(text, chars) for text in texts)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table: the first column to the left, numbers to the right.

    Backslashes in cells have to come in pairs, as in JSON and from ``quoted``: a single one before
    a ``|`` would end the cell.
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(content: object) -> str:
    return f"{content:,}" if isinstance(content, int) else str(content).replace("|", "\\|")


def entered(text: str) -> str:
    """Return a reason, or who gives it, as one printable line of at most ENTERED_CHARS.

    As it was entered it might rewrite the terminal, or a line of the log, of whoever reads it.
    """
    return shortened(visible(" ".join(text.split())), ENTERED_CHARS)


def prose(text: str) -> str:
    """Return prose with what somebody entered: no link, image, code or HTML comes of it."""
    return text.translate(_MARKUP)


def visible_lines(text: str) -> str:
    """Return a text of several lines, all else that is no printable character escaped.

    For what is shown at last, in a terminal, a log or a mail: whatever came into it on the way.
    """
    return "\n".join(map(visible, text.split("\n")))


def visible(text: str) -> str:
    """Escape what is no printable character, line ends and reversed writing among them."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
