"""A script for ``python -I -S`` that imports transforms as Lambda will, without this package.

Arguments: the folder of the unpacked zip, then the names. Standard input: the folders that have
boto3, as JSON. Prints one JSON line per name with ``error``, empty if it is a transform, and
``deletes``, whether it declares that it may delete.
"""

import importlib
import json
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

# What Lambda's Python has beside the standard library; the zip comes first.
RUNTIME_LIBRARIES = frozenset(
    {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
)

# What boto3 raises without environment and home.
_WITHOUT_ACCOUNT = frozenset({"NoRegionError", "NoCredentialsError", "ProfileNotFound"})


class RuntimeFinder:
    """Finds the runtime's libraries in this machine's folders, and nothing else there."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in RUNTIME_LIBRARIES:
            return None
        return PathFinder.find_spec(name, path or self._folders, target)


def tried(name: str) -> tuple[str, bool]:
    """Return why this module is not a transform, empty if it is, and whether it may delete."""
    try:
        importlib.import_module(f"transforms.{name}")
    except BaseException as exc:  # noqa: BLE001  # sys.exit() in a transform is a mistake, too
        what = f"cannot be imported: {type(exc).__name__}: {exc}{_where(exc, name)}{_hint(exc)}"
        return what, False
    return _loaded(name)


def _loaded(name: str) -> tuple[str, bool]:
    """Load the transform by the Lambda's own code, which is in the zip."""
    load = importlib.import_module("ddb_transform.contract.load")
    context = importlib.import_module("ddb_transform.contract.transform").Context("", "")
    try:
        return "", load.load_transform(name, context).deletes
    except Exception as exc:  # noqa: BLE001  # a TransformError, of the zip's own package
        return str(exc).removeprefix(f"Transform {name!r}").lstrip(": ").rstrip("."), False


def _where(exc: BaseException, name: str) -> str:
    if isinstance(exc, SyntaxError):
        return ""  # the message names file and line
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).stem == name]
    return f" ({name}.py, line {lines[-1]})" if lines else ""


def _hint(exc: BaseException) -> str:
    """Return what to do about a missing module, or missing credentials."""
    if type(exc).__name__ in _WITHOUT_ACCOUNT:
        return (
            ". It is imported here without credentials and region: create clients inside functions"
        )
    name = (isinstance(exc, ModuleNotFoundError) and exc.name) or ""
    root = name.partition(".")[0]
    if not root or root == "transforms":
        return ""
    if root == "airflow_ddb_migrate":
        return ". Lambda only has the parts of it that a transform may need: core and aws"
    beside = Path(sys.path[0]) / "transforms"
    if (beside / f"{root}.py").exists() or (beside / root).is_dir():
        return f". It is in the folder, so write: from transforms import {root}"
    return (
        f". {root} is neither in the folder nor in requirements.txt. Add its package to "
        "requirements.txt"
    )


def main() -> None:
    code, *names = sys.argv[1:]
    folders = json.loads(sys.stdin.readline())
    sys.path.insert(0, code)
    sys.meta_path.append(RuntimeFinder(folders))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a transform may print when it is imported, and so may its packages
    for name in names:
        error, deletes = tried(name)
        said = json.dumps({"name": name, "error": error, "deletes": deletes})
        print(said, file=answers, flush=True)


if __name__ == "__main__":
    main()
