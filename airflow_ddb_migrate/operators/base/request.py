"""The parameters of a migration, which the plan, prewarm and start operators share."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.execution.payload import (
    validate_max_concurrency,
    validate_tolerated_failure,
)
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.execution.segments import validate_total_segments
from airflow_ddb_migrate.core.health.alarms import validate_alarms, validate_healthy_for
from airflow_ddb_migrate.core.hours.windows import validate_windows
from airflow_ddb_migrate.core.ledger.owners import started_by
from airflow_ddb_migrate.core.limits import (
    HEALTHY_SECONDS,
    QUARANTINE_ITEMS,
    QUARANTINE_PERCENTAGE,
)
from airflow_ddb_migrate.core.names import DEFAULT_TRANSFORM
from airflow_ddb_migrate.core.validation import (
    validate_at_least_zero,
    validate_count,
    validate_params,
    validate_seconds,
    validate_switch,
    validate_text,
)
from airflow_ddb_migrate.operators.base.approvals import steps_asked
from airflow_ddb_migrate.operators.base.author_rules import rules_for
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants, given, optional
from airflow_ddb_migrate.operators.base.task import (
    COMMON_RULES,
    MigrationOperator,
    template_fields,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.core.approval.author_rules import AuthorRules

_RULES: Rules = {
    "healthy_for": validate_healthy_for,
    "hold_while": validate_alarms,
    "max_concurrency": validate_max_concurrency,
    "max_quarantined": partial(validate_count, "max_quarantined"),
    "max_quarantined_percentage": partial(validate_at_least_zero, "max_quarantined_percentage"),
    "once": partial(validate_switch, "once"),
    "read_units_per_second": optional(partial(validate_at_least_zero, "read_units_per_second")),
    "show_values": partial(validate_switch, "show_values"),
    "single_writer_region": partial(validate_switch, "single_writer_region"),
    "slice_seconds": partial(validate_seconds, "slice_seconds"),
    "tolerated_failure_percentage": validate_tolerated_failure,
    "total_segments": optional(validate_total_segments),
    "transform": given(partial(validate_text, "transform")),
    "transform_params": validate_params,
    "windows": validate_windows,
    "write_units_per_second": optional(partial(validate_at_least_zero, "write_units_per_second")),
}
REQUEST_FIELDS = tuple(_RULES)


class MigrationRequestOperator(MigrationOperator):
    """
    Base class of the operators that check or start a migration.

    A number in a template needs ``render_template_as_native_obj=True`` on the DAG, or
    ``ConfField("segments")``, which keeps the type of the value.

    Where a parameter is None, the plan of
    :class:`~airflow_ddb_migrate.operators.plan.PlanMigrationOperator` decides. A value that you set
    overrides the plan. Without a plan, a migration has 100 segments, 100 child executions at a time
    and no budgets.

    :param total_segments: segments of the parallel scan, 1 to 1,000,000; None: the plan decides.
        (templated)
    :param transform: name of the module in the stack that holds the transform. (templated)
    :param transform_params: an object that the transform reads as ``context.params``. (templated)
    :param max_concurrency: child executions at a time, 1 to 10,000; None: the plan decides.
        (templated)
    :param tolerated_failure_percentage: percentage of segments, 0 to 100, that may fail before the
        others are stopped. The migration succeeds only if no segment fails. (templated)
    :param read_units_per_second: read units per second that the whole migration may use; 0: no
        limit, None: the plan decides. (templated)
    :param write_units_per_second: write units per second that the whole migration may use on the
        table, and on each index; 0: no limit, None: the plan decides. (templated)
    :param max_quarantined: the migration stops if more items than this are quarantined. (templated)
    :param max_quarantined_percentage: the migration stops if more than this percentage of the items
        that it has read are quarantined. (templated)
    :param show_values: write item values into the quarantine's records in the stack's private
        bucket. They never go into logs or the ledger. (templated)
    :param slice_seconds: end each Lambda invocation after this many seconds; the next one resumes
        there. 0: as late as the Lambda's time limit allows. (templated)
    :param once: refuse a migration if the same transform, unchanged and with the same parameters,
        has already succeeded on this table. You can always continue an unfinished migration.
        (templated)
    :param hold_while: names or ARNs of CloudWatch alarms, including composite alarms. While any of
        them is in ALARM, the migration is on hold. Alarms of the DAG's author are added.
        (templated)
    :param healthy_for: seconds for which all of these alarms must be OK before the migration
        resumes. (templated)
    :param single_writer_region: confirm that nothing writes to the table's replicas in other
        regions during the migration. Otherwise a table with replicas is refused. (templated)
    :param windows: hours in which the migration may work, such as
        ``["22:00-06:00 Mon-Fri Europe/Berlin"]``; by default at any time. Outside of them nothing
        runs and no capacity is raised. The waiting task continues in the next window. (templated)
    """

    template_fields: Sequence[str] = template_fields(*REQUEST_FIELDS)
    RULES: ClassVar[Rules] = {**COMMON_RULES, **_RULES}
    template_fields_renderers = {"transform_params": "json"}  # noqa: RUF012  # Airflow's own form

    def __init__(  # noqa: PLR0913  # keywords, one for each part of a request
        self,
        *,
        total_segments: int | None = None,
        transform: str = DEFAULT_TRANSFORM,
        transform_params: Mapping[str, Any] | None = None,
        max_concurrency: int | None = None,
        tolerated_failure_percentage: float = 0,
        read_units_per_second: float | None = None,
        write_units_per_second: float | None = None,
        max_quarantined: int = QUARANTINE_ITEMS,
        max_quarantined_percentage: float = QUARANTINE_PERCENTAGE,
        show_values: bool = False,
        slice_seconds: float = 0,
        once: bool = False,
        single_writer_region: bool = False,
        hold_while: Sequence[str] = (),
        healthy_for: float = HEALTHY_SECONDS,
        windows: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.total_segments = total_segments
        self.transform = transform
        self.transform_params = {} if transform_params is None else transform_params
        self.max_concurrency = max_concurrency
        self.tolerated_failure_percentage = tolerated_failure_percentage
        self.read_units_per_second = read_units_per_second
        self.write_units_per_second = write_units_per_second
        self.max_quarantined = max_quarantined
        self.max_quarantined_percentage = max_quarantined_percentage
        self.show_values = show_values
        self.slice_seconds = slice_seconds
        self.once = once
        self.single_writer_region = single_writer_region
        self.hold_while = hold_while
        self.healthy_for = healthy_for
        self.windows = windows
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: "AuthorRules", values: Mapping[str, Any]) -> None:
        super().hold_to(rules, values)
        if transform := values.get("transform"):
            rules.check_transform(transform)
        for name in ("read_units_per_second", "write_units_per_second"):
            rules.check_budget(name, values.get(name))

    def valid_request(self, context: "Context", **changes: Any) -> StartRequest:
        """Return the validated request.

        :param changes: fields of StartRequest that are not parameters of this class.
        :raises InvalidInputError: a field is not valid.
        """
        ti = context["ti"]
        fields: dict[str, Any] = {
            name: getattr(self, name) for name in REQUEST_FIELDS if name != "transform_params"
        }
        fields["params"] = self.transform_params
        fields["limits"] = rules_for(self)
        fields["asked"] = steps_asked(self, context)
        fields["started_by"] = started_by(ti.dag_id, ti.run_id)
        request = StartRequest(**{**fields, **changes})
        request.validate()
        return request
