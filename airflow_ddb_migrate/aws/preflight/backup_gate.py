"""The backup gate: nothing is written before the table can be restored from AWS's backup."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from airflow_ddb_migrate.aws.services.table_backups import AVAILABLE, CREATING, Backups, Recovery
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import AccessDeniedError, BackupError, BackupPendingError
from airflow_ddb_migrate.core.execution.backup_policy import (
    Backup,
    BackupKind,
    BackupPolicy,
    backup_name,
    restore_from_backup,
    restore_to_moment,
    switch_on_command,
    validate_policy,
)
from airflow_ddb_migrate.core.ledger.notes import BACKUP
from airflow_ddb_migrate.core.limits import BACKUP_POLL_SECONDS, BACKUP_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long to wait for a backup, and what is called with its progress."""

    seconds: float = BACKUP_SECONDS
    tell: Callable[[str], object] = str  # nobody listens


def ensure_backup(site: Site, policy: object, waiting: Waiting | None = None) -> Backup:
    """Make sure that there is a backup as the policy requires; save the result in the ledger.

    :raises InvalidInputError: the policy is not valid.
    :raises BackupError: the policy requires point-in-time recovery, which is off.
    :raises BackupPendingError: the backup is not available in time.
    :raises AccessDeniedError: the caller may not check for a backup, or not make one.
    """
    wanted, waiting = validate_policy(policy), waiting or Waiting()
    found = _by_policy(site, wanted, waiting)
    found = replace(found, late=_is_late(site, found))
    kept = _the_better(site, found, known_backup(site))
    site.ledger.note(site.migration_id, BACKUP, kept.to_json())
    return kept


def known_backup(site: Site) -> Backup | None:
    """Return what the gate found for this migration; None if it never ran."""
    text = site.ledger.read_note(site.migration_id, BACKUP)
    return Backup.from_json(text) if text else None


def _by_policy(site: Site, policy: BackupPolicy, waiting: Waiting) -> Backup:
    if policy is BackupPolicy.SKIP:
        words = "No backup was asked for (policy skip): the undo log is the only way back."
        return Backup(policy=policy, kind=BackupKind.NONE, words=words)
    with _advised():
        recovery = _backups(site).recovery()
        if recovery.is_on and recovery.earliest and recovery.latest:
            return _by_recovery(site, policy, recovery)
        if policy is BackupPolicy.REQUIRE_PITR:
            raise _refusal(site, recovery)
        return _by_backup(site, _await(site, waiting))


def _is_late(site: Site, found: Backup) -> bool:
    """Return whether the migration had already begun at the time to restore to."""
    record = site.ledger.migration(site.migration_id)
    if record is None or found.kind is BackupKind.NONE:
        return False
    return found.restore_to >= _iso(datetime.fromtimestamp(record.started_at, UTC))


def _the_better(site: Site, found: Backup, before: Backup | None) -> Backup:
    """Return the earlier backup while it exists: a newer one may be from after the start."""
    if before is None or not _is_there(site, before, found):
        return found
    if before.kind is BackupKind.PITR and found.kind is BackupKind.PITR:
        return replace(before, policy=found.policy, earliest=found.earliest, latest=found.latest)
    return replace(before, policy=found.policy)


def _is_there(site: Site, before: Backup, found: Backup) -> bool:
    """Return whether the table can still be restored to the earlier time."""
    if before.kind is BackupKind.NONE or found.kind is BackupKind.NONE:
        return before.kind is not BackupKind.NONE
    if before.kind is BackupKind.PITR:
        return found.kind is BackupKind.PITR and before.restore_to >= found.earliest
    row = _backups(site).find(backup_name(site.migration_id))
    return row is not None and row["BackupArn"] == before.arn


def _by_recovery(site: Site, policy: BackupPolicy, recovery: Recovery) -> Backup:
    now = site.clock.now()
    key, moment = site.table.key, datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    return Backup(
        policy=policy,
        kind=BackupKind.PITR,
        words=f"Point-in-time recovery of table {key.name} is on: it can be restored to {moment}.",
        earliest=_iso(recovery.earliest),
        latest=_iso(recovery.latest),
        restore_to=moment,
        restore=restore_to_moment(key, moment),
    )


def _by_backup(site: Site, made: dict[str, Any]) -> Backup:
    arn, name, moment = made["BackupArn"], made["BackupName"], _iso(made["BackupCreationDateTime"])
    return Backup(
        policy=BackupPolicy.AUTO,
        kind=BackupKind.BACKUP,
        words=f"Point-in-time recovery of table {site.table.name} is off: backup {name} of "
        f"{moment} is available. AWS keeps it, and bills you for it, until you delete it.",
        arn=arn,
        name=name,
        restore_to=moment,
        restore=restore_from_backup(site.table.key, arn),
    )


def _refusal(site: Site, recovery: Recovery) -> BackupError:
    name = site.table.name
    if recovery.is_on:
        return BackupPendingError(
            f"Point-in-time recovery of table {name} is on, but AWS cannot restore to any time "
            "yet. It was enabled only a moment ago: try again in a few minutes."
        )
    return BackupError(
        f"Point-in-time recovery of table {name} is off, but policy is require_pitr. Turn it on: "
        f"{switch_on_command(site.table.key)}  Or use policy auto, which makes a backup."
    )


def _await(site: Site, waiting: Waiting) -> dict[str, Any]:
    """Find or make this migration's backup, and wait until it can be restored."""
    backups, name = _backups(site), backup_name(site.migration_id)
    began, told = site.clock.now(), ""
    found = backups.find(name)
    while True:
        found = backups.describe(found["BackupArn"]) if found else backups.create(name)
        status = found["BackupStatus"] if found else "not begun, since the table is busy"
        passed = site.clock.now() - began
        if status != told:
            told = status
            waiting.tell(f"Backup {name}: {status} ({passed:.0f} s).")
        if found and status == AVAILABLE:
            return found
        if found and status != CREATING:
            found = None  # it was deleted, so another one is made
        if passed >= waiting.seconds:
            raise _too_late(site, status, waiting.seconds)
        site.clock.sleep(BACKUP_POLL_SECONDS)
        found = found or backups.find(name)


def _backups(site: Site) -> Backups:
    return Backups(site.clients.dynamodb, site.table.key)


def _too_late(site: Site, status: str, seconds: float) -> BackupPendingError:
    return BackupPendingError(
        f"Backup {backup_name(site.migration_id)} of table {site.table.name} is not available "
        f"after {seconds:,.0f} s: {status}. Clear this task to continue waiting for the same "
        "backup, or raise timeout_seconds."
    )


@contextmanager
def _advised() -> Iterator[None]:
    """Return the error with advice: without the permission, the migration does not start."""
    try:
        yield
    except AccessDeniedError as exc:
        raise AccessDeniedError(
            f"{exc} It is unknown whether the table could be restored, so nothing was started. "
            "Without this permission, only policy skip continues, without a backup.",
            exc.aws_code,
        ) from exc


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""
