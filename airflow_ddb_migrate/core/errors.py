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
    """A parameter is refused; nothing was touched."""


class PayloadTooLargeError(InvalidInputError):
    """The map's input is larger than Step Functions takes."""


class TableNotFoundError(MigrationError):
    """The table to migrate does not exist in this account and region."""


class TableNotReadyError(MigrationError):
    """The table or an index is not ACTIVE."""

    retryable = True


class TableUnusableError(MigrationError):
    """The table cannot be read or written until somebody mends it: its KMS key is not usable."""


class StackNotFoundError(MigrationError):
    """The deployed stack (ledger, state machine, Lambda) is not there."""


class StackOutdatedError(MigrationError):
    """The deployed stack is older than this package."""


class DeployError(MigrationError):
    """CloudFormation could not create, change or delete the stack."""


class CodeMismatchError(DeployError):
    """A deployed Lambda has other code than what was uploaded for it."""


class TransformError(MigrationError):
    """The transform is unknown, cannot be imported, or is not a transform."""


class AccessDeniedError(MigrationError):
    """The caller lacks a permission; the message names the action and the resource."""


class AwsRequestError(MigrationError):
    """AWS refused or failed a request in a way this package has no better word for."""

    retryable = True


class CredentialsError(AwsRequestError):
    """AWS credentials are missing or not accepted: an outage, since those of a role come back."""


class ConnectionSetupError(CredentialsError):
    """The Airflow connection, the region or the endpoint has to be corrected first."""

    retryable = False


class LedgerBusyError(AwsRequestError):
    """Others wrote the same record again and again while we tried to."""


class LeaseHeldError(MigrationError):
    """Another migration holds the table."""

    retryable = True


class SteeringError(MigrationError):
    """The migration is in no state to be paused, resumed, stopped or retuned; it is untouched."""


class LedgerError(MigrationError):
    """The ledger does not say what it should; the message names the record."""


class CapacityError(MigrationError):
    """Capacity could not be raised."""


class NotBegunError(LedgerError):
    """The ledger does not know the migration, or nothing of it has been started yet."""


class BackupError(MigrationError):
    """There is no way back as the policy wants it."""


class BackupPendingError(BackupError):
    """A backup is being made, or its time has not come yet."""

    retryable = True


class RestoreError(MigrationError):
    """Capacity could not be brought back."""

    retryable = True


class RestoreUnknownError(RestoreError):
    """What is owed cannot be found from here; somebody has to correct where to look."""

    retryable = False


class ItemError(MigrationError):
    """One item cannot be migrated. Says what is wrong, never a value of the item.

    ``error_class`` is the short name that the ledger and the report count by.
    """

    def __init__(self, message: str, error_class: str = "ItemError") -> None:
        super().__init__(message)
        self.error_class = error_class

    def __reduce__(self) -> tuple[type[Self], tuple[str, str | None]]:
        return type(self), (str(self), self.error_class)
