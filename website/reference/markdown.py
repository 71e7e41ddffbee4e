"""Markdown of plain values."""

import json
from collections.abc import Iterable, Sequence
from typing import Any


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell may hold Markdown, and several lines become one."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(value: object) -> str:
    """Return a value as code, within a line."""
    text = str(value)
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}" if text else ""


def literal(value: Any) -> str:
    """Return a value as JSON writes it, or Python where that cannot."""
    try:
        return code(json.dumps(value, ensure_ascii=False))
    except TypeError:
        return code(repr(value))


def block(text: str, language: str = "") -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def page(title: str, *parts: str) -> str:
    """Return a page of its parts; empty ones are left out."""
    return "\n\n".join((f"# {title}", *(part for part in parts if part))) + "\n"
