"""Whether the transform that is deployed is the one that was planned, and approved by that plan."""

from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import TransformError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.mode import Mode


def require_as_planned(site: Site, request: StartRequest, transform_hash: str) -> None:
    """Raise TransformError for another transform than the plan's, of a migration or its dry run.

    One whose segments were started already goes on with a fixed transform: that is how a failed
    migration is fixed. A canary is no such start. A DAG's author may allow another.
    """
    if request.mode not in {Mode.MIGRATE, Mode.DRY_RUN} or request.limits.allow_changed_transform:
        return
    migration = request.of or site.migration_id
    planned = plan_fields(site.ledger, migration).get("transform_hash") or transform_hash
    attempt = site.ledger.latest_attempt(migration)
    has_begun = attempt and attempt.started_at and not attempt.scope
    if planned == transform_hash or has_begun:
        return
    raise TransformError(
        f"Transform {request.transform!r} is deployed with hash {transform_hash[:12]}; migration "
        f"{migration} was planned, and what was approved of it, with {planned[:12]}: its files or "
        "packages changed since. Nothing was started. Clear the task of the plan with its "
        "downstream tasks, so that what is deployed is planned and approved."
    )
