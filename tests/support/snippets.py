"""The fenced blocks of README and docs, as a reader copies them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md")))

_FENCE = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]+?) -->\n+)?```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_ASSIGNED = re.compile(r"(?:export )?([A-Z_]+)=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """A block, where it is, and the reason that the page gives when nothing can run it."""

    page: Path
    line: int
    language: str
    text: str
    why_not: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def snippets(*languages: str, page: Path | None = None) -> list[Snippet]:
    """Return the blocks in these languages that can be run."""
    return [
        one
        for path in ([page] if page else PAGES)
        for one in _of(path)
        if one.language in languages and not one.why_not
    ]


def commands(page: Path) -> list[tuple[Snippet, list[str]]]:
    """Return the words of each command of a page, with its block; its variables are filled in."""
    known: dict[str, str] = {}
    found = []
    for snippet in snippets("sh", page=page):
        for line in _lines(snippet.text):
            words = shlex.split(_filled(line, known), comments=True)
            if words and (assigned := _ASSIGNED.fullmatch(words[0])):
                known[assigned[1]] = assigned[2]
            elif words:
                found.append((snippet, words[: words.index(">")] if ">" in words else words))
    return found


def _filled(line: str, known: dict[str, str]) -> str:
    return re.sub(r"\$([A-Z_]+)", lambda match: known.get(match[1], match[0]), line)


def _of(path: Path) -> Iterator[Snippet]:
    text = path.read_text()
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        yield Snippet(path, line, match["language"], match["text"], match["why"] or "")


def _lines(text: str) -> list[str]:
    """Join what a backslash, or a quotation that is still open, continues."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and (lines[-1].endswith("\\") or _is_open(lines[-1])):
            lines[-1] = lines[-1].removesuffix("\\") + line
        else:
            lines.append(line)
    return lines


def _is_open(line: str) -> bool:
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return True
    return False
