"""Airflow's own database and auth manager in this process, for tests of what asks them."""

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from airflow.api_fastapi.app import create_auth_manager, purge_cached_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.models.dag_version import DagVersion
from airflow.models.log import Log
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.sdk import DAG, BaseOperator
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow_ddb_migrate import StartDistributedMapMigrationOperator
from sqlalchemy import delete, insert, text

_WRITTEN = (
    XComModel,
    RenderedTaskInstanceFields,
    TaskInstance,
    SerializedDagModel,
    DagVersion,
    Log,
)
NOT_ALL_ADMINS = {
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "ann:admin,vic:viewer",
}


@contextmanager
def airflow_database() -> Iterator[None]:
    """Airflow's database as other tests of this process have it, users as NOT_ALL_ADMINS."""
    before = {name: os.environ.get(name) for name in NOT_ALL_ADMINS}
    os.environ.update(NOT_ALL_ADMINS)
    initdb()
    purge_cached_app()
    create_auth_manager().init()
    yield
    _forget()
    purge_cached_app()
    os.environ.update({name: value for name, value in before.items() if value is not None})
    os.environ.pop("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", None)


def token_of(name: str, role: str) -> str:
    """Sign a user in; return the token that a browser would have as the cookie ``_token``."""
    return create_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))


def start_task(task_id: str) -> BaseOperator:
    return StartDistributedMapMigrationOperator(task_id=task_id, table_name="orders")


def returned(
    dag_id: str,
    run_id: str,
    task_id: str,
    value: Any,
    *,
    map_index: int = -1,
    second: int = 0,
    task: Callable[[str], BaseOperator] = start_task,
) -> None:
    """Write down what a task of a run has returned, as the task execution API does.

    :param task: makes the task, whose DAG the scheduler has written down before it ran.
    """
    with DAG(dag_id, schedule=None) as dag:
        task(task_id)
    version = _version(dag)
    _add(
        TaskInstance,
        id=uuid4(),
        dag_id=dag_id,
        run_id=run_id,
        task_id=task_id,
        map_index=map_index,
        pool="default_pool",
        dag_version_id=version,
    )
    _add(
        XComModel,
        dag_run_id=zlib.crc32(run_id.encode()),
        task_id=task_id,
        map_index=map_index,
        key="return_value",
        dag_id=dag_id,
        run_id=run_id,
        value=value,
        timestamp=datetime.fromtimestamp(second, UTC),
    )


def rendered(dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, **fields: Any) -> None:
    """Write down with which parameters a task ran."""
    _add(
        RenderedTaskInstanceFields,
        dag_id=dag_id,
        run_id=run_id,
        task_id=task_id,
        map_index=map_index,
        rendered_fields=fields,
    )


def _version(dag: DAG) -> UUID:
    """Write down a DAG as its tasks are now; return its version."""
    version = uuid4()
    _add(DagVersion, id=version, dag_id=dag.dag_id, version_number=version.int % 2**31)
    with create_session() as session:
        session.execute(text("PRAGMA foreign_keys = OFF"))
        row = SerializedDagModel(LazyDeserializedDAG.from_dag(dag))
        row.dag_version_id = version
        session.add(row)
    return version


def _forget() -> None:
    with create_session() as session:
        for model in _WRITTEN:
            session.execute(delete(model))


def _add(model: Any, **values: Any) -> None:
    """Add one row alone: the DAG run and the task instance that it points to do not matter here."""
    with create_session() as session:
        session.execute(text("PRAGMA foreign_keys = OFF"))
        session.execute(insert(model).values(**values))
