"""Links of a page in the repository, as the site has to write them.

On GitHub a page links to files beside it and above it. On the site the pages of ``docs`` and those
of ``HOMES`` are pages, and every other file is in the repository.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
# Pages of the site that lie elsewhere in the repository.
HOMES: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "vulnerabilities.md",
}
_DOCS: Final = "docs"
_LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)")
_CODE_IN_TABLE: Final = re.compile(r"(?m)(?<!`)`[^`\n]+`(?!`)")
_FENCE: Final = re.compile(r"(?ms)^( *)(```+).*?^\1\2$")


def site_links(text: str, source: str, repository: str) -> str:
    """Return a page's text with its links as the site needs them.

    :param source: the page's path in the repository, such as ``docs/plan.md``.
    :param repository: its address, for files that are no page.
    """
    folder = posixpath.dirname(source)
    here = posixpath.dirname(site_path(source) or "")
    return "".join(
        part
        if is_code
        else _LINK.sub(lambda found: _target(found[1], folder, here, repository), part)
        for part, is_code in _parts(text)
    )


def site_tables(text: str) -> str:
    r"""Return a page with code in tables as the site reads it: there a bar needs no ``\``."""
    return "".join(part if is_code else _without_escapes(part) for part, is_code in _parts(text))


def _without_escapes(text: str) -> str:
    return "\n".join(
        _CODE_IN_TABLE.sub(lambda found: found[0].replace("\\|", "|"), line)
        if line.startswith("|")
        else line
        for line in text.split("\n")
    )


def site_path(path: str) -> str | None:
    """Return where a file of the repository is on the site; None where it is no part of it."""
    if path in HOMES:
        return HOMES[path]
    folder, _, name = path.partition("/")
    return name if folder == _DOCS else None


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the text in parts, each with whether it is a block of code."""
    end = 0
    for fence in _FENCE.finditer(text):
        yield text[end : fence.start()], False
        yield fence[0], True
        end = fence.end()
    yield text[end:], False


def _target(target: str, folder: str, here: str, repository: str) -> str:
    path = posixpath.normpath(posixpath.join(folder, target))
    on_site = site_path(path)
    if on_site is not None and path != _DOCS:
        return posixpath.relpath(on_site, here or ".")
    if (ROOT / path).exists():
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{repository}/{kind}/main/{path}"
    return target  # the build says that it is not found
