"""Check the tasks of a DAG against the rules of its author.

The rules come from the DAG's Params and from the ``rules`` parameter of its tasks. Both are written
in the DAG's file, so a run's configuration cannot change them.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.form.author_rules import rules_carried
from airflow_ddb_migrate.operators.base.parameters import class_of, known_values

if TYPE_CHECKING:
    from airflow.sdk import Context


def rules_for(task: Any) -> AuthorRules:
    """Return the rules that apply to a task: its own and those of its DAG."""
    dag = task.get_dag()
    of_dag = rules_carried(getattr(dag, "params", None))
    return of_dag.joined(_own(task))


def require_author_rules(task: Any, context: "Context") -> None:
    """Check this task and its downstream tasks, as far as their parameters are known.

    :raises InvalidInputError: a task would break a rule. The message names the task.
    """
    below = task.get_flat_relatives(upstream=False) if task.get_dag() else ()
    _judge(task, _rendered(task))
    for other in below:
        if hasattr(class_of(other), "hold_to"):
            try:
                _judge(other, known_values(other, context))
            except InvalidInputError as exc:
                raise InvalidInputError(f"Task {other.task_id}: {exc}") from exc
    _require_steps(task, [task, *below])


def check_units(rules: AuthorRules, values: Mapping[str, Any]) -> None:
    """Raise InvalidInputError if read_units or write_units exceed the author's max_prewarm."""
    for field, name in (("prewarm_rcu", "read_units"), ("prewarm_wcu", "write_units")):
        if name in values:
            rules.check_prewarm(field, values[name])


def _judge(task: Any, values: Mapping[str, Any]) -> None:
    class_of(task).hold_to(rules_for(task), values)  # type: ignore[attr-defined]


def _rendered(task: Any) -> dict[str, Any]:
    return {name: getattr(task, name) for name in task.RULES if hasattr(task, name)}


def _own(task: Any) -> AuthorRules:
    given = getattr(task, "partial_kwargs", {}).get("rules", getattr(task, "rules", None))
    return AuthorRules.of(given)


def _require_steps(task: Any, tasks: Iterable[Any]) -> None:
    """Raise InvalidInputError if no task of the DAG performs a required step."""
    dag = task.get_dag()
    if dag is None or not any(getattr(class_of(one), "starts_migration", False) for one in tasks):
        return
    taken = {step for one in dag.tasks for step in _steps_of(one)}
    missing = [step for step in rules_for(task).require if step not in taken]
    if missing:
        raise InvalidInputError(
            f"The author of this DAG requires {', '.join(missing)}, but no task of the DAG does "
            f"that. Add the task, or remove the step from require. Nothing was changed."
        )


def _steps_of(task: Any) -> Iterable[RequiredStep]:
    """Return the steps that a task performs, whether or not it is mapped."""
    steps: Iterable[RequiredStep] = getattr(class_of(task), "steps", ())
    only = getattr(task, "partial_kwargs", {}).get("step", getattr(task, "step", None))
    return [step for step in steps if only in (None, step)]
