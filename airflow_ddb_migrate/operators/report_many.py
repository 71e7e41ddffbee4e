"""Report in one page what the migrations of many tables did."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.operators.base.task import MigrationOperator, task_error, template_fields
from airflow_ddb_migrate.operators.base.task_states import failed_above

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.core.report.migration_report import Report

_SHOWN = 10
_KEPT = ("table", "migration_id", "status", "reason", "counts", "seconds")


class ReportManyMigrationsOperator(MigrationOperator):
    """
    Log one report of all tables of the run, and fail if a task of any table failed.

    Put it below the mapped task group, as a teardown with ``on_failure_fail_dagrun=True``. A mapped
    operator loses that flag on Airflow 3.3.2; this operator is not mapped.

    Returns ``totals`` and ``tables``: for each table ``table``, ``migration_id``, ``status``,
    ``reason``, ``counts`` of items and ``seconds``. The XCom ``markdown`` holds the page. Other
    parameters: :class:`MigrationTask`.

    :param tables: the result of :class:`PlanManyMigrationsOperator`. (templated)
    """

    template_fields: Sequence[str] = template_fields("tables")
    refuses_unknown_conf: ClassVar[bool] = False

    def __init__(self, *, tables: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tables = tables

    def run_step(self, context: "Context") -> dict[str, Any]:
        from airflow_ddb_migrate.core.report.many_page import many_reports_markdown, totals

        reports = [self._report(context, *one) for one in enumerate(self.tables or ())]
        page = many_reports_markdown(reports)
        self.log.info("%s", page)
        result = {
            "totals": totals(reports),
            "tables": [{key: report[key] for key in _KEPT} for report in reports],  # type: ignore[literal-required]
        }
        if self.do_xcom_push:
            context["ti"].xcom_push(key="markdown", value=page)
            context["ti"].xcom_push(key="return_value", value=result)
        if failed := failed_above(self, context["ti"]):
            raise task_error(_words(failed, reports), retryable=False)
        return result

    def _report(self, context: "Context", map_index: int, entry: Mapping[str, Any]) -> "Report":
        from airflow_ddb_migrate.aws.report.compose import compose

        address = replace(
            self.address(context), table_name=entry["table_name"], map_index=map_index
        )
        return compose(address.open())


def _words(failed: Mapping[str, str], reports: Sequence["Report"]) -> str:
    bad = [one["table"] for one in reports if one["status"] not in {"SUCCEEDED", "PLANNED"}]
    tables = f" Tables that did not succeed: {', '.join(bad)}." if bad else ""
    tasks = ", ".join(f"{name} ({state})" for name, state in sorted(failed.items())[:_SHOWN])
    more = f" and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
    return f"Tasks of this run failed: {tasks}{more}.{tables} Other tables are not affected."
