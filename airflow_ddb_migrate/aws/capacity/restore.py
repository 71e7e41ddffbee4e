"""Restore a table's original capacity, exactly and once."""

import json
from dataclasses import dataclass

from airflow_ddb_migrate.aws.capacity.restore_steps import RestoreWait, Restoring
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.changes import Change, changes_from_json
from airflow_ddb_migrate.core.capacity.owed import begin_restore, end_restore, keep_restoring
from airflow_ddb_migrate.core.capacity.replicas import changed_elsewhere
from airflow_ddb_migrate.core.capacity.restore_rules import RestoreRules, governed
from airflow_ddb_migrate.core.capacity.snapshot import CapacitySnapshot, ScaledFigure
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.ledger.lease import release
from airflow_ddb_migrate.core.ledger.notes import RESTORE
from airflow_ddb_migrate.core.ledger.records import Command, LeaseRecord
from airflow_ddb_migrate.core.limits import OWNER_SECONDS, START_SEEN_SECONDS

__all__ = ["RestoreResult", "RestoreWait", "restore"]

_POLL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was restored and what stayed, in words; ``after`` is the capacity that AWS shows now."""

    changes: tuple[Change, ...]
    kept: tuple[str, ...]
    after: CapacitySnapshot

    def __str__(self) -> str:
        if not self.changes and not self.kept:
            return "Nothing to restore."
        return "; ".join([*(f"restored {change}" for change in self.changes), *self.kept])


def restore(
    site: Site,
    *,
    by: str,
    wait: RestoreWait | None = None,
    force: bool = False,
    keeps_table: bool = False,
) -> RestoreResult:
    """Restore the capacity that this migration raised, verify it, and free the table.

    Does nothing if nothing is raised, so it can run after any failure, and repeatedly.

    :param force: also restore values that others changed after we raised them.
    :param keeps_table: keep the lease, since the migration continues in another window.
    :raises RestoreError: it is being restored by others, AWS refused, or the table did not show the
        original values in time. The snapshot is kept, and the next try continues.
    """
    _await_stopped(site)
    now = site.clock.now()
    lease = site.leases.change(
        site.table.key,
        lambda current: begin_restore(current, site.migration_id, by=by, now=now),
    )
    if lease:
        restored = _restore_owed(site, lease, by, wait or RestoreWait(), force=force)
    else:
        restored = RestoreResult((), (), site.table.snapshot)
    # A restore that had nothing to do must not hide the result of an earlier one.
    site.ledger.note(site.migration_id, RESTORE, _to_json(restored), once=lease is None)
    if not keeps_table:
        _free(site)
    return restored


def _await_stopped(site: Site) -> None:
    """Wait for a migration that is being stopped: its last writes need the capacity."""
    deadline = site.clock.now() + 2 * OWNER_SECONDS
    while _is_stopping(site) and site.clock.now() < deadline:
        site.clock.sleep(_POLL_SECONDS)


def _is_stopping(site: Site) -> bool:
    control = site.ledger.control(site.migration_id)
    attempt = site.ledger.latest_attempt(site.migration_id)
    if control is None or attempt is None or control.command is not Command.STOP:
        return False
    if attempt.ended_at:
        return False
    return site.execution_of(attempt).status.is_live


def _restore_owed(
    site: Site, lease: LeaseRecord, by: str, wait: RestoreWait, *, force: bool
) -> RestoreResult:
    work = Restoring(
        site=site,
        raised=changes_from_json(lease.raised),
        shown_by=lease.asked_at + START_SEEN_SECONDS if lease.asked_at else 0.0,
        rules=RestoreRules(force=force, scaled=_governed(lease)),
        wait=wait,
        keep=lambda: _keep(site, by),
    )
    try:
        done, after = work.bring_back()
    except MigrationError:
        _end(site, by, restored=False)
        raise
    _end(site, by, restored=True)
    before = CapacitySnapshot.from_json(lease.snapshot) if lease.snapshot else after
    return RestoreResult(done.changes, (*done.kept, *changed_elsewhere(before, after)), after)


def _governed(lease: LeaseRecord) -> frozenset[ScaledFigure]:
    return governed(CapacitySnapshot.from_json(lease.snapshot)) if lease.snapshot else frozenset()


def _keep(site: Site, by: str) -> None:
    """Keep the right to restore: a decrease may only be allowed in an hour."""
    now = site.clock.now()
    site.leases.change(site.table.key, lambda lease: keep_restoring(lease, by=by, now=now))


def _end(site: Site, by: str, *, restored: bool) -> None:
    site.leases.change(site.table.key, lambda lease: end_restore(lease, by=by, restored=restored))


def _free(site: Site) -> None:
    """Free the table unless an execution of this migration is still working on it.

    Step Functions is eventually consistent: an end that is noted already counts, whatever it says.
    """
    attempt = site.ledger.latest_attempt(site.migration_id)
    if attempt and not attempt.ended_at and site.execution_of(attempt).status.is_live:
        return
    site.leases.change(site.table.key, lambda current: release(current, site.migration_id))


def _to_json(restored: RestoreResult) -> str:
    return json.dumps(
        {
            "restored": [str(change) for change in restored.changes],
            "kept": list(restored.kept),
            "after": json.loads(restored.after.to_json()),
        }
    )
