"""Loads a transform for a table only if the deployment has bound the two.

The bindings are a file in the zip, and so part of the published version: nothing in the ledger can
change them. Without the file nothing is bound, and nothing may run.
"""

import functools
import os
from dataclasses import replace
from pathlib import Path

from airflow_ddb_migrate.core.bindings import BINDINGS_FILE, Bindings
from airflow_ddb_migrate.core.names import stack_of_ledger_name
from ddb_transform.contract.load import load_transform
from ddb_transform.contract.transform import Context, Transform

_FILE = Path(__file__).parents[1] / BINDINGS_FILE


@functools.cache
def deployed_bindings() -> Bindings:
    """Return the bindings that were deployed with this code."""
    return Bindings.from_json(_FILE.read_bytes()) if _FILE.exists() else Bindings()


def require_table(bindings: Bindings, table: str) -> None:
    """Raise NotBoundError if no transform is bound to the table."""
    bindings.require(table, "", _stack(), deletes=False)


def bound_transform(bindings: Bindings, table: str, name: str, context: Context) -> Transform:
    """Load a transform that is bound to the table; it may delete only if it is bound by name.

    :raises NotBoundError: it is not bound; nothing was read from the table.
    :raises TransformError: see ``load_transform``.
    """
    is_named = bindings.names(table, name)
    bindings.require(table, name, _stack(), deletes=False)  # before any of its code runs
    transform = load_transform(name, context)
    bindings.require(table, name, _stack(), deletes=transform.deletes)
    if is_named:
        return transform
    return replace(
        transform,
        no_delete=transform.no_delete
        or f"the transform is not bound to table {table} by its name, which deleting requires. Run "
        f"ddb-migrate deploy --stack-name {_stack()} --table {table}:{name}, then replay.",
    )


def _stack() -> str:
    return stack_of_ledger_name(os.environ.get("LEDGER_TABLE", ""))
