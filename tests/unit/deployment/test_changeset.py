"""Waiting for CloudFormation: what counts as the end, and what is told on the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.deployment.changeset import StackChange
from botocore.exceptions import ClientError, WaiterError

MISSING = ClientError(
    {"Error": {"Code": "ValidationError", "Message": "Stack s does not exist"}}, "DescribeStacks"
)


@dataclass
class FakeCloudFormation:
    """Shows one (status, new events) after the other; a status of '' is a stack that is gone."""

    script: list[tuple[str, list[dict[str, str]]]]
    events: list[dict[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    refusal: str = ""
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

    def create_change_set(self, *, ChangeSetType: str, **_: Any) -> dict[str, str]:  # noqa: N803
        self.calls.append(f"create_change_set {ChangeSetType}")
        return {"Id": "change-set-1"}

    def get_waiter(self, name: str) -> Any:
        return SimpleNamespace(wait=self._wait)

    def _wait(self, **_: Any) -> None:
        if self.refusal:
            last = {"Status": "FAILED", "StatusReason": self.refusal}
            raise WaiterError("change_set_create_complete", "it failed", last)

    def execute_change_set(self, **_: Any) -> None:
        self.calls.append("execute_change_set")

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("delete_change_set")


def make_event(status: str, resource: str = "Function", reason: str = "") -> dict[str, str]:
    return {
        "EventId": f"{status}-{resource}-{reason}",
        "ResourceStatus": status,
        "LogicalResourceId": resource,
        "ResourceStatusReason": reason,
    }


def make_change(
    *script: tuple[str, list[dict[str, str]]], clock: Iterable[float] = range(100)
) -> tuple[StackChange, list[str]]:
    said: list[str] = []
    times = iter(clock)
    change = StackChange(
        cloudformation=FakeCloudFormation(list(script)),
        stack_name="s",
        say=said.append,
        clock=lambda: next(times, 1e9),
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
        "reason 1; CREATE_FAILED R2 reason 2. Fix that and deploy again."
    ) == str(caught.value)


def test_a_version_that_exists_already_needs_to_be_published_again() -> None:
    """Fixing and deploying again would fail alike."""
    reason = "A version for this Lambda function exists ( 2 ). Modify the function to create a new"
    failure = make_event("CREATE_FAILED", "FunctionVersion01ab", reason)
    change, _ = make_change(
        ("UPDATE_ROLLBACK_IN_PROGRESS", [failure]), ("UPDATE_ROLLBACK_COMPLETE", [])
    )

    with pytest.raises(DeployError, match=r"deploy --stack-name s --republish$"):
        change.wait()


def test_failures_of_earlier_deployments_are_not_quoted() -> None:
    """They were fixed since."""
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


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set.",
        "No updates are to be performed.",
    ],
)
def test_nothing_to_change_is_told_apart_and_put_away(reason: str) -> None:
    """CloudFormation calls that a failed change set; nothing is executed and none stays behind."""
    change, said = make_change(("UPDATE_COMPLETE", []))
    change.cloudformation.refusal = reason

    assert not change.apply("{}", {})
    assert ["create_change_set UPDATE", "delete_change_set"] == change.cloudformation.calls
    assert [] == said


def test_a_refused_change_set_says_why() -> None:
    """The reason is CloudFormation's, and the change set is put away."""
    change, _ = make_change(("UPDATE_COMPLETE", []))
    change.cloudformation.refusal = "Template format error: unresolved references"

    with pytest.raises(DeployError, match="change of stack s: Template format error"):
        change.apply("{}", {})

    assert "delete_change_set" == change.cloudformation.calls[-1]


@pytest.mark.parametrize(
    ("status", "kind"),
    [("", "CREATE"), ("REVIEW_IN_PROGRESS", "CREATE"), ("UPDATE_ROLLBACK_COMPLETE", "UPDATE")],
)
def test_a_stack_that_is_there_is_updated(status: str, kind: str) -> None:
    """One in review is only a change set that nobody executed."""
    change, _ = make_change(
        (status, []), ("CREATE_COMPLETE", [make_event("CREATE_COMPLETE")]), ("CREATE_COMPLETE", [])
    )

    assert change.apply("{}", {})
    assert [f"create_change_set {kind}", "execute_change_set"] == change.cloudformation.calls


def test_what_a_failed_first_deployment_left_is_deleted_first() -> None:
    """CloudFormation can only delete a stack in ROLLBACK_COMPLETE."""
    change, _ = make_change(
        ("ROLLBACK_COMPLETE", []),
        ("DELETE_IN_PROGRESS", [make_event("DELETE_IN_PROGRESS")]),
        ("", []),
        ("CREATE_COMPLETE", [make_event("CREATE_COMPLETE")]),
        ("CREATE_COMPLETE", []),
    )

    assert change.apply("{}", {})
    expected = ["delete_stack", "create_change_set CREATE", "execute_change_set"]
    assert expected == change.cloudformation.calls
