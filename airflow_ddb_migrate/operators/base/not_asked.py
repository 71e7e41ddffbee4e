"""Skip a step that is switched off, without skipping its downstream tasks."""

from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate._compat import AirflowSkipException

if TYPE_CHECKING:
    from airflow.sdk import Context

_RUN_AFTER_A_SKIP = ("all_done", "always", "none_failed")  # trigger rules
_RESULT = "return_value"  # the XCom's key; a skipped task cannot return a value


def not_asked(task: Any, context: "Context", why: str, result: Any = None) -> Any:
    """Skip the task and keep its result. If a skip would skip a downstream task, succeed instead.

    A task that shows as success looks as if it had done its work. But a task below an approval that
    is off has to run, even with Airflow's default trigger rule.

    :param why: a sentence that says what was not done.
    """
    kept = _skipped_with(task)
    if kept:
        task.log.info(
            "%s The task shows as success, because Airflow would skip %s with it. To see it "
            "skipped, set trigger_rule='none_failed' on that task.",
            why,
            ", ".join(kept),
        )
        return result
    if task.do_xcom_push and result is not None:
        context["ti"].xcom_push(key=_RESULT, value=result)
    raise AirflowSkipException(why)


def _skipped_with(task: Any) -> list[str]:
    """Return the direct downstream tasks that Airflow would skip together with this one."""
    below = task.get_direct_relatives(upstream=False) if task.get_dag() else ()
    return sorted(
        other.task_id
        for other in below
        if not other.is_teardown and other.trigger_rule not in _RUN_AFTER_A_SKIP
    )
