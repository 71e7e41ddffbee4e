"""Reads requirements.txt before pip does: what would not be the same everywhere is refused."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime
from airflow_ddb_migrate.deployment.packaging.user_files import REQUIREMENTS
from airflow_ddb_migrate.deployment.reading.regular_files import OpenFolder, opened_folder

_INCLUDES: Final = {"-r", "--requirement", "-c", "--constraint"}
# Where packages come from is the deploying person's affair; pip's own settings work as well.
_LINKS: Final = {"-f", "--find-links"}
_VALUED: Final = {"-i", "--index-url", "--extra-index-url", "--trusted-host", *_LINKS}
_FLAGS: Final = {"--no-index", "--pre", "--prefer-binary", "--require-hashes"}
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Requirements:
    """A requirements.txt that was read, with what it includes: texts by their name in the folder.

    Without such a file there are none.
    """

    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> tuple[str, ...]:
        """The lines that name a package; without any there is nothing to resolve."""
        lines = (line for text in self.texts.values() for line in text.splitlines())
        return tuple(line for line in lines if not line.startswith("-"))

    @property
    def has_hashes(self) -> bool:
        """Whether pip compares each file's hash."""
        return any("--hash" in line for line in self.asked)

    def written_to(self, folder: Path) -> Path:
        """Write what was checked, for pip to read that and nothing else; return the file."""
        for name, text in self.texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        return folder / REQUIREMENTS


def read_requirements(folder: Path, runtime: Runtime) -> Requirements:
    """Return the folder's requirements.txt.

    :raises InvalidInputError: it is no regular file, a line cannot be resolved from wheels of an
        index alone, or means another package there than here; the message names it, without
        credentials.
    """
    root = folder.resolve()
    with opened_folder(root) as opened:
        if opened.entry(REQUIREMENTS) is None:
            return Requirements()
        reader = _Reader(opened, root, runtime)
        reader.read(REQUIREMENTS)
    return Requirements({name: "\n".join((*lines, "")) for name, lines in reader.found.items()})


def redacted(text: str) -> str:
    """Return a text without what its URLs may hold of credentials."""
    without_user = re.sub(r"//[^/\s@]+@", "//***@", text)
    return re.sub(r"(\w://[^\s?]*\?)\S+", r"\1***", without_user)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a file and those that it includes; ``found``: the lines of each, as pip gets them."""

    opened: OpenFolder
    root: Path
    runtime: Runtime
    found: dict[str, list[str]] = field(default_factory=dict)

    def read(self, name: str) -> None:
        self.found[name] = lines = []
        for line in _lines(self._text(name)):
            lines.append(self._option(name, line) if line.startswith("-") else line)
            if not line.startswith("-"):
                _require_portable(name, line, self.runtime)

    def _text(self, name: str) -> str:
        entry = self.opened.entry(name)
        if entry is None or entry.kind:
            raise InvalidInputError(
                f"{name} is {entry.kind if entry else 'gone'}. It must be a regular file: put a "
                "copy there."
            )
        if entry.status.st_size > _MOST_BYTES:
            raise InvalidInputError(
                f"{name} has {entry.status.st_size:,} bytes; {_MOST_BYTES:,} are the most that "
                "are read. Name fewer packages."
            )
        try:
            return self.opened.read(entry).decode("utf-8-sig")
        except (OSError, ValueError) as exc:
            raise InvalidInputError(f"{name} cannot be read: {exc}. Write it in UTF-8.") from exc

    def _option(self, name: str, line: str) -> str:
        """Return a line with one option, its paths as pip finds them in another folder."""
        option, value = _split(name, line)
        if option in _INCLUDES and value:
            included = posixpath.normpath(posixpath.join(posixpath.dirname(name), value))
            entry = None if included.startswith(("..", "/")) else self.opened.entry(included)
            if entry is None or entry.is_folder or "$" in value:
                raise _refused(name, line, "names no file in the folder. Put a copy there")
            if included not in self.found:
                self.read(included)
        elif option not in _FLAGS | _VALUED or bool(value) != (option in _VALUED):
            if (option, value) != ("--only-binary", ":all:"):
                raise _refused(name, line, "is no option for a Lambda's packages. Remove it")
        elif option in _LINKS and (folder := self.root / posixpath.dirname(name) / value).exists():
            return f"--find-links {folder.resolve().as_uri()}"
        return line


def _split(name: str, line: str) -> tuple[str, str]:
    """Return an option and its value; a second option in the line would not be looked at."""
    try:
        option, *values = shlex.split(line)
    except ValueError as exc:
        raise _refused(name, line, f"cannot be read: {exc}. Correct it") from exc
    if option.startswith("--") and "=" in option:
        option, _, value = option.partition("=")
        values.insert(0, value)
    if len(values) > 1:
        raise _refused(name, line, "has more than one option. Write each on a line of its own")
    return option, "".join(values)


def _lines(text: str) -> Iterator[str]:
    """Yield what is left without comments; a line that goes on is one."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        if stripped := re.sub(r"(^|\s+)#.*", "", line).strip():
            yield stripped


def _require_portable(name: str, line: str, runtime: Runtime) -> None:
    """Raise InvalidInputError unless it is name and versions, the same here and in Lambda."""
    text = re.split(r"\s+--", line)[0]
    try:
        requirement = Requirement(text)
    except InvalidRequirement as exc:
        if re.match(r"[\w+.-]+://|[./~]|.*\.(whl|zip|gz)$", text):
            raise _refused(name, line, _NO_ADDRESS) from exc
        problem = str(exc).partition("\n")[0]
        raise _refused(name, line, f"is no requirement: {redacted(problem)}. Correct it") from exc
    if requirement.url:
        raise _refused(name, line, _NO_ADDRESS)
    marker = requirement.marker  # pip asks this machine, whatever it resolves for
    if marker and marker.evaluate(dict(runtime.markers())) != marker.evaluate():
        raise _refused(name, line, f"means another thing here than for {runtime}. Remove the ';'")


_NO_ADDRESS = (
    "is an address or a path. Only wheels of an index are taken: name package and version, and "
    "give another index by --index-url, --find-links, or pip's own settings"
)


def _refused(name: str, line: str, why: str) -> InvalidInputError:
    return InvalidInputError(f"{name}: {redacted(line)!r} {why}.")
