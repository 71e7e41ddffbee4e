"""Whether the deployed transform is the one that was planned and approved."""

from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import TransformError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.mode import Mode


def require_as_planned(site: Site, request: StartRequest, transform_hash: str) -> None:
    """Raise TransformError if the plan of the migration, or of its dry run, has another transform.

    A migration whose segments were started continues with a changed transform, since that is how a
    failed migration is fixed; a canary does not count. The DAG's author can allow another
    transform.
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
        f"Transform {request.transform!r} is deployed with hash {transform_hash[:12]}, but "
        f"migration {migration} was planned and approved with {planned[:12]}: its files or "
        "packages have changed. Nothing was started. Clear the task of the plan with its "
        "downstream tasks, so that the deployed transform is planned and approved."
    )
