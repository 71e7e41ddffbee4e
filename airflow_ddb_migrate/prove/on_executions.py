"""Executions: when they become visible."""

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from airflow_ddb_migrate.aws.errors import aws_call, error_code
from airflow_ddb_migrate.prove.compute import Compute

_EXECUTIONS: Final = 20
_LOOK_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 30.0
_UNSEEN: Final = "ExecutionDoesNotExist"


def ask_execution_visibility(compute: Compute) -> dict[str, Any]:
    """Start executions and poll each until it is found, by its name and in the list."""
    machine, client = compute.state_machine_arn, compute.scratch.clients.stepfunctions
    described, listed = [], []
    for number in range(_EXECUTIONS):
        with aws_call("states:StartExecution", machine):
            arn = client.start_execution(stateMachineArn=machine, name=f"seen-{number}")[
                "executionArn"
            ]
        described.append(_seen_after(compute, lambda arn=arn: _is_described(compute, arn)))  # type: ignore[misc]
        listed.append(_seen_after(compute, lambda arn=arn: _is_listed(compute, arn)))  # type: ignore[misc]
    return {
        "executions": _EXECUTIONS,
        "not_described_at_once": sum(looks > 1 for looks, _ in described),
        "described_after_seconds": max(seconds for _, seconds in described),
        "not_listed_at_once": sum(looks > 1 for looks, _ in listed),
        "listed_after_seconds": max(seconds for _, seconds in listed),
    }


def _seen_after(compute: Compute, is_seen: Callable[[], bool]) -> tuple[int, float]:
    """Return after how many polls, and how many seconds, something is found."""
    clock = compute.scratch.clock
    began, looks = clock.now(), 1
    while not is_seen() and clock.now() - began < _PATIENCE_SECONDS:
        clock.sleep(_LOOK_SECONDS)
        looks += 1
    return looks, round(clock.now() - began, 2)


def _is_described(compute: Compute, arn: str) -> bool:
    with aws_call("states:DescribeExecution", arn):
        try:
            compute.scratch.clients.stepfunctions.describe_execution(executionArn=arn)
        except ClientError as exc:
            if error_code(exc) != _UNSEEN:
                raise
            return False
    return True


def _is_listed(compute: Compute, arn: str) -> bool:
    machine = compute.state_machine_arn
    with aws_call("states:ListExecutions", machine):
        answer = compute.scratch.clients.stepfunctions.list_executions(stateMachineArn=machine)
    return arn in {row["executionArn"] for row in answer["executions"]}
