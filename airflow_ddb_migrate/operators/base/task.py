"""Base classes of operators and sensors, built on those of the amazon provider."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.sensors.base_aws import AwsBaseSensor
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_ddb_migrate._compat import AirflowException, AirflowFailException
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError, MigrationError
from airflow_ddb_migrate.core.ledger.owners import validate_of_dags
from airflow_ddb_migrate.core.names import (
    DEFAULT_STACK_NAME,
    validate_migration_id,
    validate_table_name,
)
from airflow_ddb_migrate.core.text.markdown import visible_lines
from airflow_ddb_migrate.core.validation import validate_text
from airflow_ddb_migrate.operators.base.author_rules import require_author_rules
from airflow_ddb_migrate.operators.base.parameters import (
    NAMING,
    Rules,
    check_constants,
    check_rendered,
    check_request,
    earlier_migrations,
    given,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.hooks.migration import SiteAddress

COMMON_RULES: Rules = {
    "table_name": given(validate_table_name),
    "table_of": given(validate_migration_id),
    "stack_name": partial(validate_text, "stack_name"),
    "migration_id": given(validate_migration_id),
    "region_name": given(partial(validate_text, "region_name")),
}
_FIELDS = ("migration_id", "stack_name", "table_name", "table_of")


def template_fields(*own: str) -> Sequence[str]:
    """Return the templated parameters of a class: its own and the common ones."""
    return aws_template_fields(*_FIELDS, *own)


class MigrationTaskError(AirflowException):
    """A step of a migration failed, and a retry may succeed."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn a MigrationError into an Airflow exception, so that Airflow retries only if it helps."""
    try:
        yield
    except MigrationError as exc:
        raise task_error(str(exc), retryable=exc.retryable) from exc


def task_error(message: str, *, retryable: bool) -> AirflowException:
    shown = visible_lines(message)
    return MigrationTaskError(shown) if retryable else AirflowFailException(shown)


def require_known_conf(context: "Context") -> None:
    """Raise InvalidInputError for a field of the run's conf that neither form nor DAG declares.

    Otherwise a misspelt ``dryrun`` would start a real migration.
    """
    from airflow_ddb_migrate.core.execution.conf import require_known_fields
    from airflow_ddb_migrate.params import about_params, migration_params

    run = context.get("dag_run")
    declared = {
        name for owner in ("dag", "task") for name in getattr(context.get(owner), "params", ())
    }
    require_known_fields(
        (run and run.conf) or {},
        declared=declared,
        ours={*migration_params(), *about_params("")},
    )


def require_own_below(task: "MigrationTask", context: "Context") -> None:
    """Refuse a migration of another DAG that a downstream task would refuse, before any change.

    The migration of this task is checked when the task looks it up.
    """
    from airflow_ddb_migrate.aws.site import require_own_migration

    mine = {(getattr(task, name, None), tuple(task.of_dags)) for name in NAMING}
    others = [one for one in earlier_migrations(task, context) if one[2:] not in mine]
    if not others:
        return
    address = task.address(context)
    ledger = address.open_ledger()
    for task_id, field, name, of_dags in others:
        try:
            require_own_migration(ledger, name, replace(address.identity, of_dags=of_dags))
        except InvalidInputError as exc:
            raise InvalidInputError(f"Task {task_id} ({field}): {exc}") from exc


