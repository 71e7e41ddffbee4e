"""The approval as a class: its parameters, its results, what it asks Airflow for."""

import inspect
from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.standard.operators import hitl
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import DownstreamTasksSkipped, TaskAwaitingInput
from airflow.serialization.serialized_objects import DagSerialization
from airflow_ddb_migrate import ApproveMigrationOperator
from airflow_ddb_migrate.core.limits import APPROVAL_BODY_BYTES
from tests.support.worlds.airflow_world import REFUSED, FakeTaskInstance

AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
ANN = {"id": "7", "name": "Ann"}


@pytest.fixture
def asked(monkeypatch):
    """The questions that were put to a person."""
    questions = []
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: questions.append(question))
    return questions


def make_gate(**changes):
    with DAG("d", schedule=None):
        gate = ApproveMigrationOperator(task_id="approve", subject="Go?", **changes)
        gate >> EmptyOperator(task_id="start") >> EmptyOperator(task_id="report")
    return gate


def make_context(gate):
    ti = FakeTaskInstance(task_id="approve", id="ti-1")
    return {"ti": ti, "task_instance": ti, "task": gate}


def answer(gate, *, option, by=ANN, **event):
    """Let the task go on with an answer; returns result, what is skipped, and its XComs."""
    context = make_context(gate)
    known = {"params_input": {}, "responded_at": AT, "responded_by_user": by, "timedout": False}
    try:
        result = gate.execute_complete(context, {**known, "chosen_options": [option], **event})
    except DownstreamTasksSkipped as skipped:
        return None, sorted(skipped.tasks), context["ti"].pushed
    return result, [], context["ti"].pushed


class TestAsking:
    def test_waits_for_an_answer(self, asked):
        """It asks once, and gives its worker back for as long as was said."""
        gate = make_gate(body="# Why", response_timeout=90)
        with pytest.raises(TaskAwaitingInput) as waiting:
            gate.execute(make_context(gate))
        assert timedelta(seconds=90) == waiting.value.timeout
        (question,) = asked
        assert ("ti-1", "Go?", "# Why", ["Reject"]) == tuple(
            question[name] for name in ("ti_id", "subject", "body", "defaults")
        )

    @pytest.mark.parametrize(
        ("given", "waits"),
        [
            (None, None),
            (0, None),
            (1.5, timedelta(seconds=1.5)),
            (timedelta(hours=1), timedelta(hours=1)),
        ],
        ids=str,
    )
    def test_how_long(self, asked, given, waits):
        """Seconds or a timedelta; nothing and 0 wait for ever."""
        gate = make_gate(response_timeout=given)
        with pytest.raises(TaskAwaitingInput) as waiting:
            gate.execute(make_context(gate))
        assert waits == waiting.value.timeout

    def test_a_long_body_is_cut(self, asked):
        """To what every database holds, in whole characters, and says so."""
        gate = make_gate(body="é" * APPROVAL_BODY_BYTES)
        with pytest.raises(TaskAwaitingInput):
            gate.execute(make_context(gate))
        body = asked[0]["body"]
        assert APPROVAL_BODY_BYTES >= len(body.encode()) > APPROVAL_BODY_BYTES - 4
        assert body.endswith("é\n\n(The rest is in the log of the task above.)")

    @pytest.mark.parametrize("body", ["", None])
    def test_no_body(self, asked, body):
        """There may be nothing to read."""
        gate = make_gate(body=body)
        with pytest.raises(TaskAwaitingInput):
            gate.execute(make_context(gate))
        assert "" == asked[0]["body"]

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"enabled": "false"}, r"enabled is 'false' \(str\); it must be true or false"),
            ({"end_here": 1}, r"end_here is 1 \(int\); it must be true or false"),
            (
                {"response_timeout": "1h"},
                r"response_timeout is '1h' \(str\); it must be a number of seconds",
            ),
            ({"response_timeout": -1}, "response_timeout is -1"),
            ({"response_timeout": True}, "response_timeout is True"),
            ({"always_task_ids": ["nope"]}, r"\['nope'\]; it must be a list of ids of downstream"),
            ({"always_task_ids": "report"}, "always_task_ids is 'report'; it must be a list"),
        ],
        ids=str,
    )
    def test_wrong_parameters(self, asked, wrong, message):
        """They are refused before anybody is asked, and no retry is wasted on them."""

        def ask() -> None:
            gate = make_gate(**wrong)
            gate.execute(make_context(gate))

        with pytest.raises(REFUSED, match=message):
            ask()
        assert [] == asked


class TestAnswers:
    def test_approve(self, capsys):
        """Everything below may run; who and when are said and returned."""
        result, skipped, _ = answer(make_gate(), option="Approve")
        assert {"answer": "approved", "by": "Ann", "at": AT.isoformat()} == result
        assert [] == skipped
        assert "Approved by Ann at 2030-01-02T03:04:05+00:00." in capsys.readouterr().out

    def test_reject(self, capsys):
        """Everything below is skipped; the result is kept, and what it means is said."""
        _, skipped, xcoms = answer(make_gate(), option="Reject")
        assert ["report", "start"] == skipped
        assert {"answer": "rejected", "by": "Ann", "at": AT.isoformat()} == xcoms["return_value"]
        assert (
            "Rejected by Ann at 2030-01-02T03:04:05+00:00. Nothing was written to the table."
            in capsys.readouterr().out
        )

    def test_some_always_run(self):
        """Those that are named."""
        _, skipped, _ = answer(make_gate(always_task_ids=["report"]), option="Reject")
        assert ["start"] == skipped

    def test_nobody_answered(self, capsys):
        """Time is over: a rejection, and the log says how long it waited."""
        gate = make_gate(response_timeout=7200, consequence="The canary stays.")
        _, skipped, xcoms = answer(gate, option="Reject", by=None, timedout=True)
        assert ["report", "start"] == skipped
        assert {"answer": "timed out", "by": "", "at": ""} == xcoms["return_value"]
        assert (
            "No one answered within 2:00:00. That counts as a rejection. The canary stays."
            in capsys.readouterr().out
        )

    def test_a_user_without_a_name(self):
        """Is told by id."""
        result, _, _ = answer(make_gate(), option="Approve", by={"id": "7", "name": ""})
        assert "7" == result["by"]

    def test_a_failed_question(self):
        """Airflow's own error stays what it is: nothing below runs."""
        gate = make_gate()
        with pytest.raises(hitl.HITLTriggerEventError):
            gate.execute_complete(make_context(gate), {"error": "x", "error_type": "unknown"})


class TestClass:
    def test_template_fields(self):
        """Every templated field is an attribute and a documented parameter."""
        gate = make_gate()
        for field in ApproveMigrationOperator.template_fields:
            assert hasattr(gate, field)
            assert f":param {field}:" in inspect.getdoc(ApproveMigrationOperator)

    def test_serialization(self):
        """The DAG survives the way through the database; the scheduler knows that it skips."""
        again = DagSerialization.from_dict(DagSerialization.to_dict(make_gate().dag))
        assert again.task_dict["approve"].inherits_from_skipmixin
        assert "Go?" == again.task_dict["approve"].subject
