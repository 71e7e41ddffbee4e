"""Environments of other versions, below ``.matrix``: kept until what they are made from changes."""

import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from tests.campaigns.matrix.commands import FOLDER
from tests.campaigns.release.commands import ROOT, build_wheel, uv

_OURS = "airflow-ddb-migrate"
_NO_DOWNLOAD = "--no-python-downloads"


def new_wheel() -> Path:
    """Build the wheel of the tree."""
    shutil.rmtree(FOLDER / "dist", ignore_errors=True)
    return build_wheel(ROOT, FOLDER / "dist")


def requirements(wheel: Path, *extras: str) -> list[str]:
    """Return what a wheel requires, by itself and with extras."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    return wanted(metadata.get_all("Requires-Dist", []), *extras)


def wanted(required: Iterable[str], *extras: str) -> list[str]:
    """Return those of a package's requirements that hold here, without their markers."""
    found = [Requirement(line) for line in required]
    return [_plain(one) for one in found if _is_wanted(one, extras)]


def _is_wanted(requirement: Requirement, extras: Sequence[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _plain(requirement: Requirement) -> str:
    requirement.marker = None
    return str(requirement)


@dataclass(frozen=True, slots=True)
class Environment:
    """``options`` are uv's, such as a date; ``interpreter`` is what it is made with.

    ``forced`` is installed as well, whatever it requires itself.
    """

    name: str
    interpreter: Path
    wanted: tuple[str, ...]
    options: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def home(self) -> Path:
        return self.folder / "airflow"

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    @property
    def is_kept(self) -> bool:
        """Return whether it was made, and would be made from the same again."""
        return self._stamp.exists() and self._stamp.read_text() == self._made_from

    def resolve(self) -> None:
        """Say which versions fit together; raises CommandError when none do."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._wanted.write_text("\n".join(self.wanted) + "\n")
        compile_them(self._wanted, self._locked, "--python", self.interpreter, *self.options)

    def install(self) -> None:
        uv("venv", "--quiet", _NO_DOWNLOAD, "--python", self.interpreter, self.folder / "venv")
        self._pip_install("--no-deps", "--requirement", self._locked, *self.forced)
        self.keep()

    def keep(self) -> None:
        self._stamp.write_text(self._made_from)

    def install_ours(self, wheel: Path) -> None:
        """Put the wheel in, or in the place of a former one of the same version."""
        self._pip_install("--no-deps", "--offline", "--reinstall-package", _OURS, wheel)

    @property
    def _wanted(self) -> Path:
        return self.folder / "wanted.txt"

    @property
    def _locked(self) -> Path:
        return self.folder / "locked.txt"

    @property
    def _stamp(self) -> Path:
        return self.folder / "made-from.txt"

    @property
    def _made_from(self) -> str:
        return "\n".join([str(self.interpreter), *self.options, *self.wanted, *self.forced]) + "\n"

    def _pip_install(self, *arguments: object) -> None:
        uv("pip", "install", "--quiet", "--python", self.python, *arguments)


def compile_them(wanted: Path, locked: Path, *options: object) -> None:
    """Resolve a file of requirements into a file of pins."""
    quietly = ("--quiet", "--no-header", "--no-annotate", _NO_DOWNLOAD)
    uv("pip", "compile", *quietly, *options, "--output-file", locked, wanted)
