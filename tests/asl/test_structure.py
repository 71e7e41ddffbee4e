"""Promises of the state machine that no linter knows."""

import json
import re
from collections.abc import Iterator
from typing import Any

from airflow_ddb_migrate.core.execution.messages import WorkRequest, WorkResult, WorkStatus
from airflow_ddb_migrate.core.execution.payload import build_segment_payload
from airflow_ddb_migrate.core.limits import LAMBDA_SECONDS, MAP_CHILDREN
from tests.asl.machine import child_states, definition, definition_text, map_state

_DATA_LIMIT_BYTES = 262_144


def test_the_map_neither_retries_nor_catches() -> None:
    """A Retry would start every child again; a Catch would make failures look handled."""
    assert set() == {"Retry", "Catch"} & map_state().keys()


def test_children_are_standard_executions_of_a_distributed_map() -> None:
    """EXPRESS children end after 5 minutes; an INLINE map holds 40 at a time."""
    expected = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}

    assert expected == map_state()["ItemProcessor"]["ProcessorConfig"]


def test_every_path_of_the_map_is_in_the_payload() -> None:
    """What the map looks for in its input is what build_segment_payload puts there."""
    payload = json.loads(build_segment_payload("orders", 10))
    state = map_state()
    selected = [path for path in state["ItemSelector"].values() if not path.startswith("$$")]
    settings = [
        state[name]
        for name in ("ItemsPath", "MaxConcurrencyPath", "ToleratedFailurePercentagePath")
    ]

    assert payload.keys() == {path.removeprefix("$.") for path in selected + settings}


def test_work_is_told_six_fields_and_nothing_else() -> None:
    """The item's fields, the Lambda's payload and WorkRequest have the same names."""
    fields = {f"{name}.$" for name in WorkRequest.__dataclass_fields__}

    assert fields == map_state()["ItemSelector"].keys()
    assert fields == child_states()["Work"]["Parameters"]["Payload"].keys()


def test_work_keeps_exactly_what_the_lambda_always_returns() -> None:
    """A field that the Lambda left out would fail the child in the ResultSelector."""
    returned = WorkResult(status=WorkStatus.DONE).to_event().keys()

    selected = child_states()["Work"]["ResultSelector"]
    assert {f"{name}.$": f"$.Payload.{name}" for name in returned} == selected


def test_every_status_has_its_branch() -> None:
    """More? knows each WorkStatus and fails on any other."""
    choice = child_states()["More?"]
    branches = {rule["StringEquals"]: rule["Next"] for rule in choice["Choices"]}

    expected = {"MORE": "Work", "HOLD": "Hold", "DONE": "Done", "FAILED": "Failed"}
    assert expected == branches
    assert set(WorkStatus) == branches.keys()
    assert "Fail" == child_states()[choice["Default"]]["Type"]


def test_a_failed_child_shows_the_error_and_cause_of_its_lane() -> None:
    """The Fail state takes both from what Work returned."""
    failed = child_states()["Failed"]

    assert ("$.work.error", "$.work.cause") == (failed["ErrorPath"], failed["CausePath"])


def test_the_outputs_of_all_children_fit_into_one_state() -> None:
    """Without a ResultWriter the Map joins all outputs; ResultPath null comes after that."""
    done = child_states()["Done"]
    outputs = json.dumps([done["Result"]] * MAP_CHILDREN)

    assert ({}, None) == (done["Result"], map_state()["ResultPath"])
    assert len(outputs) < _DATA_LIMIT_BYTES


def test_work_times_out_after_the_lambda_does() -> None:
    """Lambda ends an invocation first, so that no second one of a lane begins beside it."""
    assert LAMBDA_SECONDS < child_states()["Work"]["TimeoutSeconds"] <= LAMBDA_SECONDS + 60


def test_service_errors_are_retried_with_full_jitter() -> None:
    """Throttling 30 times, Lambda's own errors 6 times, anything else 3 times."""
    retriers = child_states()["Work"]["Retry"]
    tries = {error: r["MaxAttempts"] for r in retriers for error in r["ErrorEquals"]}

    expected = {
        "Lambda.TooManyRequestsException": 30,
        "Lambda.ServiceException": 6,
        "Lambda.AWSLambdaException": 6,
        "Lambda.SdkClientException": 6,
        "Lambda.ClientExecutionTimeoutException": 6,
        "States.ALL": 3,
    }
    assert expected == tries
    assert {"FULL"} == {r["JitterStrategy"] for r in retriers}
    assert ["States.ALL"] == retriers[-1]["ErrorEquals"]


def test_children_look_at_no_outer_variable_or_context() -> None:
    """Inside a Distributed Map only the item is there: $$ would be the child's own context."""
    assert [] == [value for value in _texts(child_states()) if value.startswith("$$")]


def test_every_state_is_reachable() -> None:
    """No state of the child is left over."""
    states = child_states()
    targets = set(re.findall(r'"(?:Next|Default)": "([^"]+)"', json.dumps(states)))

    assert states.keys() == {map_state()["ItemProcessor"]["StartAt"], *targets}


def test_no_placeholder_is_left() -> None:
    """CloudFormation substitutes every placeholder of the definition."""
    assert "${" not in definition_text()
    assert "JSONPath" == definition()["QueryLanguage"]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
