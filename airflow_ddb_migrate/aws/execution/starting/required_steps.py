"""The steps that must be done before a start, if the DAG's author or the run requires them.

Each step is looked up in the ledger, since a task's state can be set by hand.
"""

from collections.abc import Collection

from airflow_ddb_migrate.aws.execution.parts import latest_part
from airflow_ddb_migrate.aws.preflight.approvals import require_approved
from airflow_ddb_migrate.aws.preflight.backup_gate import known_backup
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.errors import ApprovalError
from airflow_ddb_migrate.core.execution.backup_policy import BackupKind
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.records import AttemptRecord
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.names import DRY_RUN


def require_steps(
    site: Site, request: StartRequest, transform_hash: str, *, canary: Collection[int]
) -> None:
    """Raise ApprovalError if a step is missing, or was about something else.

    An undo or a replay only needs the approval.

    :param canary: the segments of a canary; empty: this start is not a canary.
    """
    limits = request.limits
    if not request.mode.writes:
        return
    deployed = "" if request.mode is Mode.UNDO else transform_hash
    require_approved(site, request, RequiredStep.APPROVE, limits, deployed)
    if request.mode is not Mode.MIGRATE:
        return
    expected = "" if limits.allow_changed_transform else transform_hash
    _require(site, limits, RequiredStep.BACKUP, is_done=_is_backed_up(site))
    _require(site, limits, RequiredStep.DRY_RUN, is_done=_was_looked_at(site, expected))
    if not canary:
        _require(site, limits, RequiredStep.CANARY, is_done=_had_a_canary(site, expected))
        require_approved(site, request, RequiredStep.CANARY_APPROVE, limits, deployed)


def _require(site: Site, limits: AuthorRules, step: RequiredStep, *, is_done: bool) -> None:
    if step in limits.require and not is_done:
        raise ApprovalError(
            f"The author of the DAG requires the step {step}, but the ledger has none that "
            f"succeeded for migration {site.migration_id} with the deployed transform. Clear the "
            "task of that step with its downstream tasks. A state that was set by hand does not "
            "count. Nothing was started."
        )


def _is_backed_up(site: Site) -> bool:
    backup = known_backup(site)
    return backup is not None and backup.kind in {BackupKind.PITR, BackupKind.BACKUP}


def _was_looked_at(site: Site, transform_hash: str) -> bool:
    part = latest_part(site, DRY_RUN)
    return part is not None and _succeeded(
        part.ledger.latest_attempt(part.migration_id), transform_hash
    )


def _had_a_canary(site: Site, transform_hash: str) -> bool:
    attempts = site.ledger.attempts(site.migration_id)
    return any(attempt.scope and _succeeded(attempt, transform_hash) for attempt in attempts)


def _succeeded(attempt: AttemptRecord | None, transform_hash: str) -> bool:
    if attempt is None or attempt.result != Outcome.SUCCEEDED:
        return False
    return transform_hash in {"", attempt.transform_hash}
