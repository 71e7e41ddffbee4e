"""Show what a migration would do, without writing."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import DRY_RUN
from airflow_ddb_migrate.core.validation import validate_at_least_zero, validate_switch
from airflow_ddb_migrate.operators.base.author_rules import rules_for
from airflow_ddb_migrate.operators.base.inspection import INSPECTION_FIELDS, InspectionOperator
from airflow_ddb_migrate.operators.base.parameters import Rules, check_constants, optional
from airflow_ddb_migrate.operators.base.task import template_fields

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site


class DryRunMigrationOperator(InspectionOperator):
    """
    Run the migration without a single write, and report what it would do.

    The same state machine and Lambda read the table, or a sample of its segments. The Lambda
    compares each changed item with the original instead of writing it. The plan of the migration is
    then corrected with these measurements.

    Returns the figures of the report, ``transform_hash``, ``markdown`` (the report as text) and
    ``plan_markdown`` (the corrected plan). They contain item values only with ``show_values``; then
    the values are in Airflow's log and database, too.
    Parameters: :class:`InspectionOperator`, :class:`WaitingOperator`,
    :class:`MigrationRequestOperator` and :class:`MigrationTask`. Give them the same values as in
    the start operator.

    :param max_cost_usd: fail if the corrected plan costs more than this many US dollars; None: no
        limit. (templated)
    """

    RULES: ClassVar[Rules] = {
        **InspectionOperator.RULES,
        "enabled": partial(validate_switch, "dry_run"),
        "max_cost_usd": optional(partial(validate_at_least_zero, "max_cost_usd")),
    }
    template_fields: Sequence[str] = template_fields(*INSPECTION_FIELDS, "max_cost_usd")
    mode: ClassVar[Mode] = Mode.DRY_RUN
    part: ClassVar[str] = DRY_RUN
    conf: ClassVar[str] = "dry_run"
    steps: ClassVar[tuple[RequiredStep, ...]] = (RequiredStep.DRY_RUN,)

    def __init__(self, *, max_cost_usd: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_cost_usd = max_cost_usd
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: AuthorRules, values: Mapping[str, Any]) -> None:
        super().hold_to(rules, values)
        rules.check_cost_limit(values.get("max_cost_usd"))
        rules.check_step(
            RequiredStep.DRY_RUN, is_on=values.get("enabled", True), how='"dry_run": true'
        )

    def finished(self, context: "Context", site: "Site") -> dict[str, Any]:
        from airflow_ddb_migrate.aws.inspection.reports import compose_dry_run
        from airflow_ddb_migrate.aws.plan.planner import correct_plan
        from airflow_ddb_migrate.core.inspection.dry_run_page import dry_run_markdown
        from airflow_ddb_migrate.core.plan.page import plan_markdown

        report = compose_dry_run(site)
        page = dry_run_markdown(report)
        self.log.info("%s", page)
        rules = rules_for(self)
        plan = correct_plan(
            self.open_site(context),
            report,
            max_cost_usd=rules.cost_limit(self.max_cost_usd),
            limits=rules,
        )
        corrected = plan_markdown(plan) if plan else ""
        if corrected:
            self.log.info("The plan, corrected with the dry run's measurements:\n%s", corrected)
        attempt = site.ledger.latest_attempt(site.migration_id)
        found = {**report.to_dict(), "transform_hash": attempt.transform_hash if attempt else ""}
        return {**found, "markdown": page, "plan_markdown": corrected}
