"""Runs a transform on one item as the Lambda does, for tests of your own.

Needs boto3; neither Airflow nor AWS. See docs/transforms.md.
"""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_ddb_migrate.core.errors import InvalidInputError, TransformError
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.resources import folder

_STARTED_AT = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class TransformResult:
    """What a transform made of an item.

    ``outcome`` is changed, deleted, unchanged or skipped. ``item`` is the item afterwards, as boto3
    gives it (numbers are Decimal), None when it is deleted. ``changed`` are the attributes set or
    removed, ``condition`` those the write's condition looks at, keys apart; both sorted. ``passes``
    is what the module's ``check`` says of the item afterwards, True without one.
    """

    outcome: str
    item: dict[str, Any] | None
    changed: tuple[str, ...]
    condition: tuple[str, ...]
    passes: bool


def run_transform(
    transform: str | Path,
    item: Mapping[str, Any],
    *,
    key_names: tuple[str, ...] = ("id",),
    params: Mapping[str, Any] | None = None,
    started_at: str = _STARTED_AT,
) -> TransformResult:
    """Run a transform on a plain Python item under the rules of a migration.

    ``transform`` is the path of a file, or the name of a transform that ships with this package;
    ``key_names`` is the table's key, the partition key first; ``params`` pass through JSON, as a
    DAG run's do. The folder that holds ``transforms`` and the Lambda's code is put on ``sys.path``.

    :raises ItemError: the transform breaks a rule, or the item given is none for DynamoDB.
    :raises TransformError: the file is no transform.
    """
    _refuse_keyless(item, key_names)
    with _found(transform) as name:
        from ddb_transform.contract.codec import encode
        from ddb_transform.contract.load import load_transform
        from ddb_transform.contract.transform import Context

        plain = json.loads(json.dumps(dict(params or {})))
        loaded = load_transform(name, Context("test", started_at, plain, key_names))
        return _result(loaded, {key: encode(key, value) for key, value in item.items()})


def _result(transform: Any, typed: TypedItem) -> TransformResult:
    from ddb_transform.contract.item import Item
    from ddb_transform.contract.transform import applied

    change = transform.apply(typed)
    after = None if change.outcome == "deleted" else applied(typed, change)
    return TransformResult(
        outcome=change.outcome,
        item=None if after is None else dict(Item(after)),
        changed=tuple(sorted(change.assigned)),
        condition=tuple(sorted(change.expected)),
        passes=after is None or transform.passes(after),
    )


def _refuse_keyless(item: Mapping[str, Any], key_names: tuple[str, ...]) -> None:
    missing = [name for name in key_names if name not in item]
    if missing:
        raise InvalidInputError(
            f"The item has no key attribute {missing[0]!r}. Give it one, or name the table's key: "
            'run_transform(..., key_names=("pk", "sk")).'
        )


@contextmanager
def _found(transform: str | Path) -> Iterator[str]:
    """Make the transform importable for a while, fresh; yield its module's name."""
    package = _transforms_package()
    if isinstance(transform, str) and transform.isidentifier():
        yield transform
        return
    path = Path(transform).resolve()
    if not path.is_file():
        raise TransformError(
            f"There is no file {str(path)!r}. Give the path of a transform, or the name of one "
            "that ships with airflow_ddb_migrate, such as add_updated_at."
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
            f"Another package 'transforms' is imported already ({package.__path__}). Remove its "
            "__init__.py: a folder of transforms needs none."
        )
    return package


@contextmanager
def _only_here(package: Any, directory: Path) -> Iterator[None]:
    """Let ``transforms`` be this directory before ours, as in the bundle, and undo that."""
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
