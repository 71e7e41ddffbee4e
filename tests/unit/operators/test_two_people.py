"""Who may approve where the author of the DAG requires it: by the operator alone."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk import DAG
from airflow.sdk.exceptions import DownstreamTasksSkipped, TaskAwaitingInput
from airflow_ddb_migrate import ApproveMigrationOperator, StartDistributedMapMigrationOperator
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.aws.preflight.approvals import noted_approval
from airflow_ddb_migrate.core.approval.approval import Approval
from airflow_ddb_migrate.core.approval.author_rules import RequiredStep
from airflow_ddb_migrate.core.ledger.notes import PLAN
from airflow_ddb_migrate.core.limits import APPROVAL_BODY_BYTES
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import AirflowWorld, FakeTaskInstance, table_world

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
RULES = {"require": ["approve"]}
PLANNED = (
    '{"transform": "add_updated_at", "transform_hash": "hash-1", "items": 1500, '
    '"total_cost_usd": 4.5, "params_hash": ""}'
)


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


@pytest.fixture
def asked(monkeypatch):
    questions: list[dict[str, Any]] = []
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: questions.append(question))
    return questions


def make_gate(**changes: Any) -> ApproveMigrationOperator:
    with DAG("d", schedule=None, default_args={"rules": RULES, "table_name": TABLE}):
        gate = ApproveMigrationOperator(task_id="approve", subject="Go?", **changes)
        gate >> StartDistributedMapMigrationOperator(task_id="start", total_segments=4)
    return gate


def context_of(gate: Any, by: str | None) -> Any:
    ti = FakeTaskInstance(task_id="approve", id="ti-1")
    run = SimpleNamespace(conf={}, triggering_user_name=by)
    return {"ti": ti, "task_instance": ti, "task": gate, "dag_run": run, "params": {}}


def plan(gate: Any) -> Any:
    site = gate.open_site(context_of(gate, None))
    site.ledger.note(site.migration_id, PLAN, PLANNED)
    return site


def ask(gate: Any, by: str | None) -> None:
    with pytest.raises(TaskAwaitingInput):
        gate.execute(context_of(gate, by))


def answer(gate: Any, by: str | None, who: str, option: str = "Approve") -> Any:
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": AT,
        "responded_by_user": {"id": who, "name": who.capitalize()},
        "timedout": False,
    }
    return gate.execute_complete(context_of(gate, by), event)


def noted(site: Any) -> Approval:
    found = noted_approval(site, RequiredStep.APPROVE)
    assert found
    return found


def test_where_nobody_is_known_nobody_is_asked(world: AirflowWorld, asked: Any) -> None:
    """A scheduled run, and no one who is named."""
    gate = make_gate()
    plan(gate)

    with pytest.raises(AirflowFailException, match="Set assigned_users on task approve"):
        gate.execute(context_of(gate, None))
    assert [] == asked


@pytest.mark.parametrize(("who", "may"), [("bob", True), ("eve", False)])
def test_where_the_requester_is_unknown_only_those_named_may(
    world: AirflowWorld, asked: Any, who: str, may: bool
) -> None:
    """Also when Airflow has let another one answer."""
    gate = make_gate(assigned_users=[{"id": "bob", "name": "Bob"}])
    site = plan(gate)
    ask(gate, None)
    assert asked[0]["body"].startswith("**A requester that Airflow does not know asked for this.")

    if may:
        assert "approved" == answer(gate, None, who)["answer"]
    else:
        with pytest.raises(AirflowFailException, match="Eve may not approve"):
            answer(gate, None, who)
    assert ("approved" == noted(site).answer) == may


@pytest.mark.parametrize("name", ["ann", "Ann", "ANN"])
def test_the_requester_is_refused_however_it_is_written(
    world: AirflowWorld, asked: Any, name: str
) -> None:
    gate = make_gate()
    site = plan(gate)
    ask(gate, name)

    with pytest.raises(AirflowFailException, match="Clear approve with its downstream tasks"):
        answer(gate, name, "ann")
    assert "approved by the requester" == noted(site).answer


def test_the_requester_may_reject(world: AirflowWorld, asked: Any) -> None:
    gate = make_gate()
    site = plan(gate)
    ask(gate, "ann")

    with pytest.raises(DownstreamTasksSkipped):
        answer(gate, "ann", "ann", "Reject")
    assert "rejected" == noted(site).answer


def test_the_question_says_by_the_ledger_what_it_is_about(world: AirflowWorld, asked: Any) -> None:
    """First, so that a long body cuts none of it; what other tasks returned comes after."""
    gate = make_gate(body="x" * APPROVAL_BODY_BYTES)
    plan(gate)
    ask(gate, "ann")

    first, facts, _ = asked[0]["body"].split("\n\n", 2)
    assert "**`ann` asked for this. Someone else must approve it.**" == first
    assert "of table `orders` with transform `add_updated_at`: about 1,500 items, $4.50" in facts
    assert "transform `hash-1`" in facts
    assert len(asked[0]["body"].encode()) <= APPROVAL_BODY_BYTES


def test_without_a_table_a_required_approval_is_refused(world: AirflowWorld, asked: Any) -> None:
    gate = make_gate(table_name=None)

    with pytest.raises(AirflowFailException, match="Give it the same table_name"):
        gate.execute(context_of(gate, "ann"))
    assert [] == asked


def test_without_a_plan_there_is_nothing_to_approve(world: AirflowWorld, asked: Any) -> None:
    gate = make_gate()

    with pytest.raises(AirflowFailException, match="has no plan"):
        gate.execute(context_of(gate, "ann"))
    assert [] == asked


def test_a_required_approval_cannot_be_off(world: AirflowWorld, asked: Any) -> None:
    gate = make_gate(enabled=False)

    with pytest.raises(
        AirflowFailException, match="approve is off, but the DAG's author requires it"
    ):
        gate.execute(context_of(gate, "ann"))


def test_start_waits_for_the_answer_and_not_for_the_task(world: AirflowWorld, asked: Any) -> None:
    """The same DAG, the same run."""
    gate = make_gate()
    plan(gate)
    start = gate.dag.task_dict["start"]
    ask(gate, "ann")

    with pytest.raises(AirflowFailException, match="has not been answered"):
        start.execute(context_of(start, "ann"))
    answer(gate, "ann", "bob")
    with pytest.raises(AirflowFailException, match="the plan is for"):
        start.execute(context_of(start, "ann"))  # planned for other parameters
