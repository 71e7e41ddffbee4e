"""Which DAG a migration belongs to, and which other DAGs may work on it."""

import re
from collections.abc import Collection
from typing import Final

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.text.markdown import visible
from airflow_ddb_migrate.core.validation import shown

ANY_DAG: Final = "*"

_STARTED_BY = re.compile(r"DAG (?P<dag_id>[^,]+), run (?P<run_id>.+)")
_DAG_ID = re.compile(r"[\w.~-]{1,250}")  # as Airflow defines it


def started_by(dag_id: str, run_id: str) -> str:
    """Return a DAG run as the ledger names it, escaped: users can choose the run's id."""
    return visible(f"DAG {dag_id}, run {run_id}")


def run_of(started_by: str) -> tuple[str, str]:
    """Return the ids of the DAG and the run that started a migration; empty if no DAG did."""
    found = _STARTED_BY.fullmatch(started_by)
    return (found["dag_id"], found["run_id"]) if found else ("", "")


def validate_of_dags(value: object) -> tuple[str, ...]:
    """Return the ids of the DAGs whose migrations this DAG may work on.

    :raises InvalidInputError: it is not a list of ids in the DAG's file. A conf field, a template
        or a task's result is refused, since whoever triggers the DAG could choose it.
    """
    if isinstance(value, list | tuple) and all(map(_is_dag, value)):
        return tuple(value)
    raise InvalidInputError(
        f"of_dags is {shown(value)}; it must be a list of DAG ids, written in the DAG's "
        f'file, as in ["ddb_migration"], or ["{ANY_DAG}"] for every migration of the stack.'
    )


def require_own(
    migration_id: str, owner: str, *, dag_id: str, of_dags: Collection[str] = ()
) -> None:
    """Raise InvalidInputError unless this DAG may work on the migration.

    :param owner: the DAG that started it; empty if the ledger names none.
    :param of_dags: the DAGs whose migrations this one may work on, beside its own.
    """
    if owner == dag_id or ANY_DAG in of_dags or (owner and owner in of_dags):
        return
    whose, allow = (f"DAG {owner}", owner) if owner else ("no DAG", ANY_DAG)
    raise InvalidInputError(
        f"Migration {migration_id} was started by {whose}. This task of DAG {dag_id} may only "
        "work on migrations of "
        + (f"DAGs {', '.join(sorted({dag_id, *of_dags}))}" if of_dags else "its own DAG")
        + f". Nothing was touched. The author of DAG {dag_id} can allow it: give the operators "
        f'of_dags=["{allow}"].'
    )


def _is_dag(name: object) -> bool:
    return isinstance(name, str) and (name == ANY_DAG or bool(_DAG_ID.fullmatch(name)))
