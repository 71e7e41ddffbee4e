"""Ask a person whether to continue: Airflow's approval, extended for migrations."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.definitions.param import ParamsDict

from airflow_ddb_migrate.core.approval.author_rules import AuthorRules, RequiredStep
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.ledger.owners import validate_of_dags
from airflow_ddb_migrate.core.limits import APPROVAL_BODY_BYTES
from airflow_ddb_migrate.core.names import DEFAULT_STACK_NAME, validate_migration_id
from airflow_ddb_migrate.core.validation import shown, validate_seconds, validate_switch
from airflow_ddb_migrate.operators.base.approvals import (
    find_sites,
    is_recorded,
    needs_two_people,
    note_answers,
    note_questions,
)
from airflow_ddb_migrate.operators.base.author_rules import require_author_rules
from airflow_ddb_migrate.operators.base.not_asked import not_asked
from airflow_ddb_migrate.operators.base.parameters import (
    Rules,
    check_constants,
    check_rendered,
    check_request,
    given,
)
from airflow_ddb_migrate.operators.base.task import (
    COMMON_RULES,
    MigrationTask,
    explained,
    require_known_conf,
    require_own_below,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

RESULT = "return_value"  # the XCom's key; a task that skips others cannot return a value

_CUT = "\n\n(The rest is in the log of the task above.)"


class Choice(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"
    TIMED_OUT = "timed out"
    NOT_ASKED = "not asked"
    ENDED = "ended"


class Decision(TypedDict):
    """The task's result. ``by`` and ``at`` (ISO 8601) are empty if no one answered."""

    answer: str
    by: str
    at: str


def _step(value: object) -> RequiredStep:
    """Return the step that this approval performs; raises InvalidInputError for other steps."""
    for step in (RequiredStep.APPROVE, RequiredStep.CANARY_APPROVE):
        if value == step:
            return step
    raise InvalidInputError(
        f"step is {shown(value)}; it must be {RequiredStep.APPROVE} (before the migration) or "
        f"{RequiredStep.CANARY_APPROVE} (after the canary)."
    )


def _timeout(value: object) -> timedelta | None:
    """Return how long to wait, None for ever; raises InvalidInputError for an invalid time."""
    if value is None:
        return None
    return timedelta(seconds=validate_seconds("response_timeout", value)) or None


