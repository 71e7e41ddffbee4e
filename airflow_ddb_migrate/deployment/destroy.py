"""Delete the stack; its ledger and bucket only on request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import stack_outputs, stack_parameters
from airflow_ddb_migrate.aws.services.stack_identity import our_stack
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.core.names import validate_stack_name
from airflow_ddb_migrate.deployment.changeset import Say, StackChange
from airflow_ddb_migrate.deployment.keeping import kept_data
from airflow_ddb_migrate.deployment.keeping.bucket_policy import lift_policy
from airflow_ddb_migrate.deployment.keeping.bucket_removal import empty_bucket, remove_bucket
from airflow_ddb_migrate.deployment.keeping.kept_data import KeptData, find_kept, left_of
from airflow_ddb_migrate.deployment.keeping.transform_set import own_transforms
from airflow_ddb_migrate.deployment.keeping.unfinished import unfinished
from airflow_ddb_migrate.deployment.rendering import find_place
from airflow_ddb_migrate.deployment.settings.settings import (
    NOTHING_ASKED,
    AskedSettings,
    StackSettings,
)
from airflow_ddb_migrate.deployment.stack_status import require_deletable


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Deletes a stack. ``say`` is called with one line per event.

    ``confirm`` gets the question to ask a person, after all other checks.
    """

    clients: Clients
    stack_name: str
    say: Say = print
    poll_seconds: float = 3.0
    confirm: Callable[[str], bool] = lambda _: True
    clock: Clock = Clock()
    asked: AskedSettings = NOTHING_ASKED

    def destroy(self, *, force: bool = False, delete_data: bool = False) -> bool:
        """Delete the stack, and with ``delete_data`` ledger and bucket; False if there was nothing.

        It can be repeated, also after an interruption.

        :raises DeployError: a migration is running, or a table's raised capacity is not restored,
            and ``force`` was not given; or the stack is protected, busy or not ours. Nothing was
            deleted.
        """
        validate_stack_name(self.stack_name)
        stack = our_stack(self.clients.cloudformation, self.stack_name)
        data = _data_of(stack) if stack else find_kept(self.clients, self.stack_name)
        if stack is None and not (delete_data and data):
            self._say_nothing_to_do(data)
            return False
        role = self._service_role()
        self._check(stack, data, force=force, delete_data=delete_data)
        for line in self._goodbye(data) if delete_data else ():
            self.say(line)
        if not self.confirm(self._question(stack, data, delete_data=delete_data)):
            self.say("Nothing was deleted.")
            return False
        if delete_data and data.bucket:
            lift_policy(self.clients.s3, data.bucket)
        if stack:
            self._delete_stack(stack, data, role, delete_data=delete_data)
        if delete_data:
            kept_data.remove(self.clients, data, self.say)
        elif data.ledger:
            self._say_kept(data, stack_outputs(stack or {}))
        return True

    def _service_role(self) -> str:
        if not self.asked.values:
            return ""
        return self.asked.service_role(find_place(self.clients, self.stack_name))

    def _check(
        self, stack: Mapping[str, Any] | None, data: KeptData, *, force: bool, delete_data: bool
    ) -> None:
        """Make all checks that can refuse, before anything is deleted."""
        if stack:
            self._check_deletable(stack)
            if not _keeps_data(stack) and data.ledger and not delete_data:
                raise DeployError(
                    f"Stack {self.stack_name} was deployed by a version whose template deletes "
                    "the ledger with the stack. Nothing was deleted. Deploy with this version "
                    "first, which keeps the ledger, or delete it as well with --delete-data."
                )
        self._check_finished(stack, data, force=force)
        if delete_data:
            kept_data.require_removable(self.clients, data)

    def _check_deletable(self, stack: Mapping[str, Any]) -> None:
        """Raise DeployError for what CloudFormation would refuse, or only do in part."""
        require_deletable(self.stack_name, stack["StackStatus"])
        if stack.get("EnableTerminationProtection"):
            raise DeployError(
                f"Stack {self.stack_name} has termination protection. Nothing was deleted. To "
                "remove the protection: aws cloudformation update-termination-protection "
                f"--no-enable-termination-protection --stack-name {self.stack_name}"
            )

    def _check_finished(
        self, stack: Mapping[str, Any] | None, data: KeptData, *, force: bool
    ) -> None:
        left = unfinished(
            self.clients,
            ledger_table=data.ledger,
            state_machine_arn=stack_outputs(stack or {}).get("StateMachineArn", ""),
            clock=self.clock,
        )
        if force:
            for sentence in left:
                self.say(f"Deleting anyway: {sentence}")
        elif left:
            raise DeployError(
                f"Stack {self.stack_name} is still needed; nothing was deleted. {' '.join(left)} "
                "To delete it anyway: ddb-migrate destroy --force"
            )

    def _delete_stack(
        self, stack: Mapping[str, Any], data: KeptData, role: str, *, delete_data: bool
    ) -> None:
        if data.bucket and not data.ledger:  # no migration was possible, and nothing refers to it
            remove_bucket(self.clients.s3, data.bucket)
        elif data.bucket and delete_data and not _keeps_data(stack):
            empty_bucket(
                self.clients.s3, data.bucket
            )  # otherwise CloudFormation could not delete it
        StackChange(
            self.clients.cloudformation,
            self.stack_name,
            self.say,
            self.poll_seconds,
            StackSettings(service_role=role),
        ).delete()

    def _say_kept(self, data: KeptData, outputs: Mapping[str, str]) -> None:
        """Print what is kept, and which options the next deploy needs."""
        if left := left_of(self.clients, data):
            self.say(f"Kept: {left}. {self._later()}")
        if own := ", ".join(own_transforms(outputs)):
            self.say(f"Give that deploy your transforms: {own} (--transforms DIR).")

    def _say_nothing_to_do(self, data: KeptData) -> None:
        if data:
            self.say(f"Stack {self.stack_name} does not exist; kept are {data}. {self._later()}")
        else:
            self.say(f"Stack {self.stack_name} does not exist: nothing to do.")

    def _later(self) -> str:
        return (
            f"The next deploy --stack-name {self.stack_name} uses them again. To delete them: "
            f"ddb-migrate destroy --stack-name {self.stack_name} --delete-data"
        )

    def _goodbye(self, data: KeptData) -> list[str]:
        lines = list(kept_data.undoable(self.clients, data))
        if not lines:
            return ["No migration of it could be undone."]
        return ["These migrations can no longer be undone:", *(f"  {line}" for line in lines)]

    def _question(
        self, stack: Mapping[str, Any] | None, data: KeptData, *, delete_data: bool
    ) -> str:
        parts = ([f"stack {self.stack_name}"] if stack else []) + (
            [str(data)] if delete_data and data else []
        )
        kept = "" if delete_data or not data.ledger else f" Kept: {data}."
        return f"Delete {' with '.join(parts)}?{kept}"


def _data_of(stack: Mapping[str, Any]) -> KeptData:
    """Return the ledger and bucket that the stack has, or was given if it is incomplete."""
    outputs, given = stack_outputs(stack), stack_parameters(stack)
    return KeptData(
        outputs.get("LedgerTable") or given.get("KeptLedger", ""),
        outputs.get("Bucket") or given.get("KeptBucket", ""),
    )


def _keeps_data(stack: Mapping[str, Any]) -> bool:
    """Return whether the stack's template keeps ledger and bucket when it is deleted."""
    return "KeptLedger" in stack_parameters(stack)
