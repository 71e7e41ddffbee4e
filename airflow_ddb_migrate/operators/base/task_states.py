"""Find out how other tasks of a DAG run ended."""

from collections.abc import Mapping, Sequence
from typing import Any

_FAILED = "failed"
_NOT_RUN = "upstream_failed"


def failed_above(task: Any, ti: Any) -> Mapping[str, str]:
    """Return the upstream tasks that failed, with their states."""
    ids = sorted(task.get_flat_relative_ids(upstream=True)) if task.get_dag() else []
    return failed_of(ti, ids)


def failed_of(ti: Any, task_ids: Sequence[str]) -> Mapping[str, str]:
    """Return those of the given tasks that failed in this run, with their states.

    Airflow names the instances of a mapped task ``<task id>_<map index>``. If this task is mapped,
    only the instances with its own index count.
    """
    if not task_ids:
        return {}
    found = ti.get_task_states(dag_id=ti.dag_id, task_ids=task_ids, run_ids=[ti.run_id])
    others = found.get(ti.run_id, {})
    if ti.map_index is not None and ti.map_index >= 0:
        mine = {name for one in task_ids for name in (one, f"{one}_{ti.map_index}")}
        others = {name: state for name, state in others.items() if name in mine}
    return _with_state(_FAILED, others) or _with_state(_NOT_RUN, others)


def _with_state(wanted: str, states: Mapping[str, Any]) -> dict[str, str]:
    """Return the tasks that are in this state."""
    return {name: wanted for name, state in states.items() if str(state) == wanted}
