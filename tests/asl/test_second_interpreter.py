"""The state machine means the same to two interpreters, whatever the Lambda answers.

One is the embedded stack's engine, the other aws-local-stepfunctions, which knows nothing of it.
Each runs the whole machine over one segment, whose Lambda answers by a script.
"""

import json
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate.core.execution.payload import build_segment_payload
from ministack.services import stepfunctions as engine
from tests.asl.answers import Step, scripts
from tests.asl.machine import child_states, definition
from tests.support.engines.node_tools import commands_of

FOLDER = Path(__file__).parent
SEED = 20
SCRIPTS = 400
_STATE_KINDS = ("task", "choice", "wait", "pass", "map")


def inputs(count: int) -> list[dict[str, Any]]:
    """One segment each, so that a child that fails ends no other."""
    payload = json.loads(build_segment_payload("orders", 10_000, max_concurrency=7))
    return [{**payload, "segments": [place]} for place in range(count)]


def run_elsewhere(machine: Any, asked: Iterable[list[Step]]) -> list[dict[str, Any]]:
    """Run them on aws-local-stepfunctions."""
    commands_of(FOLDER, "local-sfn")
    given = {"definition": machine, "scripts": list(asked), "task": "Work", "wait": "Hold"}
    given["inputs"] = inputs(len(given["scripts"]))
    answer = subprocess.run(
        ["node", "interpreter.cjs"],
        cwd=FOLDER,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == answer.stderr
    return list(json.loads(answer.stdout))


def run_embedded(
    machine: Any, script: list[Step], given: dict[str, Any], patch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Run one on the embedded stack's engine, in this process and without a wait."""
    entered: list[str] = []
    called: list[Any] = []

    def invoke(resource: str, asked: dict[str, Any], timeout: float) -> dict[str, Any]:
        step = script[min(len(called), len(script) - 1)]
        called.append(asked["Payload"])
        if "error" in step:
            raise engine._ExecutionError(step["error"], step["cause"])
        return {"Payload": step["answer"], "StatusCode": 200}

    patch.setattr(engine, "_invoke_resource_with_timeout", invoke)
    patch.setattr(engine, "_scaled_sleep", lambda _: None)
    for kind in (*_STATE_KINDS, "fail"):
        _note_states(patch, kind, entered)
    parent = {
        "executionArn": "arn:aws:states:us-east-1:123456789012:execution:m:e",
        "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
        "events": [],
    }
    known = {*engine._executions}
    context = {"QueryLanguage": machine["QueryLanguage"], "Execution": {"Input": given}}
    with suppress(engine._ExecutionError):  # the child tells it
        engine._run_sub_machine(machine["States"], machine["StartAt"], given, parent, context)
    (arn,) = {*engine._executions} - known
    child = engine._executions.pop(arn)
    return {
        "entered": entered,
        "called": called,
        "succeeded": child["status"] == "SUCCEEDED",
        **{name: child[name] for name in ("error", "cause") if name in child},
    }


def _note_states(patch: pytest.MonkeyPatch, kind: str, entered: list[str]) -> None:
    name = "_fail_state_error" if kind == "fail" else f"_execute_{kind}"
    run = getattr(engine, name)

    def noted(*arguments: Any) -> Any:
        entered.append(arguments[-1]["State"]["Name"])  # the last one is the context
        return run(*arguments)

    patch.setattr(engine, name, noted)


def both(machine: Any, asked: list[list[Step]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return how each script went, on the embedded engine and elsewhere."""
    here = []
    for script, given in zip(asked, inputs(len(asked)), strict=True):
        with pytest.MonkeyPatch.context() as patch:
            here.append(run_embedded(machine, script, given, patch))
    return list(zip(here, run_elsewhere(machine, asked), strict=True))


@pytest.fixture(scope="module")
def ran() -> list[tuple[list[Step], dict[str, Any], dict[str, Any]]]:
    asked = list(scripts(SEED, SCRIPTS))
    return [(script, *ends) for script, ends in zip(asked, both(definition(), asked), strict=True)]


def test_both_take_the_same_way(ran: Any) -> None:
    """The same states, the same requests to the Lambda, the same end with error and cause."""
    differing = [row for row in ran if row[1] != row[2]]

    assert [] == differing[:3]


def test_the_scripts_take_every_way(ran: Any) -> None:
    """Every state is entered, and every retrier is used up."""
    entered = {name for _, one, _ in ran for name in one["entered"]}
    ended = {one.get("error", "") for _, one, _ in ran if not one["succeeded"]}
    retried = {error for r in child_states()["Work"]["Retry"] for error in r["ErrorEquals"]}

    assert {"Migrate", *child_states()} == entered
    assert retried - {"States.ALL"} | {"Boom", "ItemError", "UnknownStatus"} <= ended


@pytest.mark.parametrize(
    ("state", "field", "value"),
    [
        ("More?", "Default", "Done"),
        ("Hold", "Next", "Done"),
        ("Work", "Retry", []),
        ("Work", "ResultPath", "$.other"),
    ],
)
def test_another_machine_goes_another_way(ran: Any, state: str, field: str, value: Any) -> None:
    """The traces tell machines apart: a change of one field shows in one of them."""
    machine = definition()
    machine["States"]["Migrate"]["ItemProcessor"]["States"][state][field] = value

    elsewhere = run_elsewhere(machine, [script for script, _, _ in ran[:100]])

    assert [one for _, one, _ in ran[:100]] != elsewhere
