"""Bring a table's capacity back to what it was, exactly and once."""

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
    """What was brought back and what stayed, in words; ``after`` as AWS shows it now."""

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
    """Restore what this migration raised, verify it, and free the table.

    Does nothing when nothing is owed, so it can run after any failure and any number of times.

    :param force: bring back also what somebody changed since we raised it.
    :param keeps_table: keep the lease: the migration goes on in another window.
    :raises RestoreError: somebody else restores right now, AWS refused, or the table did not show
        the original figures in time. The snapshot is kept, and the next try goes on.
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
    # A restore that had nothing to do must not hide what an earlier one did.
    site.ledger.note(site.migration_id, RESTORE, _to_json(restored), once=lease is None)
    if not keeps_table:
        _free(site)
    return restored


def _await_stopped(site: Site) -> None:
    """Let a migration that is being stopped end first: its last writes need the capacity."""
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
    """A decrease may be allowed in an hour: nobody else is to restore meanwhile."""
    now = site.clock.now()
    site.leases.change(site.table.key, lambda lease: keep_restoring(lease, by=by, now=now))


def _end(site: Site, by: str, *, restored: bool) -> None:
    site.leases.change(site.table.key, lambda lease: end_restore(lease, by=by, restored=restored))


def _free(site: Site) -> None:
    """Free the table unless an execution of this migration still works on it.

    Step Functions is seen late: an end that is noted already is one, whatever it says now.
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
