"""The Lambda's zip: the same files always give the same bytes and the same hash."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_ddb_migrate import resources
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.shipped import package_files
from airflow_ddb_migrate.deployment.upload import sha256_of

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_MODE = 0o644 << 16
_UNIX = 3  # else the zip names the system that made it
_HASH_CHARS = 16


@dataclass(frozen=True, slots=True)
class Bundle:
    """The zip and what is in it.

    ``code_hash`` depends on names, contents and the template only: a published version keeps code
    and settings together, so other settings are a new version, too.
    """

    content: bytes
    code_hash: str
    transforms: tuple[str, ...]
    replaced: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The zip's SHA-256 as Lambda tells it of a version: what is compared after a deploy."""
        return sha256_of(self.content)


def build(transforms_dir: Path | None = None) -> Bundle:
    """Build the zip from this package and the user's own transforms.

    A file of the user's replaces one of ours of the same name, and ``replaced`` says so.

    :raises InvalidInputError: the folder is missing, has no transforms, or one has a bad name.
    """
    ours = _ours()
    theirs = _theirs(transforms_dir) if transforms_dir else {}
    code = {**ours, **theirs}
    files = {**package_files(code.values()), **code}
    contents = {name: path.read_bytes() for name, path in sorted(files.items())}
    return Bundle(
        content=_zip(contents),
        code_hash=content_hash({**contents, "": _template()}),
        transforms=tuple(sorted(filter(None, map(_transform_name, files)))),
        replaced=tuple(sorted(filter(None, map(_transform_name, ours.keys() & theirs.keys())))),
    )


def _template() -> bytes:
    return (resources.folder("deploy") / "template.yaml").read_bytes()


def _ours() -> dict[str, Path]:
    code = resources.folder("lambda")
    return {path.relative_to(code).as_posix(): path for path in code.glob("*/**/*.py")}


def _theirs(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InvalidInputError(
            f"--transforms is {str(folder)!r}, which is no folder. Give the folder that holds "
            "your transforms, one Python file each."
        )
    files = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    wrong = next((path.name for path in files if not path.stem.isidentifier()), None)
    if wrong:
        raise InvalidInputError(
            f"--transforms {str(folder)!r} holds {wrong!r}, which is no name of a Python module. "
            "Use letters, digits and '_', as in add_updated_at.py."
        )
    theirs = {f"transforms/{path.name}": path for path in files}
    if not any(map(_transform_name, theirs)):
        raise InvalidInputError(
            f"--transforms {str(folder)!r} holds no transforms. Each is one Python file with a "
            "function transform(item, context); names that begin with '_' are helpers."
        )
    return theirs


def _transform_name(path: str) -> str:
    """Return the transform's name; empty for other files, and helpers, which begin with '_'."""
    folder, _, name = path.rpartition("/")
    is_transform = folder == "transforms" and not name.startswith("_")
    return name.removesuffix(".py") if is_transform else ""


def _zip(contents: Mapping[str, bytes]) -> bytes:
    """Zip without compression: zlibs differ, and the zip's own hash has to be the same anywhere."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            info.external_attr = _MODE
            archive.writestr(info, content)
    return buffer.getvalue()


def content_hash(contents: Mapping[str, bytes]) -> str:
    """Hash names and contents, whatever made them."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_HASH_CHARS]
