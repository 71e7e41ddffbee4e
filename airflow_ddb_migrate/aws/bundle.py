"""The Lambda's zip: the same files always give the same bytes and the same hash."""

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_ddb_migrate import resources
from airflow_ddb_migrate.core.errors import InvalidInputError, TransformError

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_MODE = 0o644 << 16
_HASH_CHARS = 16

# Runs in a fresh interpreter over the zip alone, as Lambda will: prints what is wrong, or nothing.
_CHECK = """
import sys
sys.path.insert(0, sys.argv[1])
from ddb_transform.handler import describe
for name in sys.argv[2:]:
    answer = describe(name)
    if not answer["ok"]:
        sys.exit(answer["error"])
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The zip and what is in it. ``code_hash`` depends on names and contents only."""

    content: bytes
    code_hash: str
    transforms: tuple[str, ...]
    replaced: tuple[str, ...]


def build(transforms_dir: Path | None = None) -> Bundle:
    """Build the zip from this package and the user's own transforms.

    A file of the user's replaces one of ours of the same name, and ``replaced`` says so.

    :raises InvalidInputError: the folder is missing, has no transforms, or one has a bad name.
    """
    ours = _ours()
    theirs = _theirs(transforms_dir) if transforms_dir else {}
    files = {**ours, **theirs}
    contents = {name: path.read_bytes() for name, path in sorted(files.items())}
    return Bundle(
        content=_zip(contents),
        code_hash=content_hash(contents),
        transforms=tuple(sorted(filter(None, map(_transform_name, files)))),
        replaced=tuple(sorted(filter(None, map(_transform_name, ours.keys() & theirs.keys())))),
    )


def check(bundle: Bundle) -> None:
    """Import every transform from the zip, in an interpreter of its own.

    :raises TransformError: one cannot be imported or is no transform; nothing was deployed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "code.zip"
        path.write_bytes(bundle.content)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        answer = subprocess.run(  # noqa: S603  # our own interpreter over our own files
            [sys.executable, "-c", _CHECK, folder, *bundle.transforms],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
    if answer.returncode:
        raise TransformError(f"Nothing was deployed. {answer.stderr.strip()}")


def _ours() -> dict[str, Path]:
    code = resources.folder("lambda")
    files = {path.relative_to(code).as_posix(): path for path in code.glob("*/*.py")}
    return {**resources.package_files(), **files}


def _theirs(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise InvalidInputError(
            f"--transforms is {str(folder)!r}, which is no folder. Give the folder that holds "
            "your transforms, one Python file each."
        )
    files = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    wrong = next((path.name for path in files if not path.stem.isidentifier()), None)
    if wrong or not files:
        raise InvalidInputError(
            f"--transforms {str(folder)!r} holds "
            + (f"{wrong!r}, whose name is no Python module's." if wrong else "no Python files.")
            + " Each transform is one file, as in add_updated_at.py."
        )
    return {f"transforms/{path.name}": path for path in files}


def _transform_name(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return name.removesuffix(".py") if folder == "transforms" and name != "__init__.py" else ""


def _zip(contents: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = _MODE
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def content_hash(contents: Mapping[str, bytes]) -> str:
    """Hash names and contents, whatever made them."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_HASH_CHARS]
