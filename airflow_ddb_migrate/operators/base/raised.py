"""Record which tables the prewarm tasks of a DAG run raised, and which task restores each."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import RestoreUnknownError
from airflow_ddb_migrate.core.ledger.records import RaisedRow
from airflow_ddb_migrate.operators.base.parameters import class_of

if TYPE_CHECKING:
    from airflow.sdk import Context

RAISED = "raised"  # the XCom's key


def note_raising(context: "Context", site: Site, *, push: bool) -> None:
    """Record in the ledger and as an XCom which table this task is about to raise."""
    from airflow_ddb_migrate.aws.ledger.dag_runs import note_raised_table

    ti = context["ti"]
    row = RaisedRow(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        map_index=_map_index(ti),
        migration_id=site.migration_id,
        table_arn=site.table.key.arn,
        table_name=site.table.key.name,
    )
    note_raised_table(site.ledger, row)
    if push:
        ti.xcom_push(key=RAISED, value=asdict(row))


def raisers_of(task: Any) -> list[str]:
    """Return the ids of the prewarm tasks whose capacity a restore task has to restore.

    These are the prewarm tasks upstream of it, and those without any restore task downstream.
    """
    dag = task.get_dag()
    if dag is None:
        return []
    above = task.get_flat_relative_ids(upstream=True)
    return [
        other.task_id
        for other in dag.tasks
        if _has(other, "raises_capacity")
        and (other.task_id in above or not _restores_below(other, task))
    ]


def is_for(row: RaisedRow, task: Any, map_index: int, table_arn: str) -> bool:
    """Return whether this task has to restore a table that a task of this DAG run raised.

    In a mapped task group, a task restores what its own instance of the group raised. If the
    restore task itself is mapped, each instance restores its own table, and the first instance
    also restores all other tables.

    :param table_arn: ARN of the table that the task names; empty if there is no such table.
    """
    if task.get_dag() is not None and row.task_id not in raisers_of(task):
        return False
    if map_index <= 0 and (map_index < 0 or task.get_closest_mapped_task_group() is None):
        return True
    return row.map_index in {-1, map_index} or row.table_arn == table_arn


def require_all_known(context: "Context", task: Any, rows: Iterable[RaisedRow]) -> None:
    """Raise RestoreUnknownError if the ledger does not know a table that prewarm raised."""
    known = {row.migration_id for row in rows}
    unknown = [row for row in _told(context, task) if row.migration_id not in known]
    if unknown:
        raise RestoreUnknownError(
            f"Prewarm raised tables that the ledger of this task does not know: "
            f"{', '.join(row.table_arn for row in unknown)}. Their capacity was not restored, "
            "and it costs more until it is. Give this task the same stack_name, region_name and "
            "aws_conn_id as the prewarm task, and clear it."
        )


def has_raised_nothing(context: "Context", task: Any) -> bool:
    """Return whether the prewarm tasks of this run raised nothing. They record it beforehand."""
    raisers = raisers_of(task)
    if not raisers or _told(context, task):
        return False
    tasks = task.get_dag().task_dict
    return all(_pushes(tasks[one]) for one in raisers)


def _told(context: "Context", task: Any) -> list[RaisedRow]:
    """Return the tables that prewarm tasks recorded as XComs and this task has to restore."""
    ids, ti = raisers_of(task), context["ti"]
    facts = ti.xcom_pull(task_ids=ids, key=RAISED) if ids else None
    rows = [RaisedRow(**fact) for fact in facts or () if isinstance(fact, Mapping)]
    return [row for row in rows if is_for(row, task, _map_index(ti), "")]


def _restores_below(raiser: Any, task: Any) -> bool:
    below = raiser.get_flat_relatives(upstream=False)
    return any(_has(other, "restores_capacity") for other in below if other is not task)


def _has(task: Any, mark: str) -> bool:
    """Return whether the class of a task, mapped or not, has this mark."""
    return bool(getattr(class_of(task), mark, False))


def _pushes(task: Any) -> bool:
    """Return whether a task, mapped or not, pushes XComs."""
    given = getattr(task, "partial_kwargs", {})
    return bool(given.get("do_xcom_push", getattr(task, "do_xcom_push", True)))


def _map_index(ti: Any) -> int:
    return -1 if ti.map_index is None else int(ti.map_index)
