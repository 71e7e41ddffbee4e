"""Report what a migration did, and fail if it did not succeed."""

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
    Log the report of the migration as markdown, return it as data, and save it.

    The report is composed from the ledger, at any time and as often as you like. It is saved in the
    ledger and as ``report.json`` in the stack's bucket. The XCom ``markdown`` holds it as text, and
    the XCom ``notice`` holds what a notifier needs (``state``, ``title``, ``text``).

    Use it as a teardown with ``on_failure_fail_dagrun=True``. Then it always runs, even in a run
    that someone marks as failed, and it fails the run if the migration did not succeed.

    If a migration succeeds in this run, Airflow gets an asset event of its table; see
    :func:`~airflow_ddb_migrate.assets.migrated_table`. Other parameters: :class:`MigrationTask`.

    :param outlets: by default the asset alias ``ddb_migrate``. Without that alias there is no asset
        event.
    :param fail_unless_succeeded: after the report, fail if the migration failed or is not finished,
        or if one of ``required_task_ids`` failed. A migration that was never started, or that ended
        after its canary, is not a failure. (templated)
    :param required_task_ids: ids of tasks of the run that must not have failed; by default all
        upstream tasks. Within this task's own task group you may leave out the group's prefix.
        (templated)
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
        """Map the operator. Airflow up to 3.3 does not give a mapped task its default outlets."""
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
        self.log.info("%s", why_not or f"The report is saved as {site.bucket.uri(REPORT_FILE)}")
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
        """Return the ids of the tasks that must not have failed.

        :raises InvalidInputError: an id is not a task of the DAG.
        """
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
                f"required_task_ids has {', '.join(map(repr, unknown))}, which the DAG does not "
                "have. The id of a task in a task group begins with the group's id. Without the "
                "parameter, all upstream tasks count."
            )
        return list(full.values())

    def _note_migrated(
        self, context: "Context", site: "Site", report: "Report", task_ids: list[str]
    ) -> None:
        """Add the asset event of a table that this run migrated. A failure is only logged."""
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
        """Return whether this run migrated the table and no required task failed."""
        from airflow_ddb_migrate.core.ledger.results import Outcome
        from airflow_ddb_migrate.core.text.words import word_of

        if report["status"] != Outcome.SUCCEEDED or not word_of(Mode, report["mode"]).writes:
            return False
        if not self.fail_unless_succeeded and failed_of(context["ti"], task_ids):
            return False
        own = replace(self.address(context), migration_id=None).identity
        if site.migration_id == own.name_for(site.table.key.arn):
            return True
        return _end_of(report) >= context["dag_run"].run_after  # else an earlier run finished it

    def _push(self, context: "Context", key: str, value: Any) -> None:
        if self.do_xcom_push:
            context["ti"].xcom_push(key=key, value=value)


def _end_of(report: "Report") -> datetime:
    """Return when the latest attempt ended, or when it began if its end was not recorded."""
    latest = report["tries"][-1]
    return datetime.fromisoformat(latest["ended_at"] or latest["started_at"])
