"""What may be in a release, and what two wheels differ in."""

import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

_BY_THE_BUILDER = {"PKG-INFO"}
_LITTER = {"__pycache__", "node_modules", "dist", "build"}
_OURS = {".ci"}  # locks of tools, which a test reads


def strays(names: Iterable[str], tracked: set[str]) -> list[str]:
    """Return what the source archive has and git has not: commit it, ignore it or remove it."""
    return [f"not in git: {name}" for name in sorted(set(names) - tracked - _BY_THE_BUILDER)]


def litter(names: Iterable[str]) -> list[str]:
    """Return what a tool left, whether git has it or not."""
    return [f"litter: {name}" for name in sorted(names) if _is_litter(PurePosixPath(name))]


def _is_litter(path: PurePosixPath) -> bool:
    """Folders whose names begin with a dot are what campaigns, linters and tests leave."""
    folders = path.parts[:-1]
    is_of_a_tool = any(
        name in _LITTER or (name.startswith(".") and name not in _OURS) for name in folders
    )
    return is_of_a_tool or path.suffix in {".pyc", ".log"}


def differences(ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[str]:
    """Return how the wheel of the source archive (``theirs``) differs from that of the tree."""
    return [
        *(f"only in the tree's wheel: {name}" for name in sorted(ours.keys() - theirs.keys())),
        *(f"only in the archive's wheel: {name}" for name in sorted(theirs.keys() - ours.keys())),
        *(
            f"another content: {name}"
            for name in sorted(ours.keys() & theirs.keys())
            if ours[name] != theirs[name]
        ),
    ]


def wheel_files(wheel: Path) -> dict[str, int]:
    """Return the checksum of every file by its name."""
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: info.CRC for info in archive.infolist()}


def names_in_sdist(sdist: Path) -> set[str]:
    """Return every file's name, without the folder that holds them all."""
    with tarfile.open(sdist) as archive:
        return {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
