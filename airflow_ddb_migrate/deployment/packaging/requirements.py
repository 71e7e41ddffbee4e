"""Reads requirements.txt before pip does, and refuses lines that would depend on the machine."""

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
# Where packages come from is up to the person who deploys; pip's own settings work, too.
_LINKS: Final = {"-f", "--find-links"}
_VALUED: Final = {"-i", "--index-url", "--extra-index-url", "--trusted-host", *_LINKS}
_FLAGS: Final = {"--no-index", "--pre", "--prefer-binary", "--require-hashes"}
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Requirements:
    """A requirements.txt and the files that it includes: texts by name in the folder.

    Empty without such a file.
    """

    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> tuple[str, ...]:
        """The lines that name a package; without any, nothing is resolved."""
        lines = (line for text in self.texts.values() for line in text.splitlines())
        return tuple(line for line in lines if not line.startswith("-"))

    @property
    def has_hashes(self) -> bool:
        """Whether pip checks the hash of each file."""
        return any("--hash" in line for line in self.asked)

    def written_to(self, folder: Path) -> Path:
        """Write the checked lines for pip, which reads nothing else; return the file."""
        for name, text in self.texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        return folder / REQUIREMENTS


def read_requirements(folder: Path, runtime: Runtime) -> Requirements:
    """Return the folder's requirements.txt.

    :raises InvalidInputError: it is not a regular file; a line cannot be resolved only from an
        index's wheels, or means another package there than here. The message names the line,
        without credentials.
    """
    root = folder.resolve()
    with opened_folder(root) as opened:
        if opened.entry(REQUIREMENTS) is None:
            return Requirements()
        reader = _Reader(opened, root, runtime)
        reader.read(REQUIREMENTS)
    return Requirements({name: "\n".join((*lines, "")) for name, lines in reader.found.items()})


def redacted(text: str) -> str:
    """Return a text without the credentials that its URLs may have."""
    without_user = re.sub(r"//[^/\s@]+@", "//***@", text)
    return re.sub(r"(\w://[^\s?]*\?)\S+", r"\1***", without_user)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a file and those that it includes; ``found``: the lines of each file for pip."""

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
                f"{name} has {entry.status.st_size:,} bytes; the limit is {_MOST_BYTES:,}. Name "
                "fewer packages."
            )
        try:
            return self.opened.read(entry).decode("utf-8-sig")
        except (OSError, ValueError) as exc:
            raise InvalidInputError(f"{name} cannot be read: {exc}. Write it in UTF-8.") from exc

    def _option(self, name: str, line: str) -> str:
        """Return a line with one option, its paths changed for pip in another folder."""
        option, value = _split(name, line)
        if option in _INCLUDES and value:
            included = posixpath.normpath(posixpath.join(posixpath.dirname(name), value))
            entry = None if included.startswith(("..", "/")) else self.opened.entry(included)
            if entry is None or entry.is_folder or "$" in value:
                raise _refused(name, line, "does not name a file in the folder. Put a copy there")
            if included not in self.found:
                self.read(included)
        elif option not in _FLAGS | _VALUED or bool(value) != (option in _VALUED):
            if (option, value) != ("--only-binary", ":all:"):
                raise _refused(name, line, "is not an option for a Lambda's packages. Remove it")
        elif option in _LINKS and (folder := self.root / posixpath.dirname(name) / value).exists():
            return f"--find-links {folder.resolve().as_uri()}"
        return line


def _split(name: str, line: str) -> tuple[str, str]:
    """Return an option and its value; raises InvalidInputError if there is a second."""
    try:
        option, *values = shlex.split(line)
    except ValueError as exc:
        raise _refused(name, line, f"cannot be read: {exc}. Correct it") from exc
    if option.startswith("--") and "=" in option:
        option, _, value = option.partition("=")
        values.insert(0, value)
    if len(values) > 1:
        raise _refused(name, line, "has more than one option. Write each one on its own line")
    return option, "".join(values)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines without comments; continued lines are joined."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        if stripped := re.sub(r"(^|\s+)#.*", "", line).strip():
            yield stripped


def _require_portable(name: str, line: str, runtime: Runtime) -> None:
    """Raise InvalidInputError unless the line means the same here and in Lambda."""
    text = re.split(r"\s+--", line)[0]
    try:
        requirement = Requirement(text)
    except InvalidRequirement as exc:
        if re.match(r"[\w+.-]+://|[./~]|.*\.(whl|zip|gz)$", text):
            raise _refused(name, line, _NO_ADDRESS) from exc
        problem = str(exc).partition("\n")[0]
        raise _refused(
            name, line, f"is not a valid requirement: {redacted(problem)}. Correct it"
        ) from exc
    if requirement.url:
        raise _refused(name, line, _NO_ADDRESS)
    marker = requirement.marker  # pip evaluates markers for this machine
    if marker and marker.evaluate(dict(runtime.markers())) != marker.evaluate():
        raise _refused(name, line, f"means something else here than for {runtime}. Remove the ';'")


_NO_ADDRESS = (
    "is an address or a path, but only wheels of an index can be used. Name package and version; "
    "for another index, use --index-url, --find-links, or pip's own settings"
)


def _refused(name: str, line: str, why: str) -> InvalidInputError:
    return InvalidInputError(f"{name}: {redacted(line)!r} {why}.")
