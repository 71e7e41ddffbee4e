"""One change by CloudFormation: creates and executes a change set, and prints its events."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.services.stack import describe_stack, is_missing_stack
from airflow_ddb_migrate.aws.services.stack_identity import CHANGE_SET_PREFIX, TAG
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.deployment.settings.settings import StackSettings
from airflow_ddb_migrate.deployment.stack_status import (
    ABSENT,
    EMPTY,
    advice_after,
    require_deployable,
)

_POLL_SECONDS = 3.0
_PATIENCE_SECONDS = 1_800.0
_SHOWN_FAILURES = 3
_PUBLISHED = ("Modify the function", "A version for this Lambda function exists")
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")

Say = Callable[[str], None]


@dataclass(slots=True)
class StackChange:
    """Changes a stack and waits. ``say`` is called with one line per event."""

    cloudformation: Any
    stack_name: str
    say: Say
    poll_seconds: float = _POLL_SECONDS
    settings: StackSettings = field(default_factory=StackSettings)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _told: set[str] = field(default_factory=set, init=False)
    _failures: list[str] = field(default_factory=list, init=False)

    def apply(self, template: str, parameters: Mapping[str, str]) -> bool:
        """Change the stack to the template; False if nothing has to change.

        An empty stack that a failed first deployment left is deleted first.

        :raises DeployError: CloudFormation refused the change or rolled it back; the message says
            why.
        """
        status = self._status()
        require_deployable(self.stack_name, status)
        if status == EMPTY:
            self.delete()
            status = ""
        exists = status not in ABSENT
        self._skip_old_events()
        change_set = self._create_change_set(template, parameters, exists=exists)
        if not self._has_changes(change_set):
            return False
        with aws_call("cloudformation:ExecuteChangeSet", f"stack {self.stack_name}"):
            self.cloudformation.execute_change_set(
                ChangeSetName=change_set, StackName=self.stack_name
            )
        self.wait()
        return True

    def delete(self) -> None:
        """Delete the stack and wait."""
        self._skip_old_events()
        with aws_call("cloudformation:DeleteStack", f"stack {self.stack_name}"):
            self.cloudformation.delete_stack(StackName=self.stack_name, **self._role())
        self.wait()

    def wait(self) -> None:
        """Print events until the stack's operation has ended; raises DeployError if it failed.

        A stack may still show its old status just after a request, so a status counts only after an
        event.
        """
        deadline = self.clock() + _PATIENCE_SECONDS
        has_begun = False
        while status := self._status():
            rests = has_begun and not status.endswith("_IN_PROGRESS")
            has_begun = self._tell_events() or has_begun
            if rests:
                return self._require_success(status)
            if self.clock() > deadline:
                raise DeployError(
                    f"Stack {self.stack_name} is still {status} after {_PATIENCE_SECONDS:.0f} s. "
                    "See its events in the CloudFormation console."
                )
            self.sleep(self.poll_seconds)
        return None

    def _role(self) -> dict[str, str]:
        role = self.settings.service_role
        return {"RoleARN": role} if role else {}

    def _status(self) -> str:
        stack = describe_stack(self.cloudformation, self.stack_name)
        return str(stack["StackStatus"]) if stack else ""

    def _create_change_set(
        self, template: str, parameters: Mapping[str, str], *, exists: bool
    ) -> str:
        tags = {**self.settings.tags, TAG: self.stack_name}
        with aws_call("cloudformation:CreateChangeSet", f"stack {self.stack_name}"):
            answer = self.cloudformation.create_change_set(
                StackName=self.stack_name,
                ChangeSetName=f"{CHANGE_SET_PREFIX}{int(time.time() * 1000)}",
                ChangeSetType="UPDATE" if exists else "CREATE",
                TemplateBody=template,
                Parameters=[
                    {"ParameterKey": name, "ParameterValue": value}
                    for name, value in parameters.items()
                ],
                Capabilities=[self.settings.capability],
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                **self._role(),
            )
        return str(answer["Id"])

    def _has_changes(self, change_set: str) -> bool:
        """Wait for the change set; False for one without changes, which fails and is deleted.

        Its list of changes is not used, since it is empty if only outputs change.
        """
        with aws_call("cloudformation:DescribeChangeSet", f"stack {self.stack_name}"):
            try:
                self.cloudformation.get_waiter("change_set_create_complete").wait(
                    ChangeSetName=change_set,
                    StackName=self.stack_name,
                    WaiterConfig={"Delay": 1, "MaxAttempts": 300},
                )
            except WaiterError as exc:
                return self._refused(change_set, exc)
        return True

    def _refused(self, change_set: str, exc: WaiterError) -> bool:
        reason = str(exc.last_response.get("StatusReason", exc))
        self._put_away(change_set)
        if any(text in reason for text in _NO_CHANGES):
            return False
        raise DeployError(
            f"CloudFormation refused the change of stack {self.stack_name}: {reason}"
        ) from exc

    def _put_away(self, change_set: str) -> None:
        self.cloudformation.delete_change_set(ChangeSetName=change_set, StackName=self.stack_name)

    def _events(self) -> list[dict[str, Any]]:
        """Return the newest events, the oldest first; none if the stack is gone."""
        with aws_call("cloudformation:DescribeStackEvents", f"stack {self.stack_name}"):
            try:
                answer = self.cloudformation.describe_stack_events(StackName=self.stack_name)
            except ClientError as exc:
                if is_missing_stack(exc):
                    return []
                raise
        return list(reversed(answer["StackEvents"]))

    def _skip_old_events(self) -> None:
        self._told |= {event["EventId"] for event in self._events()}

    def _tell_events(self) -> bool:
        """Print the events since the last call; return False if there were none."""
        fresh = [event for event in self._events() if event["EventId"] not in self._told]
        for event in fresh:
            self._told.add(event["EventId"])
            self.say(_event_line(event))
            if event["ResourceStatus"].endswith("FAILED"):
                self._failures.append(" ".join(_event_line(event).split()))
        return bool(fresh)

    def _require_success(self, status: str) -> None:
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}:
            return
        # The first failures say why; the later ones were cancelled because of them.
        why = "; ".join(self._failures[:_SHOWN_FAILURES]).rstrip(".") or "No event says why"
        raise DeployError(
            f"Stack {self.stack_name} ended as {status}. {why}. {self._advice(why, status)}"
        )

    def _advice(self, why: str, status: str) -> str:
        if any(text in why for text in _PUBLISHED):
            return (
                "Lambda has published this code before and does not publish it again. To publish "
                f"it as a new version: ddb-migrate deploy --stack-name {self.stack_name} "
                "--republish"
            )
        return advice_after(self.stack_name, status)


def _event_line(event: Mapping[str, Any]) -> str:
    reason = event.get("ResourceStatusReason") or ""
    return f"{event['ResourceStatus']:<28} {event['LogicalResourceId']} {reason}".rstrip()
