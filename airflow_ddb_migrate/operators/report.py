"""Say what a migration did, and fail when it did not do it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.assets import MIGRATED, note_migrated
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.text.console_urls import object_url
from airflow_ddb_migrate.core.validation import validate_switch
from airflow_ddb_migrate.links.migration import EXECUTION_LINKS, MigrationReportLink, show_known
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants, optional
from airflow_ddb_migrate.operators.base.task import MigrationOperator, task_error, template_fields
from airflow_ddb_migrate.operators.base.task_states import failed_of

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.definitions.mappedoperator import OperatorPartial

    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.report.migration_report import Report


def _task_ids(value: object) -> list[str]:
    if isinstance(value, list | tuple) and all(isinstance(one, str) and one for one in value):
        return list(value)
    raise InvalidInputError(
        f"required_task_ids is {value!r}; it must be a list of task ids, as in "
        '["prewarm", "start", "wait"].'
    )


_ABOUT_IT = ("migration_id", "mode", "of", "table", "transform", "counts", "seconds")


class MigrationReportOperator(MigrationOperator):
    """
    Log the report of the migration as markdown, return it as data, and keep it.

    It is composed from the ledger, at any time and any number of times; it stands in the ledger
    and as ``report.json`` in the stack's bucket, its markdown in the XCom ``markdown``, and what a
    notifier needs in the XCom ``notice`` (``state``, ``title``, ``text``). As a teardown with
    ``on_failure_fail_dagrun=True`` it always runs, also in a run that a person marks failed, and
    turns the run red when it has to be.
    A migration that succeeded in this run is an event of its table's asset, see
    :func:`~airflow_ddb_migrate.assets.migrated_table`. Other parameters: :class:`MigrationTask`.

    :param outlets: by default the asset alias ``ddb_migrate``; without it there is no event.
    :param fail_unless_succeeded: fail, after the report, when the migration failed or is not
        finished, or one of ``required_task_ids`` failed. What was never started (planned, looked
        at, rejected) is no failure, nor is a canary that nobody went on with: both are said.
        (templated)
    :param required_task_ids: tasks of the run that must not have failed; by default every task
        above this one. A name within this task's own group will do. (templated)
    """

    operator_extra_links = (MigrationReportLink(), *EXECUTION_LINKS)
    RULES: ClassVar[Rules] = {
        **MigrationOperator.RULES,
        "fail_unless_succeeded": partial(validate_switch, "fail_unless_succeeded"),
        "required_task_ids": optional(_task_ids),
    }
    template_fields: Sequence[str] = template_fields("fail_unless_succeeded", "required_task_ids")
    refuses_unknown_conf: ClassVar[bool] = False

    def __init__(
        self,
        *,
        fail_unless_succeeded: bool = True,
        required_task_ids: Sequence[str] | None = None,
        outlets: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(outlets=[MIGRATED] if outlets is None else outlets, **kwargs)
        self.fail_unless_succeeded = fail_unless_succeeded
        self.required_task_ids = required_task_ids
        check_constants(self)

    @classmethod
    def partial(cls, **kwargs: Any) -> "OperatorPartial":
        """Begin to map it. Airflow 3.1 and 3.2 give what is mapped no outlets, 3.3 gives None."""
        mapped = super().partial(**kwargs)
        if "outlets" not in kwargs and not mapped.kwargs.get("outlets"):
            mapped.kwargs["outlets"] = [MIGRATED]
        return mapped

    def run_step(self, context: "Context") -> "Report":
        from airflow_ddb_migrate.aws.report.compose import REPORT_FILE, compose, keep
        from airflow_ddb_migrate.core.report.migration_report import failure
        from airflow_ddb_migrate.core.report.notice import report_notice
        from airflow_ddb_migrate.core.report.page import report_markdown

        task_ids = self._required()
        site = self.open_site(context)
        report = compose(site)
        page = report_markdown(report)
        self.log.info("%s", page)
        why_not = keep(site, report)
        self.log.info("%s", why_not or f"Kept as {site.bucket.uri(REPORT_FILE)}")
        if not why_not:
            url = object_url(site.bucket.name, site.bucket.key(REPORT_FILE), site.table.key.arn)
            MigrationReportLink.show(context, self, url)
        if arn := report["execution_arn"]:
            show_known(context, self, site.stack, arn, report["links"]["map_run_arn"])
        self._push(context, "markdown", page)
        why = (
            failure(report, failed_of(context["ti"], task_ids))
            if self.fail_unless_succeeded
            else ""
        )
        self._push(context, "notice", dict(report_notice(report, why)))
        if why:
            self._push(context, "return_value", dict(report))  # a task that fails returns nothing
            raise task_error(why, retryable=False)
        self._note_migrated(context, site, report, task_ids)
        return report

    def _required(self) -> list[str]:
        """Return the tasks that must not have failed; raises InvalidInputError for unknown ids."""
        if self.required_task_ids is None:
            return sorted(self.get_flat_relative_ids(upstream=True)) if self.get_dag() else []
        given = list(self.required_task_ids)
        dag = self.get_dag()
        if dag is None:
            return given
        group = self.task_group.group_id if self.task_group else None
        full = {
            one: f"{group}.{one}" if f"{group}.{one}" in dag.task_dict else one for one in given
        }
        unknown = sorted(one for one in given if full[one] not in dag.task_dict)
        if unknown:
            raise InvalidInputError(
                f"required_task_ids has {', '.join(map(repr, unknown))}, which are no tasks of the "
                "DAG; within a task group the id begins with the group's. Leave the parameter out: "
                "then every task above this one counts."
            )
        return list(full.values())

    def _note_migrated(
        self, context: "Context", site: "Site", report: "Report", task_ids: list[str]
    ) -> None:
        """Note the event of a table that this run has migrated; a failure to is only logged."""
        try:
            if self._has_migrated(context, site, report, task_ids):
                facts = {name: report[name] for name in _ABOUT_IT}  # type: ignore[literal-required]
                note_migrated(context, site.table.key.arn, facts)
        except Exception as exc:  # noqa: BLE001  # the migration is done, and so is its report
            name = report["migration_id"]
            self.log.warning("Could not note the asset event of %s: %s: %s", name, type(exc), exc)

    def _has_migrated(
        self, context: "Context", site: "Site", report: "Report", task_ids: list[str]
    ) -> bool:
        """Return whether the table was changed as wanted, in this run, and no task has failed."""
        from airflow_ddb_migrate.core.ledger.results import Outcome

        if report["status"] != Outcome.SUCCEEDED or not Mode(report["mode"]).writes:
            return False
        if not self.fail_unless_succeeded and failed_of(context["ti"], task_ids):
            return False
        own = replace(self.address(context), migration_id=None).identity
        if site.migration_id == own.name_for(site.table.key.arn):
            return True
        return _end_of(report) >= context["dag_run"].run_after  # else another run's, found done

    def _push(self, context: "Context", key: str, value: Any) -> None:
        if self.do_xcom_push:
            context["ti"].xcom_push(key=key, value=value)


def _end_of(report: "Report") -> datetime:
    """Return when the latest attempt ended; where nobody has noted that, when it began."""
    latest = report["tries"][-1]
    return datetime.fromisoformat(latest["ended_at"] or latest["started_at"])
