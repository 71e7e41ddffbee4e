"""What can go wrong, as a person should read it: what, actual, limit, what to do."""

from typing import Final, Self

THROTTLED: Final = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException"})


class MigrationError(Exception):
    """Base of every error of this package.

    ``aws_code`` keeps the AWS error code where one was translated. Trying again cannot help
    while ``retryable`` is False: the input, the set-up or a permission has to change first.
    """

    retryable = False

    def __init__(self, message: str, aws_code: str | None = None) -> None:
        super().__init__(message)
        self.aws_code = aws_code

    def __reduce__(self) -> tuple[type[Self], tuple[str, str | None]]:
        return type(self), (str(self), self.aws_code)


class InvalidInputError(MigrationError):
    """A parameter is refused; nothing was touched.

    What to do: Correct the parameter that the message names; it says what would be valid.
    """


class NotBoundError(InvalidInputError):
    """Whoever deployed the stack has not bound this transform to this table.

    What to do: Run the ``ddb-migrate deploy --table`` command of the message, or ask for it.
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

    What to do: Wait until table and indexes are ACTIVE; Airflow's next try does.
    """

    retryable = True


class TableUnusableError(MigrationError):
    """The table cannot be read or written until somebody fixes it: its KMS key is not usable.

    What to do: Make the table's KMS key usable again, and let the stack use it: ``ddb-migrate
    deploy --table-kms-key KEY``.
    """


class StackNotFoundError(MigrationError):
    """The deployed stack (ledger, state machine, Lambda) is not there.

    What to do: Run ``ddb-migrate deploy``, or correct ``stack_name`` and the region.
    """


class StackOutdatedError(MigrationError):
    """The deployed stack is older than this package.

    What to do: Run the ``ddb-migrate deploy`` of the message; tables and transforms stay.
    """


class DeployError(MigrationError):
    """CloudFormation could not create, change or delete the stack.

    What to do: Follow the message: it has CloudFormation's own reason. Then run the command
    again.
    """


class CodeMismatchError(DeployError):
    """A deployed Lambda has other code than what was uploaded for it.

    What to do: Start nothing. Find out who changed the code (CloudTrail: UpdateFunctionCode),
    then run ``ddb-migrate deploy --republish``.
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
    """AWS refused or failed a request in a way this package has no better word for.

    What to do: Let Airflow try again. If it stays, ``ddb-migrate doctor`` looks at network,
    endpoint and clock.
    """

    retryable = True


class CredentialsError(AwsRequestError):
    """AWS credentials are missing or not accepted: an outage, since those of a role come back.

    What to do: Renew the credentials of the connection or of the role.
    """


class ConnectionSetupError(CredentialsError):
    """The Airflow connection, the region or the endpoint has to be corrected first.

    What to do: Correct the Airflow connection, its region or its endpoint.
    """

    retryable = False


class LedgerBusyError(AwsRequestError):
    """Others wrote the same record again and again while we tried to.

    What to do: Try again.
    """


class LeaseHeldError(MigrationError):
    """Another migration holds the table.

    What to do: Wait for the migration that the message names, or stop it: ``ddb-migrate stop
    ID``.
    """

    retryable = True


class SteeringError(MigrationError):
    """The migration is in no state to be paused, resumed, stopped or retuned; it is untouched.

    What to do: Look at its state with ``ddb-migrate status ID``, and do what fits that.
    """


class LedgerError(MigrationError):
    """The ledger does not say what it should; the message names the record.

    What to do: Check the migration's id and the stack; otherwise keep the ledger as it is, and
    report it.
    """


class ApprovalError(MigrationError):
    """Nobody approved what is about to be done, or not as it is now.

    What to do: Clear the approval's task, so that a person looks at the plan as it is now.
    """


class CapacityError(MigrationError):
    """Capacity could not be raised.

    What to do: Ask for fewer units, or have the quota that the message names raised.
    """


class NotBegunError(LedgerError):
    """The ledger does not know the migration, or nothing of it has been started yet.

    What to do: Start the migration first, or check its id.
    """


class BackupError(MigrationError):
    """There is no way back as the policy wants it.

    What to do: Turn point-in-time recovery on, or choose another ``backup``.
    """


class BackupPendingError(BackupError):
    """A backup is being made, or its time has not come yet.

    What to do: Wait; Airflow's next try finds the backup.
    """

    retryable = True


class RestoreError(MigrationError):
    """Capacity could not be brought back.

    What to do: Clear the restore task; the stack's safety net tries it, too.
    """

    retryable = True


class RestoreUnknownError(RestoreError):
    """What is owed cannot be found from here; somebody has to correct where to look.

    What to do: Correct the stack, region or connection of the restore task, then clear it.
    """

    retryable = False


class ItemError(MigrationError):
    """One item cannot be migrated. Says what is wrong, never a value of the item.

    ``error_class`` is the short name that the ledger and the report count by.

    What to do: Look at the quarantine for keys and errors, correct the transform, and replay
    those items.
    """

    def __init__(self, message: str, error_class: str = "ItemError") -> None:
        super().__init__(message)
        self.error_class = error_class

    def __reduce__(self) -> tuple[type[Self], tuple[str, str | None]]:
        return type(self), (str(self), self.error_class)
