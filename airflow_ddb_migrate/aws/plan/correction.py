"""What a dry run has seen, put into the plan of its migration."""

from airflow_ddb_migrate.aws.plan.planner import planned, require_affordable
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.inspection.dry_run import DryRunReport
from airflow_ddb_migrate.core.names import PLAN
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan, Seen, corrected


def correct_plan(
    site: Site, report: DryRunReport, *, max_cost_usd: float | None = None
) -> MigrationPlan | None:
    """Correct the plan of the site's migration and keep it; None when there is no plan.

    :raises InvalidInputError: it costs more than ``max_cost_usd`` now; the plan is kept as it is.
    """
    plan = planned(site.ledger, site.migration_id)
    if plan is None:
        return None
    better = corrected(plan, _seen(report))
    require_affordable(better, max_cost_usd)
    site.ledger.note(site.migration_id, PLAN, better.to_json())
    return better


def _seen(report: DryRunReport) -> Seen:
    return Seen(
        items=report.seen,
        changed=report.changed,
        deleted=report.deleted,
        write_units=report.write_units,
        changed_attributes=tuple(report.attributes),
        sampled_lanes=report.lanes_done if report.is_sample else 0,
    )
