"""The user's part of a deployed zip, which a later deployment can keep.

A zip with a user's part has a manifest of it, in a file beside the engine.
"""

import io
import json
import stat
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from airflow_ddb_migrate.core.bindings import BINDINGS_FILE, Bindings
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.packaging.packages import Packages
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime
from airflow_ddb_migrate.deployment.packaging.user_files import (
    UserFiles,
    admitted,
    require_size,
)
from airflow_ddb_migrate.deployment.reading.names import name_problem

MANIFEST: Final = "ddb_transform/user_part.json"
BINDINGS: Final = f"ddb_transform/{BINDINGS_FILE}"
_TRANSFORMS: Final = "transforms/"
_ENGINE: Final = (_TRANSFORMS, "airflow_ddb_migrate/", "ddb_restore/", "ddb_transform/")


@dataclass(frozen=True, slots=True)
class UserPart:
    """The user's files and packages. ``runtime``: what the packages were resolved for."""

    files: UserFiles = field(default_factory=UserFiles)
    packages: Packages = field(default_factory=Packages)
    runtime: str = ""

    def without(self, names: Iterable[str]) -> "UserPart":
        """Return the part without some transforms; without the last one it is empty."""
        gone = {f"{_TRANSFORMS}{name}.py" for name in names}
        left = tuple(
            name for name in self.files.transforms if f"{_TRANSFORMS}{name}.py" not in gone
        )
        if not left:
            return UserPart()
        files = {name: text for name, text in self.files.files.items() if name not in gone}
        return replace(self, files=replace(self.files, files=files, transforms=left))

    def require_runs_on(self, runtime: Runtime) -> None:
        """Raise InvalidInputError if a package was compiled for another Python or processor."""
        if self.packages.is_compiled and self.runtime != str(runtime):
            raise InvalidInputError(
                f"The deployed packages are compiled for {self.runtime or 'unknown'}, but the "
                f"Lambda now has {runtime}. Give --transforms DIR, so that they are resolved "
                "again. Nothing was changed."
            )

    def manifest(self) -> dict[str, bytes]:
        """Return the manifest file of this part; none if it is empty."""
        if not self.files.files:
            return {}
        said = {
            "files": sorted(self.files.files),
            "transforms": sorted(self.files.transforms),
            "versions": dict(self.packages.versions),
            "sizes": dict(self.packages.sizes),
            "left_out": list(self.packages.left_out),
            "runtime": self.runtime if self.packages.files else "",
        }
        return {MANIFEST: json.dumps(said, sort_keys=True, indent=1).encode()}


def read_part(content: bytes, shipped: Mapping[str, bytes]) -> UserPart:
    """Return the user's part of a zip, by the same rules as a folder, and without secrets.

    :param shipped: what this package ships under ``transforms/``. In an older zip without a
        manifest, files with these names are taken to be ours.
    :raises InvalidInputError: something in the zip cannot be shipped, or its manifest cannot be
        read.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _require_plain(archive)
        names = archive.namelist()
        try:
            said: dict[str, Any] = (
                json.loads(archive.read(MANIFEST))
                if MANIFEST in names
                else _guessed(names, shipped)
            )
            return _part(archive, said)
        except (KeyError, TypeError, ValueError) as exc:
            raise InvalidInputError(
                f"{MANIFEST} in the zip is from another version of this package: {exc!r}."
            ) from exc


def _part(archive: zipfile.ZipFile, said: Mapping[str, Any]) -> UserPart:
    files = admitted({name: archive.read(name) for name in said["files"]})
    transforms = tuple(said["transforms"])
    if lost := [name for name in transforms if f"{_TRANSFORMS}{name}.py" not in files.files]:
        raise InvalidInputError(f"The zip lacks the files of its transforms {', '.join(lost)}.")
    names = [name for name in archive.namelist() if not name.startswith(_ENGINE)]
    return UserPart(
        files=replace(files, transforms=transforms),
        packages=Packages(
            files={name: archive.read(name) for name in names},
            versions=dict(said["versions"]),
            sizes=dict(said["sizes"]),
            left_out=tuple(said["left_out"]),
        ),
        runtime=said["runtime"],
    )


def _require_plain(archive: zipfile.ZipFile) -> None:
    """Raise InvalidInputError for anything but regular files below the root, or too many bytes."""
    rows = archive.infolist()
    require_size({row.filename: row.file_size for row in rows})
    for row in rows:
        kind = stat.S_IFMT(row.external_attr >> 16)
        problem = name_problem(row.filename) or (
            "is not a regular file." if kind not in {0, stat.S_IFREG} else ""
        )
        if problem:
            raise InvalidInputError(f"{row.filename!a} in the zip {problem.rstrip('.')}.")
    if len({row.filename for row in rows}) < len(rows):
        raise InvalidInputError("The zip has two files with the same name.")


def read_bindings(content: bytes) -> Bindings | None:
    """Return the bindings of a zip; None for an older zip without bindings.

    :raises DeployError: the file of bindings cannot be read.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return (
            Bindings.from_json(archive.read(BINDINGS)) if BINDINGS in archive.namelist() else None
        )


def _guessed(names: Iterable[str], shipped: Mapping[str, bytes]) -> dict[str, Any]:
    files = [name for name in names if name.startswith(_TRANSFORMS) and name not in shipped]
    modules = (name.removeprefix(_TRANSFORMS) for name in files)
    transforms = [
        name.removesuffix(".py")
        for name in modules
        if name.endswith(".py") and "/" not in name and not name.startswith("_")
    ]
    known: dict[str, Any] = {"versions": {}, "sizes": {}, "left_out": [], "runtime": ""}
    return {"files": files, "transforms": transforms if files else [], **known}
