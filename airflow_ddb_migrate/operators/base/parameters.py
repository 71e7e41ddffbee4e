"""Validation of operators' parameters, when a DAG is parsed and in a run's first task."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import jinja2
from airflow.sdk.definitions.param import DagParam
from jinja2 import meta

from airflow_ddb_migrate.conf_field import ConfField
from airflow_ddb_migrate.core.errors import InvalidInputError

if TYPE_CHECKING:
    from airflow.sdk import Context

Rule = Callable[[Any], Any]  # returns the value to use; raises InvalidInputError
Rules = Mapping[str, Rule]

#: Parameters that name an earlier migration.
NAMING = ("migration_id", "table_of", "of")


class Ruled(Protocol):
    """A task with ``RULES``: a rule for each parameter."""

    RULES: ClassVar[Rules]


def optional(rule: Rule) -> Rule:
    """Return a rule that also accepts None."""
    return lambda value: None if value is None else rule(value)


def given(rule: Rule) -> Rule:
    """Return a rule that also accepts None and "", which mean that the parameter is not set."""
    return lambda value: value if value in (None, "") else rule(value)


def check_constants(task: Ruled) -> None:
    """Check the parameters without a template when the DAG is parsed. A timedelta becomes seconds.

    Each ``__init__`` calls it at its end. The next ``__init__`` checks what is set later.

    :raises InvalidInputError: a parameter is not valid. Airflow shows the message as the import
        error of the DAG's file.
    """
    for name, rule in task.RULES.items():
        value = getattr(task, name, None)
        if value is not None and not _is_open(value):
            setattr(task, name, rule(value))


def check_rendered(task: Ruled, *, but: Collection[str] = ()) -> None:
    """Check the rendered parameters of a running task, except those in ``but``.

    :raises InvalidInputError: a parameter is not valid.
    """
    for name, rule in task.RULES.items():
        if name not in but:
            setattr(task, name, rule(getattr(task, name)))


def check_request(task: Any, context: "Context") -> None:
    """Check the parameters of the downstream tasks before this task changes anything.

    Values from the DAG run's configuration are known by then; other tasks' results are not.

    :raises InvalidInputError: a parameter is not valid. The message names the task and the
        parameter.
    """
    below = task.get_flat_relatives(upstream=False) if task.get_dag() else ()
    for other in below:
        for name, rule, value in _checked(other):
            try:
                for known in _known(other, value, context):
                    rule(known)
            except InvalidInputError as exc:
                field = value.name if isinstance(value, ConfField) else name
                raise InvalidInputError(f"Task {other.task_id} ({field}): {exc}") from exc


def known_values(task: Any, context: "Context") -> dict[str, Any]:
    """Return the parameters of a downstream task whose values are already known."""
    values = {}
    for name, _, value in _checked(task):
        for known in _known(task, value, context):
            values[name] = known
    return values


def earlier_migrations(
    task: Any, context: "Context"
) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Yield the migrations that downstream tasks name, as far as they are already known.

    Each is a tuple of task id, field, migration id, and the ids of the DAGs whose migrations that
    task may work on.
    """
    below = task.get_flat_relatives(upstream=False) if task.get_dag() else ()
    for other in below:
        mapped = getattr(other, "partial_kwargs", None)
        given = getattr(other, "of_dags", ()) if mapped is None else mapped.get("of_dags", ())
        for name, _, value in _checked(other):
            if name in NAMING:
                field = value.name if isinstance(value, ConfField) else name
                for known in filter(None, _known(other, value, context)):
                    yield other.task_id, field, known, tuple(given)


def class_of(task: Any) -> type:
    """Return the operator class of a task, whether or not it is mapped."""
    return getattr(task, "operator_class", type(task))


def _checked(task: Any) -> Iterator[tuple[str, Rule, Any]]:
    """Yield the checked parameters of a task: name, rule, value. Mapped values are left out."""
    rules: Rules = getattr(class_of(task), "RULES", {})
    given = getattr(task, "partial_kwargs", None)
    for name, rule in rules.items():
        if given is None:
            yield name, rule, getattr(task, name)
        elif name in given:
            yield name, rule, given[name]


def _known(task: Any, value: Any, context: "Context") -> Iterator[Any]:
    """Yield the value that the task will get, or nothing if it is not known yet."""
    if isinstance(value, ConfField):
        yield value(context)
    elif isinstance(value, DagParam):
        yield value.resolve(context)
    elif isinstance(value, str) and _is_open(value):
        if _names(value) <= {"params"} and not hasattr(task, "partial_kwargs"):
            yield from _rendered(task, value, context)
    elif not _is_open(value):
        yield value


def _rendered(task: Any, template: str, context: "Context") -> Iterator[Any]:
    try:
        yield task.render_template(template, context)
    except (jinja2.TemplateError, TypeError, ValueError):
        return  # Airflow reports the error in the template


def _names(template: str) -> set[str]:
    """Return the names that a template takes from the context."""
    try:
        return meta.find_undeclared_variables(jinja2.Environment().parse(template))  # noqa: S701
    except jinja2.TemplateError:
        return {template}  # Airflow reports the error in the template


def _is_open(value: Any) -> bool:
    """Return whether the value is known only when the task runs."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    return callable(value) or hasattr(value, "resolve")  # an XCom, a DagParam, a mapped argument
