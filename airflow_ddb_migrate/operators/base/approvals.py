"""A question to a person and its answer, noted in the ledger for each migration it is about."""

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
    """Return whether the task knows which table it is about; otherwise nothing is noted."""
    names = ("table_name", "table_of", "migration_id", "tables")
    return any(getattr(task, name, None) for name in names)


def find_sites(task: Any, context: "Context") -> list["Site"]:
    """Return where the migrations are that are asked about; touches nothing."""
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
    """Return whether the author requires this step: of this DAG, or of the one it goes on.

    :raises InvalidInputError: it is required, and the task has no table to note the answer for.
    """
    from airflow_ddb_migrate.aws.preflight.author_limits import limits_of

    rules = rules_for(task)
    for site in sites:
        rules = rules.joined(limits_of(site, dag_id=context["ti"].dag_id, of=task.of or ""))
    is_required = task.step in rules.require
    if is_required and not is_recorded(task):
        raise InvalidInputError(
            f"The author of this DAG requires {task.step}, and task {task.task_id} does not know "
            "of which table: give it table_name, as to the other tasks. Nothing was touched."
        )
    return is_required


def requester(context: "Context") -> str:
    """Return who triggered the run; empty: Airflow does not know."""
    return str(getattr(context.get("dag_run"), "triggering_user_name", None) or "")


def require_known_people(task: Any, context: "Context") -> None:
    """Raise InvalidInputError where neither requester nor answerer would be known."""
    if requester(context) or task.assigned_users:
        return
    raise InvalidInputError(
        f"The author of this DAG requires that another person than the one who asks approves, and "
        f"Airflow does not know who triggered run {context['ti'].run_id}. Give the task "
        f"{task.task_id} assigned_users, or trigger the DAG as a signed-in user. Nobody was asked."
    )


def note_questions(
    task: Any, context: "Context", sites: Sequence["Site"], *, two_people: bool
) -> str:
    """Note in the ledger what is asked, with plan and transform as they are there.

    Returns what the question says first, as markdown: who asked, and by the ledger alone what an
    approval is about. What other tasks returned could have been changed in Airflow.

    :raises ApprovalError: it is required, and there is no plan to approve.
    """
    from airflow_ddb_migrate.aws.preflight.approvals import note_question
    from airflow_ddb_migrate.core.approval.approval import Approval

    lines = []
    if two_people:
        require_known_people(task, context)
        by = requester(context)
        who = code(by) if by else "Nobody whom Airflow knows"
        lines.append(f"**{who} asked for this. Another person must approve it.**")
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
    """Note the answer for each migration; raises ApprovalError for one that does not count."""
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
            f"{by} may not approve in {task.task_id}: the author of this DAG requires another "
            "person than the one who triggered it, or one of assigned_users where Airflow does not "
            f"know who did. Clear {task.task_id} with its downstream tasks, and let somebody else "
            "answer. Nothing was started."
        )


def steps_asked(task: Any, context: "Context") -> tuple[str, ...]:
    """Return the approvals above a task that this run asked for, and that the ledger knows of."""
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
    """Return whether this user is another than the one who asked, where two people must agree."""
    if not asked.two_people:
        return True
    named = {user["id"] for user in task.assigned_users or ()}
    if not asked.requested_by:
        return user_id in named
    return bool(user_id) and not asked.is_requesters(name=name, user_id=user_id)


def _run(context: "Context") -> str:
    return started_by(context["ti"].dag_id, context["ti"].run_id)


def _facts(site: "Site", asked: "Approval") -> str:
    """Say what an approval is about, as the ledger has it."""
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