class MigrationTask:
    """
    Base class of operators and sensors: a table, the stack that migrates it, and a connection.

    :param table_name: name of the table to migrate. (templated)
    :param table_of: id of a migration in the ledger, to use its table instead of ``table_name``.
        (templated)
    :param stack_name: name of the deployed stack; see ``ddb-migrate deploy``. (templated)
    :param migration_id: id of an earlier migration to continue. By default each DAG run starts its
        own migration of a table, and all tasks of the run share its id. (templated)
    :param of_dags: ids of other DAGs whose migrations this task may continue, wait for, undo or
        replay. Write the list in the DAG's file. ``["*"]`` allows every migration of the stack. By
        default only migrations that its own DAG started are allowed.
    :param aws_conn_id: the Airflow connection with AWS credentials; None uses boto3's default
        credential chain. (templated)
    :param region_name: AWS region; by default the region of the connection. (templated)
    :param verify: whether to verify SSL certificates, or the path of a CA bundle. (templated)
    :param botocore_config: keyword arguments of ``botocore.config.Config``.

    Airflow reads parameters from an operator's own ``__init__``, so both subclasses have one.
    """

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None
    table_name: str | None
    table_of: str | None
    stack_name: str
    migration_id: str | None
    of_dags: Sequence[str]
    aws_hook_class = AwsBaseHook
    RULES: ClassVar[Rules] = COMMON_RULES

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {**super()._hook_parameters, "client_type": "dynamodb"}  # type: ignore[misc]

    def address(self, context: "Context") -> "SiteAddress":
        """Return the address of the migration as plain data. Nothing is looked up yet."""
        from airflow_ddb_migrate.hooks.migration import SiteAddress

        ti = context["ti"]
        return SiteAddress(
            table_name=self.table_name,
            stack_name=self.stack_name,
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            map_index=-1 if ti.map_index is None else ti.map_index,
            migration_id=self.migration_id,
            table_of=self.table_of,
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            botocore_config=self.botocore_config,
            of_dags=list(self.of_dags),
        )

    def open_site(self, context: "Context") -> "Site":
        """Look up the table and the stack. Changes nothing."""
        return self.address(context).open()


class MigrationOperator(MigrationTask, AwsBaseOperator[AwsBaseHook]):
    """
    Base class of the operators. Parameters: :class:`MigrationTask`.

    :param rules: limits that no run's configuration can lift, as :class:`AuthorRules` or as an
        object with any of its fields: ``require``, ``tables``, ``transforms``, ``max_prewarm``,
        ``max_cost_usd``, ``max_units_per_second``, ``allow_changed_transform``, ``hold_while`` and
        ``windows``. The rules in the DAG's ``params`` apply as well.
    """

    template_fields: Sequence[str] = template_fields()
    ui_color = "#d8ecd4"
    refuses_unknown_conf: ClassVar[bool] = True  # False for a teardown, which runs in any case
    may_be_wrong: ClassVar[frozenset[str]] = frozenset()  # parameters that need not be valid

    def __init__(  # noqa: PLR0913  # keywords, one for each parameter
        self,
        *,
        table_name: str | None = None,
        table_of: str | None = None,
        stack_name: str = DEFAULT_STACK_NAME,
        migration_id: str | None = None,
        rules: AuthorRules | Mapping[str, Any] | None = None,
        of_dags: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table_name = table_name
        self.table_of = table_of
        self.stack_name = stack_name
        self.migration_id = migration_id
        self.rules = AuthorRules.of(rules)
        self.of_dags = validate_of_dags(of_dags)
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: AuthorRules, values: Mapping[str, Any]) -> None:
        """Raise InvalidInputError if these parameters, as far as known, break a rule."""
        if table := values.get("table_name"):
            rules.check_table(table)

    def execute(self, context: "Context") -> Any:
        """Run the step. Its errors become Airflow exceptions."""
        with explained():
            if self.refuses_unknown_conf:
                require_known_conf(context)
                check_request(self, context)
            check_rendered(self, but=self.may_be_wrong)
            if self.refuses_unknown_conf:
                require_own_below(self, context)
                require_author_rules(self, context)
            return self.run_step(context)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: "Context"
    ) -> Any:
        with explained():
            check_rendered(self, but=self.may_be_wrong)
        return super().resume_execution(next_method, next_kwargs, context)

    def run_step(self, context: "Context") -> Any:
        raise NotImplementedError


class MigrationSensor(MigrationTask, AwsBaseSensor[AwsBaseHook]):
    """Base class of the sensors. Parameters: :class:`MigrationTask`."""

    template_fields: Sequence[str] = template_fields()
    ui_color = "#cfe3f1"

    def __init__(
        self,
        *,
        table_name: str | None = None,
        table_of: str | None = None,
        stack_name: str = DEFAULT_STACK_NAME,
        migration_id: str | None = None,
        of_dags: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table_name = table_name
        self.table_of = table_of
        self.stack_name = stack_name
        self.migration_id = migration_id
        self.of_dags = validate_of_dags(of_dags)
        check_constants(self)
