"""The errors of this package. A message names what is wrong, value, limit and what to do."""

from typing import Final, Self

THROTTLED: Final = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException"})


class MigrationError(Exception):
    """Base class of every error of this package.

    ``aws_code`` is the error code of AWS, if the error was translated from one. If ``retryable`` is
    False, a retry cannot help: the input, the set-up or a permission has to change first.
    """

    retryable = False

    def __init__(self, message: str, aws_code: str | None = None) -> None:
        super().__init__(message)
        self.aws_code = aws_code

    def __reduce__(self) -> tuple[type[Self], tuple[str, str | None]]:
        return type(self), (str(self), self.aws_code)


class InvalidInputError(MigrationError):
    """A parameter is not valid; nothing was touched.

    What to do: Correct the parameter that the message names; the message says what is valid.
    """


class NotBoundError(InvalidInputError):
    """The transform is not bound to this table; the stack's deployment decides that.

    What to do: Run the ``ddb-migrate deploy --table`` command of the message, or ask a person who
    can.
    """


class PayloadTooLargeError(InvalidInputError):
    """The map's input is larger than Step Functions takes.

    What to do: Ask for fewer segments.
    """


class TableNotFoundError(MigrationError):
    """The table to migrate does not exist in this account and region.

    What to do: Check the table's name, the region and the account of the connection.
    """


class TableNotReadyError(MigrationError):
    """The table or an index is not ACTIVE.

    What to do: Wait until the table and its indexes are ACTIVE. Airflow's retries wait for that.
    """

    retryable = True


class TableUnusableError(MigrationError):
    """The table cannot be read or written because its KMS key cannot be used.

    What to do: Make the table's KMS key usable again, and let the stack use it: ``ddb-migrate
    deploy --table-kms-key KEY``.
    """


class StackNotFoundError(MigrationError):
    """The stack (ledger, state machine, Lambda) is not deployed.

    What to do: Run ``ddb-migrate deploy``, or correct ``stack_name`` and the region.
    """


class StackOutdatedError(MigrationError):
    """The deployed stack is older than this package.

    What to do: Run the ``ddb-migrate deploy`` command of the message. It keeps tables and
    transforms.
    """


class DeployError(MigrationError):
    """CloudFormation could not create, change or delete the stack.

    What to do: Follow the message, which has CloudFormation's own reason. Then run the command
    again.
    """


class CodeMismatchError(DeployError):
    """The code of a deployed Lambda is not the code that was uploaded for it.

    What to do: Start nothing. Find out who changed the code (CloudTrail: UpdateFunctionCode), then
    run ``ddb-migrate deploy --republish``.
    """


class TransformError(MigrationError):
    """The transform is unknown, cannot be imported, or is not a transform.

    What to do: Correct the transform at the line that the message names, try it with
    ``ddb-migrate try``, and deploy again.
    """


class AccessDeniedError(MigrationError):
    """The caller lacks a permission; the message names the action and the resource.

    What to do: Allow that action: ``ddb-migrate policy`` prints what each role needs.
    """


class AwsRequestError(MigrationError):
    """AWS refused or failed a request for a reason that no other class names.

    What to do: Let Airflow retry. If the error stays, run ``ddb-migrate doctor``: it checks
    network, endpoint and clock.
    """

    retryable = True


class CredentialsError(AwsRequestError):
    """AWS credentials are missing or not accepted. It can be retried: a role's are renewed.

    What to do: Renew the credentials of the connection or of the role.
    """


class ConnectionSetupError(CredentialsError):
    """The Airflow connection, the region or the endpoint has to be corrected first.

    What to do: Correct the Airflow connection, its region or its endpoint.
    """

    retryable = False


class LedgerBusyError(AwsRequestError):
    """Other writers changed the same record each time we tried to write it.

    What to do: Try again.
    """


class LeaseHeldError(MigrationError):
    """Another migration holds the table.

    What to do: Wait for the migration that the message names, or stop it: ``ddb-migrate stop
    ID``.
    """

    retryable = True


class SteeringError(MigrationError):
    """The migration cannot be paused, resumed, stopped or retuned in its state. It is untouched.

    What to do: Check its state with ``ddb-migrate status ID``, and use a command that fits it.
    """


class LedgerError(MigrationError):
    """A record of the ledger is missing or wrong; the message names it.

    What to do: Check the migration's id and the stack. If both are right, leave the ledger as it
    is, and report a bug.
    """


class ApprovalError(MigrationError):
    """What is about to be done was not approved, or it changed since it was approved.

    What to do: Clear the approval's task, so that a person approves the current plan.
    """


class CapacityError(MigrationError):
    """Capacity could not be raised.

    What to do: Ask for fewer units, or ask AWS to raise the quota that the message names.
    """


class NotBegunError(LedgerError):
    """The ledger does not know the migration, or the migration has not been started yet.

    What to do: Start the migration first, or check its id.
    """


class BackupError(MigrationError):
    """The table has no backup as ``backup`` requires it.

    What to do: Turn point-in-time recovery on, or choose another ``backup``.
    """


class BackupPendingError(BackupError):
    """A backup is being made, or cannot be made yet.

    What to do: Wait. Airflow's next retry finds the backup.
    """

    retryable = True


class RestoreError(MigrationError):
    """Capacity could not be restored.

    What to do: Clear the restore task. The stack's safety net tries to restore it, too.
    """

    retryable = True


class RestoreUnknownError(RestoreError):
    """The capacity to restore cannot be looked up: the stack, region or connection is wrong.

    What to do: Correct the stack, region or connection of the restore task, then clear it.
    """

    retryable = False


class ItemError(MigrationError):
    """One item cannot be migrated. The message says what is wrong, never a value of the item.

    ``error_class`` is the short name by which the ledger and the report count errors.

    What to do: Read keys and errors in the quarantine, correct the transform, and replay those
    items.
    """

    def __init__(self, message: str, error_class: str = "ItemError") -> None:
        super().__init__(message)
        self.error_class = error_class

    def __reduce__(self) -> tuple[type[Self], tuple[str, str | None]]:
        return type(self), (str(self), self.error_class)