class ApproveMigrationOperator(MigrationTask, ApprovalOperator):
    """
    Continue when a person approves. Otherwise skip all downstream tasks.

    Approve runs the downstream tasks according to their trigger rules. Reject skips all of them,
    whatever their trigger rules (also ``all_done``), except teardowns and the tasks in
    ``always_task_ids``. No answer in time counts as Reject. The task itself succeeds in each case.
    Clear it to ask again. If ``enabled`` is False, the task is skipped; to see it skipped, give the
    next task the trigger rule ``none_failed``.

    If you name a table, the ledger records the question and its answer, with the hashes of plan and
    transform. The prewarm, canary and start tasks below check that record. So nothing starts if you
    mark this task as success by hand, or if the approval was for another plan or transform.

    If the rules of the DAG's author require this step, the user who triggered the run cannot
    approve it: the task fails, and asks again when you clear it. If Airflow does not know that
    user, as in a scheduled run, ``assigned_users`` must name who may approve.

    Returns ``answer`` (approved, rejected, timed out, not asked or ended), ``by`` (the user's name)
    and ``at`` (ISO 8601).

    :param subject: the question, in one line. (templated)
    :param body: the facts to decide by, as markdown; text beyond 64 KB is cut. (templated)
    :param enabled: False continues without asking. (templated)
    :param end_here: do not ask, and skip all downstream tasks, as after a dry run that was all you
        wanted. (templated)
    :param response_timeout: how long to wait for an answer, in seconds or as a timedelta; None or 0
        waits for ever. (templated)
    :param consequence: a sentence for the log that says what ending here means for the table.
        (templated)
    :param always_task_ids: ids of downstream tasks that run in any case, such as one that only
        sends a message. Their trigger rule has to be ``all_done``. (templated)
    :param table_name: name of the table. Without it, nothing is recorded in the ledger, and no
        downstream task checks for an approval. (templated)
    :param table_of: id of a migration in the ledger, to use its table instead of ``table_name``.
        (templated)
    :param of: id of the migration to undo or to replay, if the question is about that. (templated)
    :param tables: the result of :class:`PlanManyMigrationsOperator`, instead of one table.
        (templated)
    :param stack_name: name of the deployed stack. (templated)
    :param migration_id: the same value as in the other tasks. (templated)
    :param of_dags: ids of other DAGs whose migrations the question may be about; see
        :class:`MigrationTask`.
    :param aws_conn_id: the Airflow connection with AWS credentials. (templated)
    :param region_name: AWS region; by default the region of the connection. (templated)
    :param verify: see :class:`MigrationTask`. (templated)
    :param botocore_config: see :class:`MigrationTask`.
    :param step: the step of ``require`` that this task performs: ``"approve"``, or
        ``"canary_approve"`` after a canary.
    :param rules: the same value as in the other tasks; see :class:`MigrationOperator`.
    :param kwargs: other parameters of Airflow's ``ApprovalOperator``, such as ``notifiers`` and
        ``assigned_users``.
    :raises InvalidInputError: a parameter is not valid, or an id in ``always_task_ids`` is not a
        downstream task.
    :raises ApprovalError: the user who answered may not approve, or there is no plan to approve.
    """

    RULES: ClassVar[Rules] = {
        **COMMON_RULES,
        "enabled": partial(validate_switch, "enabled"),
        "end_here": partial(validate_switch, "end_here"),
        "of": given(validate_migration_id),
        "step": _step,
        "response_timeout": _timeout,
    }
    steps: ClassVar[tuple[RequiredStep, ...]] = (RequiredStep.APPROVE, RequiredStep.CANARY_APPROVE)
    template_fields: Sequence[str] = (
        "always_task_ids",
        "aws_conn_id",
        "body",
        "consequence",
        "enabled",
        "end_here",
        "migration_id",
        "of",
        "region_name",
        "response_timeout",
        "stack_name",
        "subject",
        "table_name",
        "table_of",
        "tables",
        "verify",
    )
    template_fields_renderers = {"body": "md"}  # noqa: RUF012  # Airflow's own form
    ui_color = "#f6e3b5"

    def __init__(  # noqa: PLR0913  # keywords
        self,
        *,
        subject: str,
        body: str = "",
        enabled: bool = True,
        end_here: bool = False,
        response_timeout: timedelta | float | None = None,
        consequence: str = "Nothing was written to the table.",
        always_task_ids: Sequence[str] = (),
        table_name: str | None = None,
        table_of: str | None = None,
        of: str | None = None,
        tables: Any = None,
        stack_name: str = DEFAULT_STACK_NAME,
        migration_id: str | None = None,
        of_dags: Sequence[str] = (),
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        step: str = RequiredStep.APPROVE,
        rules: AuthorRules | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            subject=subject,
            body=body,
            defaults=self.REJECT,  # what a timeout means
            ignore_downstream_trigger_rules=True,
            **kwargs,
        )
        self.enabled = enabled
        self.end_here = end_here
        self.response_timeout = response_timeout  # type: ignore[assignment]  # seconds until asked
        self.consequence = consequence
        self.always_task_ids = always_task_ids
        self.table_name = table_name
        self.table_of = of if table_of is None else table_of
        self.of = of
        self.tables = tables
        self.stack_name = stack_name
        self.migration_id = migration_id
        self.of_dags = validate_of_dags(of_dags)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self.step = _step(step)
        self.rules = AuthorRules.of(rules)
        check_constants(self)

    @classmethod
    def hold_to(cls, rules: AuthorRules, values: Mapping[str, Any]) -> None:
        """Raise InvalidInputError if a required approval is switched off."""
        if values.get("step", RequiredStep.APPROVE) == RequiredStep.APPROVE:
            rules.check_step(
                RequiredStep.APPROVE, is_on=values.get("enabled", True), how='"approve": true'
            )

    def execute(self, context: "Context") -> Any:
        """Ask the question, unless the task is switched off or ends here."""
        with explained():
            require_known_conf(context)
            check_request(self, context)
            check_rendered(self)
            require_own_below(self, context)
            require_author_rules(self, context)
            self._require_ids_below()
        if self.end_here:
            self.log.info("The run ends here, as requested (end_here). %s", self.consequence)
            return self._end(context, _decision(Choice.ENDED))
        with explained():
            sites = find_sites(self, context)
            two_people = needs_two_people(self, context, sites)
            if not self.enabled and not two_people:
                why = "Approval is off, so no one was asked."
                return not_asked(self, context, why, _decision(Choice.NOT_ASKED))
            first = note_questions(self, context, sites, two_people=two_people)
        self.body = _cut("\n\n".join(filter(None, (first, str(self.body or "")))))
        self.log.info("Asking: %s", self.subject)
        return super().execute(context)

    def execute_complete(self, context: "Context", event: dict[str, Any]) -> Any:
        """Continue or skip, as the person answered. Raises the same errors as ApprovalOperator."""
        if "error" in event:
            return super().execute_complete(context, event)
        decision = _decision_from(event)
        with explained():
            if is_recorded(self):
                note_answers(self, context, event.get("responded_by_user"), {**decision})
        if decision["answer"] == Choice.APPROVED:
            self.log.info("Approved by %s at %s.", decision["by"], decision["at"])
        else:
            self.log.info("%s %s", self._refusal(decision), self.consequence)
            context["ti"].xcom_push(key=RESULT, value=decision)
        super().execute_complete(context, event)  # raises where it skips
        return decision

    def validate_params(self) -> None:
        """Leave the DAG's params out of the question's form, as Airflow does from 3.2 on.

        Airflow 3.1 includes all of them, and a field without a default would be an import error.
        """
        dag = self.get_dag()
        if dag is not None and not hasattr(ParamsDict, "filter_params_by_source"):
            own = {name: self.params.get_param(name) for name in self.params}
            self.params = ParamsDict({k: v for k, v in own.items() if k not in dag.params})
        super().validate_params()

    def skip(self, ti: Any, tasks: Iterable[Any]) -> None:
        """Skip the tasks, except ``always_task_ids``. Airflow calls it without teardowns."""
        super().skip(ti, [task for task in tasks if task.task_id not in self.always_task_ids])

    def _end(self, context: "Context", decision: Decision) -> Decision:
        context["ti"].xcom_push(key=RESULT, value=decision)
        below = self.get_flat_relatives(upstream=False)
        self.skip(context["ti"], [task for task in below if not task.is_teardown])
        return decision

    def _refusal(self, decision: Decision) -> str:
        if decision["answer"] == Choice.TIMED_OUT:
            waited = _timeout(self.response_timeout)  # rendered again since the question
            return f"No one answered within {waited}. That counts as a rejection."
        return f"Rejected by {decision['by']} at {decision['at']}."

    def _require_ids_below(self) -> None:
        """Raise InvalidInputError for ids that are not downstream tasks."""
        unknown = set(self.always_task_ids) - self.get_flat_relative_ids(upstream=False)
        if isinstance(self.always_task_ids, str) or unknown:
            raise InvalidInputError(
                f"always_task_ids is {self.always_task_ids!r}; it must be a list of ids of "
                f"downstream tasks of {self.task_id}."
            )


def _cut(body: str) -> str:
    """Shorten a body to the length that every database of Airflow can hold."""
    data = body.encode(errors="replace")
    if len(data) <= APPROVAL_BODY_BYTES:
        return body
    return data[: APPROVAL_BODY_BYTES - len(_CUT)].decode(errors="ignore") + _CUT


def _decision(answer: Choice, by: str = "", at: str = "") -> Decision:
    return {"answer": answer.value, "by": by, "at": at}


def _decision_from(event: Mapping[str, Any]) -> Decision:
    user, at = event.get("responded_by_user"), event.get("responded_at")
    when = at.isoformat() if isinstance(at, datetime) else str(at or "")
    if event["chosen_options"] == [ApprovalOperator.APPROVE]:
        return _decision(Choice.APPROVED, _name(user), when)
    if event.get("timedout") or user is None:
        return _decision(Choice.TIMED_OUT)
    return _decision(Choice.REJECTED, _name(user), when)


def _name(user: Any) -> str:
    return str(user["name"] or user["id"]) if user else "unknown"
