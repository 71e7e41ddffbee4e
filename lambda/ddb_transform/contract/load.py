"""Loads a transform by its module's name, and says what is wrong with one that is none."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from airflow_ddb_migrate.core.code_hash import USER_HASH_FILE, content_hash
from airflow_ddb_migrate.core.errors import TransformError
from ddb_transform.contract.scan_filter import ScanFilter, scan_filter
from ddb_transform.contract.transform import Context, Transform


def load_transform(name: str, context: Context) -> Transform:
    """Load ``transforms.<name>`` with what it declares: FILTER, CHECK_FIXED_POINT, check.

    :raises TransformError: there is no such module, it cannot be imported, it has no function
        ``transform(item, context)``, or what it declares cannot be used.
    """
    module = _import(name)
    function = getattr(module, "transform", None)
    if not callable(function):
        raise TransformError(
            f"Transform {name!r} defines no function transform(item, context). Add it and deploy."
        )
    return Transform(
        function=function,
        context=context,
        check_fixed_point=_check_fixed_point(module, name),
        filter=_filter(module, name),
        check=_check(module, name),
    )


def source_hash(name: str) -> str:
    """Return the SHA-256 of all that a transform may be made of, so that any change of it shows.

    That is every file of the user's and of the packages that were deployed with them; in a
    checkout, where nothing was deployed, the files beside the transform.

    :raises TransformError: the transform cannot be imported.
    """
    _import(name)
    deployed = Path(__file__).parents[1] / USER_HASH_FILE
    user = deployed.read_bytes() if deployed.exists() else content_hash(_beside()).encode()
    return content_hash({name: user})


def _beside() -> dict[str, bytes]:
    folders = [Path(folder) for folder in reversed(importlib.import_module("transforms").__path__)]
    return {
        f"transforms/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _import(name: str) -> ModuleType:
    if not name.isidentifier():
        raise TransformError(f"Transform {name!r} is not the name of a Python module.")
    try:
        return importlib.import_module(f"transforms.{name}")
    except Exception as exc:
        missing = isinstance(exc, ModuleNotFoundError) and exc.name == f"transforms.{name}"
        why = "is not deployed" if missing else f"cannot be imported: {type(exc).__name__}: {exc}"
        raise TransformError(
            f"Transform {name!r} {why}. Mend or add its file and run ddb-migrate deploy "
            "--transforms DIR."
        ) from exc


def _check_fixed_point(module: ModuleType, name: str) -> bool:
    declared = getattr(module, "CHECK_FIXED_POINT", True)
    if not isinstance(declared, bool):
        raise TransformError(
            f"Transform {name!r}: CHECK_FIXED_POINT is a {type(declared).__name__}; it must be "
            "True or False. Mend it and deploy."
        )
    return declared


def _filter(module: ModuleType, name: str) -> ScanFilter | None:
    declared = getattr(module, "FILTER", None)
    if declared is None:
        return None
    try:
        return scan_filter(declared)
    except TransformError as exc:
        raise TransformError(f"Transform {name!r}: {exc} Mend it and deploy.") from exc


def _check(module: ModuleType, name: str) -> Callable[[Any], object] | None:
    declared: object = getattr(module, "check", None)
    if declared is not None and not callable(declared):
        raise TransformError(
            f"Transform {name!r}: check is a {type(declared).__name__}; it must be a function "
            "check(item) that returns True or False. Mend it and deploy."
        )
    return declared
