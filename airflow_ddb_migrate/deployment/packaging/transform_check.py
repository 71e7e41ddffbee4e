"""Imports every transform before anything is deployed."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from airflow_ddb_migrate.core.errors import InvalidInputError, TransformError
from airflow_ddb_migrate.deployment.packaging import bare_import
from airflow_ddb_migrate.deployment.packaging.bundle import Bundle
from airflow_ddb_migrate.deployment.packaging.packages import Packages, resolve_packages
from airflow_ddb_migrate.deployment.packaging.runtime import this_runtime

_IMPORT_SECONDS = 60.0
_OF_PYTHON = (
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
)  # in which some distributions keep the interpreter's own


class TransformCheck(NamedTuple):
    """Why the transforms could not be imported, empty if they were; and which may delete."""

    unchecked: str = ""
    deleting: tuple[str, ...] = ()


def check_transforms(bundle: Bundle) -> TransformCheck:
    """Import every transform from the zip in a separate, bare interpreter.

    It has neither this process's environment nor its home, and so no credentials. For packages that
    are compiled for Lambda, this machine's wheels of the same versions are imported.

    :raises TransformError: one cannot be imported, or is not a transform; the message names file,
        error and line. Nothing was deployed.
    """
    try:
        loadable = _loadable(bundle)
    except InvalidInputError:  # its advice would concern this machine
        return TransformCheck(
            f"The transforms were not imported here: a package is compiled for {bundle.runtime}, "
            f"and that version is not available for {this_runtime()}. Lambda imports them after "
            "the deployment."
        )
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code"
        _unpack(bundle, loadable, code)
        rows = _import_all(code, bundle.transforms)
    for name in bundle.transforms:
        problem = rows[name]["error"] if name in rows else "ends the Python that imports it"
        if problem:
            raise TransformError(
                f"Transform {name!r} (transforms/{name}.py) {problem}. Nothing was deployed."
            )
    return TransformCheck(deleting=tuple(name for name in rows if rows[name]["deletes"]))


def _loadable(bundle: Bundle) -> Packages:
    """Return the bundle's packages in versions that this interpreter can import."""
    packages = bundle.packages
    if not packages.is_compiled or bundle.runtime.runs_here:
        return packages
    if not packages.requirements:
        raise InvalidInputError("They were deployed before and are not resolved again.")
    return resolve_packages(packages.requirements, this_runtime(), packages.pins)


def _unpack(bundle: Bundle, packages: Packages, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        ours = [name for name in archive.namelist() if name not in bundle.packages.files]
        archive.extractall(folder, ours)
    for name, content in packages.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _import_all(code: Path, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return ``error`` and ``deletes`` of each transform, until the interpreter ended."""
    with subprocess.Popen(  # noqa: S603  # our own interpreter and script
        [sys.executable, "-I", "-S", bare_import.__file__, str(code), *names],
        cwd=code,
        env=_environment(code.parent),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        output = _answers(process)
    rows = [json.loads(line) for line in output.splitlines()]
    return {row["name"]: row for row in rows}


def _environment(home: Path) -> dict[str, str]:
    """Return the environment that the interpreter needs to start, and an empty home."""
    kept = {name: os.environ[name] for name in _OF_PYTHON if name in os.environ}
    return {**kept, "HOME": str(home), "TMPDIR": str(home)}


def _answers(process: "subprocess.Popen[str]") -> str:
    """Return what it prints; end it, and everything that an import has started."""
    try:
        return process.communicate(json.dumps(_library_folders()) + "\n", _IMPORT_SECONDS)[0]
    except subprocess.TimeoutExpired as exc:
        raise TransformError(
            f"Importing the transforms took over {_IMPORT_SECONDS:.0f} s. A module must only "
            "define things when it is imported. Nothing was deployed."
        ) from exc
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _library_folders() -> list[str]:
    """Return the folders in which this machine has the libraries of Lambda's runtime."""
    specs = map(find_spec, sorted(bare_import.RUNTIME_LIBRARIES))
    return sorted({str(_folder(spec)) for spec in specs if spec})


def _folder(spec: ModuleSpec) -> Path:
    file = Path(spec.origin or "")
    return file.parents[1] if spec.submodule_search_locations else file.parent
