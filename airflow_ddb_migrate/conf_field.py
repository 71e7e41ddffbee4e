"""Fields of a DAG run's configuration, for use as operator parameters."""

from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.core.errors import InvalidInputError


class ConfField:
    """
    A field of the DAG run's configuration, as the value of a templated parameter of an operator.

    ``table_name=ConfField("table")`` keeps the type of the value. A table named "123" stays text,
    whereas the template ``{{ params.table }}`` would turn it into a number. Use it as the whole
    value of a parameter. Unlike ``dag.param("table")``, it works on every Airflow version from 3.1.

    Airflow calls it when it renders the task. Until then Airflow shows ``serialize()``.

    :param name: name of the field, as the DAG's ``params`` declare it.
    :raises InvalidInputError: when the task is rendered, if the DAG run has no such field.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, context: Mapping[str, Any], jinja_env: object = None) -> Any:  # noqa: ARG002
        """Return the field's value in this run, from its configuration or from the DAG's params.

        :raises InvalidInputError: the DAG run has no such field.
        """
        run = context.get("dag_run")
        for fields in (getattr(run, "conf", None) or {}, context.get("params") or {}):
            if self.name in fields:
                return fields[self.name]
        raise InvalidInputError(
            f"The DAG run has no field {self.name!r}. Declare it as a Param of the DAG, as "
            f"airflow_ddb_migrate.params does, or set it in the run's configuration."
        )

    def __repr__(self) -> str:
        return f"ConfField({self.name!r})"

    def serialize(self) -> str:
        """Return the text that Airflow shows before the task runs, the same in every process."""
        return f"{{{{ params.{self.name} }}}}"
