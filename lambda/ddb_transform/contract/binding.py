"""Loads a transform for a table only where the deployment has bound them.

The bindings are a file of the zip, and so of the published version: nothing that the ledger says
can change them. Without the file nothing is bound.
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
    """Return what was deployed with this code."""
    return Bindings.from_json(_FILE.read_bytes()) if _FILE.exists() else Bindings()


def require_table(bindings: Bindings, table: str) -> None:
    """Raise NotBoundError for a table that is bound to nothing."""
    bindings.require(table, "", _stack(), deletes=False)


def bound_transform(bindings: Bindings, table: str, name: str, context: Context) -> Transform:
    """Load a transform that is bound to the table; only one that is bound by name may delete.

    :raises NotBoundError: it is not bound; nothing was read of the table.
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
        or f"is not bound to table {table} by its name, as one that deletes has to be. Run "
        f"ddb-migrate deploy --stack-name {_stack()} --table {table}:{name}, then replay.",
    )


def _stack() -> str:
    return stack_of_ledger_name(os.environ.get("LEDGER_TABLE", ""))
