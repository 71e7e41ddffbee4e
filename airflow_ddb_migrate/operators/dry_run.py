"""See what a migration would do, without writing."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate._compat import AirflowSkipException
from airflow_ddb_migrate.aws.correction import correct_plan
from airflow_ddb_migrate.aws.dry_run import compose_dry_run
from airflow_ddb_migrate.aws.parts import latest_part, next_part
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.dry_run_page import to_markdown
from airflow_ddb_migrate.core.names import DRY_RUN
from airflow_ddb_migrate.core.plan_words import to_markdown as plan_page
from airflow_ddb_migrate.core.records import Mode
from airflow_ddb_migrate.operators._base import template_fields, validate_switch
from airflow_ddb_migrate.operators._request import REQUEST_FIELDS
from airflow_ddb_migrate.operators._waiting import WaitingOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class DryRunMigrationOperator(WaitingOperator):
    """
    Run the migration without a single write, and tell what it would do.

    The same state machine and Lambda work through the table, or through a sample of its segments;
    a changed item is looked at instead of written. What was seen corrects the plan of the
    migration. It needs no lease: it may run while something else works on the table.

    Returns the figures of the report, ``markdown``, the report as a person reads it, and
    ``plan_markdown``, the corrected plan. Item values are in there only with ``show_values``, and
    then in Airflow's log and database, too.
    Parameters: :class:`WaitingOperator`, :class:`MigrationRequestOperator` and
    :class:`MigrationOperator`; give them as to the start operator.

    :param enabled: False skips this task. (templated)
    :param sample_segments: look at so many segments only, chosen by the migration's id; by
        default at all of them. (templated)
    :param max_cost_usd: fail when the corrected plan costs more. (templated)
    """

    template_fields: Sequence[str] = template_fields(
        *REQUEST_FIELDS, "enabled", "max_cost_usd", "sample_segments"
    )

    def __init__(
        self,
        *,
        enabled: bool = True,
        sample_segments: int | None = None,
        max_cost_usd: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.enabled = enabled
        self.sample_segments = sample_segments
        self.max_cost_usd = max_cost_usd

    def run_step(self, context: "Context") -> Any:
        if not validate_switch("dry_run", self.enabled):
            raise AirflowSkipException("No dry run was asked for.")
        site = self.open_site(context)
        request = self.valid_request(
            context,
            mode=Mode.DRY_RUN,
            of=site.migration_id,
            sample_lanes=self.sample_segments or 0,
        )
        part = next_part(site, DRY_RUN)
        self.begin(context, part, request)
        return self.await_end(context, part)

    def finished(self, context: "Context", site: Site) -> dict[str, Any]:
        report = compose_dry_run(site, time.time())
        page = to_markdown(report)
        self.log.info("%s", page)
        plan = correct_plan(self.open_site(context), report, max_cost_usd=self.max_cost_usd)
        corrected = plan_page(plan) if plan else ""
        if corrected:
            self.log.info("The plan, corrected by what was seen:\n%s", corrected)
        return {**report.to_dict(), "markdown": page, "plan_markdown": corrected}

    def waited_site(self, context: "Context") -> Site:
        site = self.open_site(context)
        return latest_part(site, DRY_RUN) or site
