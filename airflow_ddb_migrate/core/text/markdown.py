"""Text that users enter, and names and values of theirs, escaped so that it is shown as it is."""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby

from airflow_ddb_migrate.core.limits import ENTERED_CHARS

_LONG = "..."
_MARKUP = str.maketrans({character: f"\\{character}" for character in "[]<>`"})


def shortened(text: str, chars: int) -> str:
    """Return at most ``chars`` characters, ending in three dots if some were cut off."""
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
    """Return a name as JSON writes it, without the quotes."""
    return json.dumps(name, ensure_ascii=False)[1:-1]


def codes(texts: Iterable[str], chars: int = 100) -> str:
    return ", ".join(code(text, chars) for text in texts)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table. The first column is left-aligned, numbers are right-aligned.

    Backslashes in cells have to come in pairs, as in JSON and from ``quoted``: a single one before
    a ``|`` would break the cell.
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(content: object) -> str:
    return f"{content:,}" if isinstance(content, int) else str(content).replace("|", "\\|")


def entered(text: str) -> str:
    """Return a reason or a name, as entered, as one printable line of at most ENTERED_CHARS.

    Unescaped, it might rewrite a reader's terminal or a line of the log.
    """
    return shortened(visible(" ".join(text.split())), ENTERED_CHARS)


def prose(text: str) -> str:
    """Return prose in which no link, image, code or HTML can come of text that a person entered."""
    return text.translate(_MARKUP)


def visible_lines(text: str) -> str:
    """Return a text of several lines in which every other unprintable character is escaped.

    For text that is about to be shown in a terminal, a log or a mail.
    """
    return "\n".join(map(visible, text.split("\n")))


def visible(text: str) -> str:
    """Escape every unprintable character, including line ends and marks for right-to-left text."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
