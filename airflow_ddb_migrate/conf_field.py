"""Fields of a DAG run's configuration, as values of operators' parameters."""

from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.core.errors import InvalidInputError


class ConfField:
    """
    A field of the DAG run's configuration, for any templated parameter of an operator.

    ``table_name=ConfField("table")`` keeps the type that was given: a table named "123" stays text,
    where the template ``{{ params.table }}`` would make a number of it. It has to be the whole
    value of a parameter. Unlike ``dag.param("table")`` it works on every Airflow from 3.1.

    Airflow calls it when it renders the task, and shows and compares ``serialize()`` until then.

    :param name: the field, as the DAG's ``params`` declare it.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, context: Mapping[str, Any], jinja_env: object = None) -> Any:  # noqa: ARG002
        """Return the field's value in this run; raises InvalidInputError for an unknown field."""
        run = context.get("dag_run")
        for fields in (getattr(run, "conf", None) or {}, context.get("params") or {}):
            if self.name in fields:
                return fields[self.name]
        raise InvalidInputError(
            f"The DAG run has no field {self.name!r}. Declare it as a Param of the DAG, as "
            f"airflow_ddb_migrate.params does, or give it in the run's configuration."
        )

    def __repr__(self) -> str:
        return f"ConfField({self.name!r})"

    def serialize(self) -> str:
        """Return what Airflow shows of a task that has not run, the same in every process."""
        return f"{{{{ params.{self.name} }}}}"
