"""Reads requirements.txt before pip does: what would not be the same everywhere is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime
from airflow_ddb_migrate.deployment.packaging.user_files import REQUIREMENTS

_INCLUDES: Final = {"-r", "--requirement", "-c", "--constraint"}
# Where packages come from is the deploying person's affair; pip's own settings work as well.
_ALLOWED: Final = {
    *("-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links"),
    *("--trusted-host", "--pre", "--prefer-binary", "--require-hashes"),
}


@dataclass(frozen=True, slots=True)
class Requirements:
    """A requirements.txt that was read; ``has_hashes`` means that pip compares each file's."""

    path: Path
    has_hashes: bool


def read_requirements(folder: Path, runtime: Runtime) -> Requirements | None:
    """Return the folder's requirements.txt; None without one, or when it asks for nothing.

    :raises InvalidInputError: a line cannot be resolved from wheels of an index alone, or means
        another package there than here; the message names it, without credentials.
    """
    root = folder.resolve()
    path = root / REQUIREMENTS
    if not path.exists():
        return None
    if not path.resolve().is_relative_to(root):
        raise _refused(path, REQUIREMENTS, "is a link out of the folder. Put a copy there")
    lines = list(_checked(path, root, runtime, seen=set()))
    asks = [line for line in lines if not line.startswith("-")]
    return Requirements(path, any("--hash" in line for line in asks)) if asks else None


def redacted(text: str) -> str:
    """Return a text without what its URLs may hold of credentials."""
    without_user = re.sub(r"//[^/\s@]+@", "//***@", text)
    return re.sub(r"(\w://[^\s?]*\?)\S+", r"\1***", without_user)


def _checked(path: Path, root: Path, runtime: Runtime, seen: set[Path]) -> Iterator[str]:
    """Yield the lines of a file and of those that it includes; raises InvalidInputError."""
    seen.add(path)
    for line in _lines(path):
        option, _, value = line.partition("=" if line.startswith("--") and "=" in line else " ")
        if option in _INCLUDES:
            included = (path.parent / value.strip()).resolve()
            if not (included.is_file() and included.is_relative_to(root)):
                raise _refused(path, line, "names no file in the folder. Put a copy there")
            if included not in seen:
                yield from _checked(included, root, runtime, seen)
        elif line.startswith("-"):
            if option not in _ALLOWED and line.replace("=", " ") != "--only-binary :all:":
                raise _refused(path, line, "is no option for a Lambda's packages. Remove it")
        else:
            _require_portable(path, line, runtime)
        yield line


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError) as exc:
        raise InvalidInputError(f"{path.name} cannot be read: {exc}. Write it in UTF-8.") from exc
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        if stripped := re.sub(r"(^|\s+)#.*", "", line).strip():
            yield stripped


def _require_portable(path: Path, line: str, runtime: Runtime) -> None:
    """Raise InvalidInputError unless it is name and versions, the same here and in Lambda."""
    text = re.split(r"\s+--", line)[0]
    try:
        requirement = Requirement(text)
    except InvalidRequirement as exc:
        if re.match(r"[\w+.-]+://|[./~]|.*\.(whl|zip|gz)$", text):
            raise _refused(path, line, _NO_ADDRESS) from exc
        problem = str(exc).partition("\n")[0]
        raise _refused(path, line, f"is no requirement: {redacted(problem)}. Correct it") from exc
    if requirement.url:
        raise _refused(path, line, _NO_ADDRESS)
    marker = requirement.marker  # pip asks this machine, whatever it resolves for
    if marker and marker.evaluate(dict(runtime.markers())) != marker.evaluate():
        raise _refused(path, line, f"means another thing here than for {runtime}. Remove the ';'")


_NO_ADDRESS = (
    "is an address or a path. Only wheels of an index are taken: name package and version, and "
    "give another index by --index-url, --find-links, or pip's own settings"
)


def _refused(path: Path, line: str, why: str) -> InvalidInputError:
    return InvalidInputError(f"{path.name}: {redacted(line)!r} {why}.")
