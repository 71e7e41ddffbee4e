"""Approvals in the ledger: questions are noted when they are asked, answers when given.

A start relies on these records, never on the state of a task, which can be set by hand.
"""

from collections.abc import Mapping
from dataclasses import replace

from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.services.function import describe_transform
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.approval import APPROVED, Approval, params_hash, text_hash
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.errors import ApprovalError, NotBoundError, TransformError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.events import What
from airflow_ddb_migrate.core.ledger.notes import APPROVAL, CANARY_APPROVAL, PLAN
from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.text.markdown import entered
from airflow_ddb_migrate.core.text.times import iso

_NOTES: Mapping[RequiredStep, str] = {
    RequiredStep.APPROVE: APPROVAL,
    RequiredStep.CANARY_APPROVE: CANARY_APPROVAL,
}


def note_question(site: Site, asked: Approval, *, of: str = "") -> Approval:
    """Note and return the question that is about to be asked, with the current plan and transform.

    An earlier answer to the same question no longer counts.

    :param of: the earlier migration that an undo or a replay is about, for which there is no plan.
    :raises ApprovalError: two people must agree, and there is no plan.
    """
    asked = replace(
        asked,
        asked_at=iso(site.clock.now()),
        plan_hash=text_hash(site.ledger.read_note(site.migration_id, PLAN)),
        transform_hash=_transform_hash(site, of),
    )
    if asked.two_people and not (asked.plan_hash or of):
        raise ApprovalError(
            f"Migration {site.migration_id} has no plan, so there is nothing to approve. Run a "
            "PlanMigrationOperator before this task. Nobody was asked."
        )
    _note(site, asked)
    return asked


def open_question(site: Site, step: RequiredStep, run: str) -> Approval:
    """Return this run's question; raises ApprovalError if another run has asked since."""
    asked = noted_approval(site, step)
    if asked is None or asked.run != run:
        by = f"; {asked.run} asked at {asked.asked_at}" if asked else ""
        raise ApprovalError(
            f"The ledger has no question of {run} about migration {site.migration_id} "
            f"({step}){by}. The answer does not count. Clear this task, so that a person is asked "
            "again."
        )
    return asked


def note_answer(site: Site, answered: Approval) -> None:
    """Note an answer; a person's answer also becomes an event."""
    _note(site, answered)
    if answered.by:
        is_approval = answered.answer == APPROVED
        words = (
            f"{answered.answer.capitalize()} ({answered.step}): plan "
            f"{answered.plan_hash[:12] or 'none'}, transform {answered.transform_hash[:12] or '-'}."
        )
        what = What.APPROVED if is_approval else What.REJECTED
        site.note_event(what, entered(answered.by), words)


def noted_approval(site: Site, step: RequiredStep) -> Approval | None:
    text = site.ledger.read_note(site.migration_id, _NOTES[step])
    return Approval.from_json(text) if text else None


def require_approved(
    site: Site,
    request: StartRequest,
    step: RequiredStep,
    limits: AuthorRules,
    transform_hash: str,
) -> None:
    """Raise ApprovalError unless a person approved this step of the migration as it is now.

    An approval is needed if the DAG's author (``limits``) or the run (``request.asked``) asks for
    one.

    :param transform_hash: the hash of the deployed transform; empty: it does not matter.
    """
    if step not in {*limits.require, *request.asked}:
        return
    noted = noted_approval(site, step)
    why = "nobody was asked. Run the task that asks, which comes before this one."
    if noted:
        why = noted.refusal(
            run=request.started_by,
            plan_hash=text_hash(site.ledger.read_note(site.migration_id, PLAN)),
            transform_hash="" if limits.allow_changed_transform else transform_hash,
            two_people=step in limits.require,
        )
    why = why or _other_than_planned(site, request)
    if why:
        raise ApprovalError(
            f"Migration {site.migration_id} of table {site.table.name} is not approved ({step}): "
            f"{why} Nothing was started."
        )


def _other_than_planned(site: Site, request: StartRequest) -> str:
    """Return a refusal if the plan has other parameters, which may decide what is deleted."""
    plan = plan_fields(site.ledger, site.migration_id)
    if not plan or not request.transform or site.ledger.migration(site.migration_id):
        return ""  # a migration that has begun keeps its own
    planned = plan.get("transform"), plan.get("params_hash")
    if planned == (request.transform, params_hash(request.params)):
        return ""
    return (
        f"the plan is for transform {planned[0]!r}, but this task has transform "
        f"{request.transform!r} or other params. Clear the task of the plan with its downstream "
        "tasks."
    )


def _transform_hash(site: Site, of: str) -> str:
    """Return the planned hash, or the deployed one for an undo or a replay.

    Empty if the transform cannot be used: an undo does not need it.
    """
    planned = plan_fields(site.ledger, site.migration_id).get("transform_hash")
    record: MigrationRecord | None = site.ledger.migration(of) if of and not planned else None
    if record is None or record.transform not in site.stack.transforms:
        return str(planned or "")
    arn, table = site.stack.function_arn, site.table.name
    try:
        return describe_transform(site.clients.lambda_, arn, record.transform, table)
    except (NotBoundError, TransformError):
        return ""


def _note(site: Site, approval: Approval) -> None:
    site.ledger.note(site.migration_id, _NOTES[approval.step], approval.to_json())
