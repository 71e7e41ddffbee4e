"""Load a transform from its file, as the Lambda does from its zip.

The file's folder takes the place of the deployed folder, so the transform finds its helpers and
data files.
"""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.core.errors import TransformError
from airflow_ddb_migrate.resources import folder

if TYPE_CHECKING:
    from ddb_transform.contract.transform import Transform


@contextmanager
def loaded_transform(
    transform: str | Path, context: Mapping[str, Any], table: Mapping[str, Any]
) -> Iterator["Transform"]:
    """Load a transform while the context is open.

    :param transform: path of its file, or the name of a transform that ships with the package.
    :param context: the fields of a transform's Context.
    :param table: the ``Table`` of a DescribeTable response, to check results against its indexes.
    :raises TransformError: the file does not exist or does not hold a transform.
    """
    with _found(transform) as name:
        from ddb_transform.contract.index_keys import index_keys
        from ddb_transform.contract.load import load_transform
        from ddb_transform.contract.transform import Context

        plain = json.loads(json.dumps(dict(context["params"])))
        loaded = load_transform(name, Context(**{**context, "params": plain}))
        yield replace(loaded, index_keys=index_keys(table))


def is_shipped(name: str) -> bool:
    """Return whether a transform of this name ships with the package."""
    return name in shipped_transforms()


def shipped_transforms() -> tuple[str, ...]:
    """Return the names of the transforms that ship with the package."""
    paths = (folder("lambda") / "transforms").glob("*.py")
    return tuple(sorted(path.stem for path in paths if not path.stem.startswith("_")))


@contextmanager
def _found(transform: str | Path) -> Iterator[str]:
    """Make the transform importable while the context is open; yield its module's name."""
    package = _transforms_package()
    if isinstance(transform, str) and transform.isidentifier():
        yield transform
        return
    path = Path(transform).resolve()
    if not path.is_file():
        raise TransformError(
            f"File {str(path)!r} does not exist. Give the path of a transform, or the name of one "
            "that ships with airflow_ddb_migrate, such as add_updated_at."
        )
    if path.suffix != ".py":
        raise TransformError(
            f"File {str(path)!r} is not a Python file. A transform is one, such as full_name.py."
        )
    with _only_here(package, path.parent):
        yield path.stem


def _transforms_package() -> Any:
    code = str(folder("lambda"))
    if code not in sys.path:
        sys.path.insert(0, code)
    package = importlib.import_module("transforms")
    if not hasattr(package, "SKIP"):
        raise TransformError(
            f"Another package 'transforms' is already imported ({package.__path__}). Remove its "
            "__init__.py; a folder of transforms does not need one."
        )
    return package


@contextmanager
def _only_here(package: Any, directory: Path) -> Iterator[None]:
    """Search this directory for ``transforms`` before ours, as in the bundle, for a while."""
    before, own_path = _forget_modules(), package.__path__
    package.__path__ = [str(directory), *own_path]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        package.__path__ = own_path
        _forget_modules()
        sys.modules.update(before)


def _forget_modules() -> dict[str, Any]:
    names = [name for name in sys.modules if name.startswith("transforms.")]
    return {name: sys.modules.pop(name) for name in names}
