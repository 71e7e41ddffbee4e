"""Delete the stack with its ledger and bucket."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.services.stack import describe_stack, stack_outputs
from airflow_ddb_migrate.aws.services.stack_identity import our_stack
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.core.names import validate_stack_name
from airflow_ddb_migrate.deployment.changeset import Say, StackChange
from airflow_ddb_migrate.deployment.stack_status import require_deletable
from airflow_ddb_migrate.deployment.unfinished import unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The end of a stack. ``say`` gets one line per event."""

    clients: Clients
    stack_name: str
    say: Say = print
    poll_seconds: float = 3.0

    def destroy(self, *, force: bool = False) -> bool:
        """Delete the stack with its ledger and bucket; False when it is not there.

        :raises DeployError: a migration runs, or a table's raised capacity is not restored, and
            ``force`` was not given; or the stack is somebody else's. Nothing was deleted.
        """
        validate_stack_name(self.stack_name)
        stack = our_stack(self.clients.cloudformation, self.stack_name)
        if stack is None:
            self.say(f"Stack {self.stack_name} is not there: nothing to do.")
            return False
        self._check_deletable(stack)
        self._check_finished(force=force)
        bucket = self._output("Bucket")
        if bucket:
            _empty(self.clients.s3, bucket)
        StackChange(
            self.clients.cloudformation, self.stack_name, self.say, self.poll_seconds
        ).delete()
        return True

    def _check_deletable(self, stack: Mapping[str, Any]) -> None:
        """Raise DeployError for what CloudFormation would refuse, or take half of."""
        require_deletable(self.stack_name, stack["StackStatus"])
        if stack.get("EnableTerminationProtection"):
            raise DeployError(
                f"Stack {self.stack_name} has termination protection: somebody wants it kept. "
                "Nothing was deleted. To take the protection away: aws cloudformation "
                "update-termination-protection --no-enable-termination-protection --stack-name "
                f"{self.stack_name}"
            )

    def _check_finished(self, *, force: bool) -> None:
        left = unfinished(
            self.clients,
            ledger_table=self._output("LedgerTable"),
            state_machine_arn=self._output("StateMachineArn"),
            now=time.time(),
        )
        if force:
            for sentence in left:
                self.say(f"Deleted all the same: {sentence}")
        elif left:
            raise DeployError(
                f"Stack {self.stack_name} is still needed; nothing was deleted. {' '.join(left)} "
                "To delete it all the same, and forget this: ddb-migrate destroy --force"
            )

    def _output(self, key: str) -> str:
        stack = describe_stack(self.clients.cloudformation, self.stack_name) or {}
        return stack_outputs(stack).get(key, "")


def _empty(s3: Any, bucket: str) -> None:
    with aws_call("s3:DeleteObject", f"bucket {bucket}"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            objects = [{"Key": row["Key"]} for row in page.get("Contents", ())]
            if objects:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
