"""Find the migrations of a DAG run, and their connections, in Airflow's database."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import String, and_, cast, select
from sqlalchemy.orm import Session

from airflow_ddb_migrate import settings
from airflow_ddb_migrate.core.names import CANARY_CHECK, CHECK, DRY_RUN

_RETURN_VALUE = "return_value"
_ROWS = 1_000  # a run of more than 100 mapped migrations shows the first ones
_OURS = frozenset({"migration_id", "stack_name", "table_name", "table_of"})  # each has these fields
_PART = re.compile(rf"-(?:{DRY_RUN}|{CHECK}|{CANARY_CHECK})\d*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The connection, region and stack that the tasks of a run used."""

    aws_conn_id: str | None
    region_name: str | None
    stack_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A migration that a task of the run returned."""

    migration_id: str
    task_id: str
    map_index: int
    where: Where

    def owns(self, migration_id: str) -> bool:
        """Return whether a migration is this one, its dry run or one of its checks."""
        if migration_id == self.migration_id:
            return True
        rest = migration_id.removeprefix(self.migration_id)
        return rest != migration_id and bool(_PART.fullmatch(rest))


def default_where() -> Where:
    """Return the connection and stack of the example DAGs."""
    return Where(
        aws_conn_id=settings.aws_conn_id(),
        region_name=None,
        stack_name=settings.stack_name(),
    )


def find_migrations(dag_id: str, run_id: str) -> list[Found]:
    """Return the migrations of a DAG run, in the order of their first tasks.

    Every operator of this package returns its ``migration_id``, so the XComs name the migrations.
    Airflow keeps them as long as the run. Return values of other tasks are ignored. Connection,
    region and stack come from the rendered fields of the same task. Airflow keeps these only for
    the latest runs of a DAG (``max_num_rendered_ti_fields_per_task``); for older runs the defaults
    are used.

    A user who may write XComs can put any id there. So an id must be checked against the ledger; it
    gives no right to the migration.
    """
    with create_session(scoped=False) as session:
        named = list(_named(session, dag_id, run_id))
        wheres = _wheres(session, dag_id, run_id) if named else {}
    default = default_where()
    first: dict[str, Found] = {}
    for migration_id, task_id, map_index in named:
        where = wheres.get((task_id, map_index), default)
        found = Found(migration_id=migration_id, task_id=task_id, map_index=map_index, where=where)
        first.setdefault(migration_id, found)
    return _without_parts(first.values())


def owner_of(found: Iterable[Found], migration_id: str) -> Found | None:
    """Return the run's migration with this id or with this part; None if the run has none."""
    return next((one for one in found if one.owns(migration_id)), None)


def _named(session: Session, dag_id: str, run_id: str) -> Iterable[tuple[str, str, int]]:
    """Yield migration id, task id and map index. The query leaves out other XComs."""
    task = and_(
        *(
            getattr(TaskInstance, name) == getattr(XComModel, name)
            for name in ("dag_id", "run_id", "task_id", "map_index")
        )
    )
    query = (
        select(XComModel, TaskInstance.dag_version_id)
        .join(TaskInstance, task)
        .where(
            XComModel.dag_id == dag_id,
            XComModel.run_id == run_id,
            XComModel.key == _RETURN_VALUE,
            cast(XComModel.value, String).contains("migration_id"),
        )
        .order_by(XComModel.timestamp)
        .limit(_ROWS)
    )
    for row, version_id in session.execute(query):
        if row.task_id not in _our_tasks(version_id):
            continue
        value = XComModel.deserialize_value(row)
        name = value.get("migration_id") if isinstance(value, Mapping) else None
        if isinstance(name, str):
            yield name, row.task_id, row.map_index


@lru_cache(maxsize=256)
def _our_tasks(version_id: Any) -> frozenset[str]:
    """Return the ids of tasks, in a DAG version, whose operators come from this package.

    Subclasses count, too. A DAG version that a run has used never changes.
    """
    query = select(SerializedDagModel).where(SerializedDagModel.dag_version_id == version_id)
    with create_session(scoped=False) as session:
        found = session.scalars(query).first()
        tasks = found.data["dag"]["tasks"] if found and found.data else ()
    each = (task["__var"] for task in tasks)
    return frozenset(one["task_id"] for one in each if {*one.get("template_fields", ())} >= _OURS)


def _wheres(session: Session, dag_id: str, run_id: str) -> dict[tuple[str, int], Where]:
    fields = RenderedTaskInstanceFields
    query = select(fields.task_id, fields.map_index, fields.rendered_fields).where(
        fields.dag_id == dag_id, fields.run_id == run_id
    )
    return {
        (task_id, map_index): _where(rendered)
        for task_id, map_index, rendered in session.execute(query)
        if {"aws_conn_id", "stack_name"} <= rendered.keys()
    }


def _where(rendered: Mapping[str, Any]) -> Where:
    return Where(
        aws_conn_id=rendered["aws_conn_id"],
        region_name=rendered.get("region_name"),
        stack_name=rendered["stack_name"],
    )


def _without_parts(found: Iterable[Found]) -> list[Found]:
    """Leave out dry runs and checks of another migration; that migration's view has them."""
    everything = list(found)
    return [
        one
        for one in everything
        if not any(other is not one and other.owns(one.migration_id) for other in everything)
    ]
