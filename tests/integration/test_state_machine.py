"""The state machine itself on the embedded stack, with a Lambda that answers by script."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.execution.messages import WorkResult, WorkStatus
from airflow_ddb_migrate.core.execution.payload import build_segment_payload
from tests.support.waiting import HANG_SECONDS

# The script of a segment is the list of its answers; the worker remembers how far each one is.
_HANDLER = """
SCRIPTS = __SCRIPTS__
SEEN = []

def handle(event, context):
    script = SCRIPTS[event["segment"]]
    lap = sum(seen == event["segment"] for seen in SEEN)
    SEEN.append(event["segment"])
    print("lap", lap)
    if event.keys() != {"migration_id", "attempt", "table_name", "total_segments", "segment",
                        "lanes"}:
        raise SystemError(sorted(event))
    return script[min(lap, len(script) - 1)]
"""

Run = Callable[..., dict[str, Any]]


def make_answer(status: str, **changes: Any) -> dict[str, Any]:
    return {**WorkResult(status=WorkStatus.DONE).to_event(), "status": status, **changes}


@pytest.fixture
def run(clients: Clients) -> Run:
    """Runs the map over one segment per script; returns the execution and its children."""

    def run(*scripts: list[dict[str, Any]], tolerated: float = 0) -> dict[str, Any]:
        machine = _make_machine(clients, _make_function(clients, list(scripts)))
        payload = build_segment_payload(
            "orders", len(scripts), max_concurrency=1, tolerated_failure_percentage=tolerated
        )
        states = clients.stepfunctions
        arn = states.start_execution(stateMachineArn=machine, input=payload)["executionArn"]
        execution = _ended(states, arn)
        return {**execution, "children": _children(states, arn)}

    return run


def test_a_child_works_until_it_is_done(run: Run) -> None:
    """MORE works on, HOLD waits and works on, DONE ends with an empty output."""
    laps = [make_answer("MORE"), make_answer("HOLD", wait_seconds=1), make_answer("DONE")]

    execution = run(laps, [make_answer("DONE")])

    assert "SUCCEEDED" == execution["status"]
    assert [("SUCCEEDED", {})] * 2 == [
        (child["status"], json.loads(child["output"])) for child in execution["children"]
    ]


def test_a_failed_lane_shows_its_error_and_cause(run: Run) -> None:
    """They come from the Lambda's answer, by ErrorPath and CausePath."""
    execution = run([make_answer("FAILED", error="ItemError", cause="key 7")])

    child = execution["children"][0]
    assert ("FAILED", "ItemError", "key 7") == (child["status"], child["error"], child["cause"])
    assert "States.ExceedToleratedFailureThreshold" == execution["error"]


def test_failures_within_the_tolerance_stop_nothing(run: Run) -> None:
    """The other lanes go on; the ledger says what is unfinished."""
    failed = make_answer("FAILED", error="ItemError", cause="key 7")

    execution = run([failed], [make_answer("DONE")], tolerated=50)

    assert "SUCCEEDED" == execution["status"]
    assert ["FAILED", "SUCCEEDED"] == sorted(c["status"] for c in execution["children"])


def test_an_unknown_status_fails_the_child(run: Run) -> None:
    """State machine and Lambda of different deploys must not loop or succeed."""
    execution = run([make_answer("LATER")])

    assert "UnknownStatus" == execution["children"][0]["error"]


def _make_function(clients: Clients, scripts: list[list[dict[str, Any]]]) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("scripted.py", _HANDLER.replace("__SCRIPTS__", repr(scripts)))
    answer = clients.lambda_.create_function(
        FunctionName=f"scripted-{uuid.uuid4().hex[:8]}",
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/lambda",
        Handler="scripted.handle",
        Code={"ZipFile": buffer.getvalue()},
        Publish=True,
    )
    return str(answer["FunctionArn"])


def _make_machine(clients: Clients, function_arn: str) -> str:
    definition = (resources.folder("deploy") / "state_machine.asl.json").read_text()
    for name, value in {"Partition": "aws", "FunctionVersionArn": function_arn}.items():
        definition = definition.replace(f"${{{name}}}", value)
    answer = clients.stepfunctions.create_state_machine(
        name=f"scripted-{uuid.uuid4().hex[:8]}",
        roleArn="arn:aws:iam::000000000000:role/states",
        definition=definition,
    )
    return str(answer["stateMachineArn"])


def _ended(states: Any, execution_arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        execution = states.describe_execution(executionArn=execution_arn)
        if execution["status"] != "RUNNING":
            return dict(execution)
        time.sleep(0.05)
    raise TimeoutError(execution_arn)


def _children(states: Any, execution_arn: str) -> list[dict[str, Any]]:
    map_run = states.list_map_runs(executionArn=execution_arn)["mapRuns"][0]["mapRunArn"]
    rows = states.list_executions(mapRunArn=map_run)["executions"]
    return [states.describe_execution(executionArn=row["executionArn"]) for row in rows]
