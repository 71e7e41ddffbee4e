"""Valid names of files in a zip: the same file on every system, and never outside the folder."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

MOST_PARTS: Final = 32  # [OURS] nested folders; no package comes near
_MODULES: Final = (".py", ".pyc", ".so")


def name_problem(name: str, *, is_folder: bool = False) -> str:
    """Return why a name cannot be shipped, and what to do; empty if it can.

    :param name: the path in the folder or zip, with '/'.
    """
    path = PurePosixPath(name)
    if not name.isprintable():  # half a surrogate pair stands for bytes that are not UTF-8
        return "is a name with control characters or bytes that are not UTF-8. Rename it"
    if path.is_absolute() or ".." in path.parts or "\\" in name or str(path) != name:
        return "is not a plain path below the folder. Rename it"
    if len(path.parts) > MOST_PARTS:
        return f"is more than {MOST_PARTS} folders deep. Move it up"
    if is_folder and path.name.endswith(_MODULES):
        return "is a folder with the name of a Python module. Rename it"
    return ""


def twins(names: Iterable[str]) -> tuple[str, str] | None:
    """Return two names that are equal if case and the form of accents are ignored."""
    seen: dict[str, str] = {}
    for name in sorted(names):
        for path in (PurePosixPath(name), *PurePosixPath(name).parents):
            if seen.setdefault(plain(str(path)), str(path)) != str(path):
                return seen[plain(str(path))], str(path)
    return None


def plain(name: str) -> str:
    """Return a name without case and the form of accents."""
    return unicodedata.normalize("NFC", name).casefold()
