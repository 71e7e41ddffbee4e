"""Record a question to a person, and the answer, in the ledger for each migration concerned."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_ddb_migrate.core.approval.author_rules import RequiredStep
from airflow_ddb_migrate.core.errors import ApprovalError, InvalidInputError
from airflow_ddb_migrate.core.ledger.owners import started_by
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.markdown import code
from airflow_ddb_migrate.operators.base.author_rules import rules_for
from airflow_ddb_migrate.operators.base.parameters import class_of, known_values

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_ddb_migrate.aws.site import Site
    from airflow_ddb_migrate.core.approval.approval import Approval


def is_recorded(task: Any) -> bool:
    """Return whether the task names a table. Without one, nothing is recorded in the ledger."""
    names = ("table_name", "table_of", "migration_id", "tables")
    return any(getattr(task, name, None) for name in names)


def find_sites(task: Any, context: "Context") -> list["Site"]:
    """Return the sites of the migrations that the question is about. Changes nothing."""
    if not is_recorded(task) or not (task.enabled or task.of or task.migration_id):
        return []
    address = task.address(context)
    if task.tables is None:
        return [address.open()]
    return [
        replace(address, table_name=entry["table_name"], map_index=number).open()
        for number, entry in enumerate(task.tables)
    ]


def needs_two_people(task: Any, context: "Context", sites: Sequence["Site"]) -> bool:
    """Return whether an author requires this step: of this DAG, or of the continued migration's.

    :raises InvalidInputError: the step is required, but the task names no table, so the answer
        cannot be recorded.
    """
    from airflow_ddb_migrate.aws.preflight.author_limits import limits_of

    rules = rules_for(task)
    for site in sites:
        rules = rules.joined(limits_of(site, dag_id=context["ti"].dag_id, of=task.of or ""))
    is_required = task.step in rules.require
    if is_required and not is_recorded(task):
        raise InvalidInputError(
            f"The author of this DAG requires {task.step}, but task {task.task_id} does not know "
            "for which table. Give it the same table_name as the other tasks. Nothing was changed."
        )
    return is_required


def requester(context: "Context") -> str:
    """Return the name of the user who triggered the run, or "" if Airflow does not know."""
    return str(getattr(context.get("dag_run"), "triggering_user_name", None) or "")


def require_known_people(task: Any, context: "Context") -> None:
    """Raise InvalidInputError if neither the requester nor the approver would be known."""
    if requester(context) or task.assigned_users:
        return
    raise InvalidInputError(
        f"The author of this DAG requires approval by someone other than the requester, but "
        f"Airflow does not know who triggered run {context['ti'].run_id}. Set assigned_users on "
        f"task {task.task_id}, or trigger the DAG as a signed-in user. No one was asked."
    )


def note_questions(
    task: Any, context: "Context", sites: Sequence["Site"], *, two_people: bool
) -> str:
    """Record the question in the ledger, with the current plan and transform.

    Returns the beginning of the question as markdown: who asked, and what the approval covers. It
    is taken from the ledger alone, because other tasks' return values can be changed in Airflow.

    :raises ApprovalError: an approval is required, but there is no plan to approve.
    """
    from airflow_ddb_migrate.aws.preflight.approvals import note_question
    from airflow_ddb_migrate.core.approval.approval import Approval

    lines = []
    if two_people:
        require_known_people(task, context)
        by = requester(context)
        who = code(by) if by else "A requester that Airflow does not know"
        lines.append(f"**{who} asked for this. Someone else must approve it.**")
    for site in sites:
        question = Approval(
            step=RequiredStep(task.step),
            run=_run(context),
            asked_at="",
            requested_by=requester(context),
            two_people=two_people,
        )
        asked = note_question(site, question, of=task.of or "")
        lines.append(_facts(site, asked))
    return "\n\n".join(filter(None, lines))


def note_answers(
    task: Any, context: "Context", user: Mapping[str, Any] | None, decision: Mapping[str, Any]
) -> None:
    """Record the answer for each migration.

    :raises ApprovalError: the user who answered may not approve.
    """
    from airflow_ddb_migrate.aws.preflight.approvals import note_answer, open_question
    from airflow_ddb_migrate.core.approval.approval import APPROVED, OWN

    by, user_id = decision["by"], str((user or {}).get("id") or "")
    is_refused = False
    for site in find_sites(task, context):
        asked = open_question(site, RequiredStep(task.step), _run(context))
        answer = decision["answer"]
        if answer == APPROVED and not _may_approve(task, asked, name=by, user_id=user_id):
            is_refused, answer = True, OWN
        note_answer(site, replace(asked, answer=answer, by=by, by_id=user_id, at=decision["at"]))
    if is_refused:
        raise ApprovalError(
            f"{by} may not approve in {task.task_id}. The author of this DAG requires approval by "
            "someone other than the user who triggered it, or by one of assigned_users if Airflow "
            f"does not know that user. Clear {task.task_id} with its downstream tasks, and let "
            "someone else answer. Nothing was started."
        )


def steps_asked(task: Any, context: "Context") -> tuple[str, ...]:
    """Return the upstream approvals that this run asks for and that the ledger records."""
    above = task.get_flat_relatives(upstream=True) if task.get_dag() else ()
    values = [(other, known_values(other, context)) for other in above if _has_values(other)]
    asks = any(known.get("canary_lanes") and known.get("always_ask") for _, known in values)
    found = []
    for other, known in values:
        step = getattr(other, "step", None)
        default = asks if step == RequiredStep.CANARY_APPROVE else False
        is_on = known.get("enabled", default) and not known.get("end_here")
        if step and is_on and is_recorded(other):
            found.append(str(step))
    return tuple(found)


def _has_values(task: Any) -> bool:
    return hasattr(class_of(task), "steps")


def _may_approve(task: Any, asked: "Approval", *, name: str, user_id: str) -> bool:
    """Return whether this user may approve: if two people must agree, not the requester."""
    if not asked.two_people:
        return True
    named = {user["id"] for user in task.assigned_users or ()}
    if not asked.requested_by:
        return user_id in named
    return bool(user_id) and not asked.is_requesters(name=name, user_id=user_id)


def _run(context: "Context") -> str:
    return started_by(context["ti"].dag_id, context["ti"].run_id)


def _facts(site: "Site", asked: "Approval") -> str:
    """Return a sentence on what the approval covers, from the ledger."""
    from airflow_ddb_migrate.aws.ledger.notes import plan_fields

    plan = plan_fields(site.ledger, site.migration_id)
    if not plan:
        return ""
    return (
        f"Migration {code(site.migration_id)} of table {code(site.table.name)} with transform "
        f"{code(str(plan['transform']))}: about {plan['items']:,} items, "
        f"{dollars_words(plan['total_cost_usd'])} (plan {code(asked.plan_hash[:12])}, transform "
        f"{code(asked.transform_hash[:12] or '-')})."
    )
