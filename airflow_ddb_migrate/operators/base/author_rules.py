"""What the author of a DAG demands of it, held against what its tasks are asked to do.

The rules come from the DAG's Params and from the parameter ``rules`` of its tasks, so from its file
alone: a run's configuration reaches neither.
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
    """Return the rules in force for a task: its own, and those of its DAG."""
    dag = task.get_dag()
    of_dag = rules_carried(getattr(dag, "params", None))
    return of_dag.joined(_own(task))


def require_author_rules(task: Any, context: "Context") -> None:
    """Hold this task, and what is known of those below it, to the rules.

    :raises InvalidInputError: names the task that would break a rule.
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
    """Raise InvalidInputError for more units than prewarm may raise to, of those known."""
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
    """Raise InvalidInputError for a required step that no task of the DAG takes."""
    dag = task.get_dag()
    if dag is None or not any(getattr(class_of(one), "starts_migration", False) for one in tasks):
        return
    taken = {step for one in dag.tasks for step in _steps_of(one)}
    missing = [step for step in rules_for(task).require if step not in taken]
    if missing:
        raise InvalidInputError(
            f"The author of this DAG requires {', '.join(missing)}, and no task of it does that. "
            f"Add the task, or take it out of require. Nothing was touched."
        )


def _steps_of(task: Any) -> Iterable[RequiredStep]:
    """Return the steps that a task takes, mapped or not."""
    steps: Iterable[RequiredStep] = getattr(class_of(task), "steps", ())
    only = getattr(task, "partial_kwargs", {}).get("step", getattr(task, "step", None))
    return [step for step in steps if only in (None, step)]
