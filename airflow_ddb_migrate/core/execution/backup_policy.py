"""The backup of a table that must exist before a migration, and how to restore from it."""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Final, Self

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.text.words import word_of

_PREFIX: Final = "before-"
_RESTORED: Final = "-restored"


class BackupPolicy(StrEnum):
    """The backup that must exist before a migration writes."""

    AUTO = "auto"
    REQUIRE_PITR = "require_pitr"
    SKIP = "skip"


class BackupKind(StrEnum):
    """The backup that exists: point-in-time recovery, an on-demand backup, or none."""

    PITR = "PITR"
    BACKUP = "BACKUP"
    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The backup that was found or made. Times are ISO 8601, or empty.

    ``restore_to`` is the time to restore to. AWS can restore to it once ``latest``, which is some
    minutes behind the clock, has passed it. ``restore`` is the command. ``late``: the migration had
    begun already, so the backup has what it had changed by then.
    """

    policy: BackupPolicy
    kind: BackupKind
    words: str
    arn: str = ""
    name: str = ""
    earliest: str = ""
    latest: str = ""
    restore_to: str = ""
    restore: str = ""
    late: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a record; fields that only a later version knows are left out."""
        values, names = json.loads(text), {field.name for field in fields(cls)}
        return cls(
            **{
                **{name: value for name, value in values.items() if name in names},
                "policy": word_of(BackupPolicy, values["policy"]),
                "kind": word_of(BackupKind, values["kind"]),
            }
        )


def validate_policy(value: object) -> BackupPolicy:
    """Return the policy; raises InvalidInputError for anything else."""
    try:
        return BackupPolicy(value)  # type: ignore[arg-type] # that is what is checked
    except ValueError:
        raise InvalidInputError(
            f"policy is {value!r}; it must be one of {', '.join(BackupPolicy)}."
        ) from None


def backup_name(migration_id: str) -> str:
    """Return the name of a migration's backup, the same for each try, so that it is found again."""
    return f"{_PREFIX}{migration_id}"


def switch_on_command(table: TableKey) -> str:
    """Return the command that turns point-in-time recovery on."""
    return (
        f"aws dynamodb update-continuous-backups {_where(table)} --table-name {table.name} "
        "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
    )


def restore_from_backup(table: TableKey, arn: str) -> str:
    """Return the command that restores a backup into a new table, as AWS requires."""
    return (
        f"aws dynamodb restore-table-from-backup {_where(table)} "
        f"--target-table-name {table.name}{_RESTORED} --backup-arn {arn}"
    )


def restore_to_moment(table: TableKey, moment: str) -> str:
    """Return the command that restores the state at ``moment`` (ISO 8601) into a new table."""
    return (
        f"aws dynamodb restore-table-to-point-in-time {_where(table)} "
        f"--source-table-name {table.name} --target-table-name {table.name}{_RESTORED} "
        f"--restore-date-time {moment}"
    )


def _where(table: TableKey) -> str:
    return f"--region {table.arn.split(':')[3]}"
