"""A step that nobody asked for: skipped, and never in the way of what is below it."""

from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate._compat import AirflowSkipException

if TYPE_CHECKING:
    from airflow.sdk import Context

_RUN_AFTER_A_SKIP = ("all_done", "always", "none_failed")  # trigger rules
_RESULT = "return_value"  # the XCom's key: a task that is skipped cannot return


def not_asked(task: Any, context: "Context", why: str, result: Any = None) -> Any:
    """Skip the task, its result kept; succeed with it where a skip would skip what is below.

    A green task looks as if it had done what it is named for. But the task below an approval that
    is off has to run, also where its trigger rule is Airflow's default.

    :param why: what is not done, as a sentence.
    """
    kept = _skipped_with(task)
    if kept:
        task.log.info(
            "%s It is shown as a success: Airflow would skip %s with it. Give that task "
            "trigger_rule='none_failed' to see this one skipped.",
            why,
            ", ".join(kept),
        )
        return result
    if task.do_xcom_push and result is not None:
        context["ti"].xcom_push(key=_RESULT, value=result)
    raise AirflowSkipException(why)


def _skipped_with(task: Any) -> list[str]:
    """Return the tasks right below that Airflow would skip together with this one."""
    below = task.get_direct_relatives(upstream=False) if task.get_dag() else ()
    return sorted(
        other.task_id
        for other in below
        if not other.is_teardown and other.trigger_rule not in _RUN_AFTER_A_SKIP
    )
