"""Waiting for CloudFormation: what counts as the end, and what is told on the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate.aws.changeset import StackChange
from airflow_ddb_migrate.core.errors import DeployError
from botocore.exceptions import ClientError

MISSING = ClientError(
    {"Error": {"Code": "ValidationError", "Message": "Stack s does not exist"}}, "DescribeStacks"
)


@dataclass
class FakeCloudFormation:
    """Shows one (status, new events) after the other; a status of '' is a stack that is gone."""

    script: list[tuple[str, list[dict[str, str]]]]
    events: list[dict[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name="us-east-1"))

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        status, fresh = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.events = [*reversed(fresh), *self.events]
        if not status:
            raise MISSING
        return {"Stacks": [{"StackStatus": status}]}

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        return {"StackEvents": self.events}

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete_stack")


def make_event(status: str, resource: str = "Function", reason: str = "") -> dict[str, str]:
    return {
        "EventId": f"{status}-{resource}-{reason}",
        "ResourceStatus": status,
        "LogicalResourceId": resource,
        "ResourceStatusReason": reason,
    }


def make_change(
    *script: tuple[str, list[dict[str, str]]], clock: Iterable[float] = ()
) -> tuple[StackChange, list[str]]:
    said: list[str] = []
    times = iter(clock)
    change = StackChange(
        cloudformation=FakeCloudFormation(list(script)),
        stack_name="s",
        say=said.append,
        clock=lambda: next(times, 0.0),
        sleep=lambda _: None,
    )
    return change, said


def test_an_old_status_is_not_taken_for_the_end() -> None:
    """Right after the request the stack may still look as it did before."""
    begun, ended = make_event("UPDATE_IN_PROGRESS"), make_event("UPDATE_COMPLETE")
    change, said = make_change(
        ("UPDATE_COMPLETE", []),
        ("UPDATE_IN_PROGRESS", [begun]),
        ("UPDATE_COMPLETE", [ended]),
    )

    change.wait()

    assert ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"] == [line.split()[0] for line in said]


def test_each_event_is_told_once() -> None:
    """Events come oldest first, however often they are listed."""
    first, second = make_event("CREATE_COMPLETE", "Bucket"), make_event("CREATE_COMPLETE", "Role")
    change, said = make_change(
        ("CREATE_IN_PROGRESS", [first]),
        ("CREATE_IN_PROGRESS", [second]),
        ("CREATE_COMPLETE", []),
    )

    change.wait()

    assert ["Bucket", "Role"] == [line.split()[1] for line in said]


def test_a_rollback_quotes_the_first_failures() -> None:
    """Those that follow were cancelled because of the first ones."""
    failures = [make_event("CREATE_FAILED", f"R{i}", f"reason {i}") for i in range(5)]
    change, _ = make_change(
        ("UPDATE_ROLLBACK_IN_PROGRESS", failures), ("UPDATE_ROLLBACK_COMPLETE", [])
    )

    with pytest.raises(DeployError) as caught:
        change.wait()

    assert (
        "Stack s ended as UPDATE_ROLLBACK_COMPLETE. CREATE_FAILED R0 reason 0; CREATE_FAILED R1 "
        "reason 1; CREATE_FAILED R2 reason 2. Mend that and deploy again."
    ) == str(caught.value)


def test_failures_of_earlier_deployments_are_not_quoted() -> None:
    """They were mended since."""
    change, _ = make_change(("UPDATE_COMPLETE", []), ("", []))
    change.cloudformation.events = [make_event("CREATE_FAILED", "Old", "long ago")]

    change.delete()

    assert [] == change._failures
    assert ["delete_stack"] == change.cloudformation.calls


def test_a_stack_that_never_rests_is_given_up() -> None:
    """The message says the status and where to look."""
    change, _ = make_change(("UPDATE_IN_PROGRESS", []), clock=[0.0, 10_000.0])

    with pytest.raises(DeployError, match="is still UPDATE_IN_PROGRESS after 1800 s"):
        change.wait()


def test_a_stack_that_is_gone_is_the_end_of_a_deletion() -> None:
    """CloudFormation forgets the name when the stack is deleted."""
    change, said = make_change(
        ("DELETE_IN_PROGRESS", []),
        ("DELETE_IN_PROGRESS", [make_event("DELETE_IN_PROGRESS")]),
        ("", []),
    )

    change.delete()

    assert 1 == len(said)
