"""Bring a table's capacity back to what it was, exactly and once."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.aws.tables import Table, update_capacity
from airflow_ddb_migrate.core.capacity import (
    CapacityChange,
    CapacitySnapshot,
    RestorePlan,
    changes_from_json,
    plan_restore,
)
from airflow_ddb_migrate.core.errors import AwsRequestError, MigrationError, RestoreError
from airflow_ddb_migrate.core.lease import begin_restore, end_restore, release
from airflow_ddb_migrate.core.limits import OWNER_SECONDS
from airflow_ddb_migrate.core.records import Command, LeaseRecord

_POLL_SECONDS = 5.0
_PATIENCE_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back and what stayed, in words; ``after`` as AWS shows it now."""

    changes: tuple[CapacityChange, ...]
    kept: tuple[str, ...]
    after: CapacitySnapshot

    def __str__(self) -> str:
        if not self.changes and not self.kept:
            return "Nothing to restore."
        return "; ".join([*(f"restored {change}" for change in self.changes), *self.kept])


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for ACTIVE, and on which clock."""

    seconds: float = _PATIENCE_SECONDS
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def restore(site: Site, *, by: str, patience: Patience | None = None) -> Restored:
    """Restore what this migration raised, verify it, and free the table.

    Does nothing when nothing is owed, so it can run after any failure and any number of times.

    :raises RestoreError: somebody else restores right now, AWS refused, or the table did not show
        the original figures in time. The snapshot is kept, and the next try goes on.
    """
    patience = patience or Patience()
    _await_stopped(site, patience)
    now = patience.clock()
    lease = site.leases.change(
        site.table.key,
        lambda current: begin_restore(current, site.migration_id, by=by, now=now),
    )
    restored = _restore_owed(site, lease, by, patience) if lease else _nothing(site)
    site.ledger.note(site.migration_id, "restore", _to_json(restored))
    _free(site)
    return restored


def _await_stopped(site: Site, patience: Patience) -> None:
    """Let a migration that is being stopped end first: its last writes need the capacity."""
    deadline = patience.clock() + 2 * OWNER_SECONDS
    while _is_stopping(site) and patience.clock() < deadline:
        patience.sleep(_POLL_SECONDS)


def _is_stopping(site: Site) -> bool:
    control = site.ledger.control(site.migration_id)
    attempt = site.ledger.latest_attempt(site.migration_id)
    if control is None or attempt is None or control.command is not Command.STOP:
        return False
    return site.executions.describe(attempt.execution_arn).status.is_live


def _restore_owed(site: Site, lease: LeaseRecord, by: str, patience: Patience) -> Restored:
    try:
        restored = _bring_back(site, changes_from_json(lease.raised), patience)
    except MigrationError:
        _end(site, by, restored=False)
        raise
    _end(site, by, restored=True)
    return restored


def _bring_back(site: Site, raised: tuple[CapacityChange, ...], patience: Patience) -> Restored:
    table = _await_active(site, patience)
    plan = plan_restore(table.snapshot, raised)
    if plan.changes:
        _lower(site, plan)
        table = _await_active(site, patience)
    left = plan_restore(table.snapshot, raised).changes
    if left:
        raise RestoreError(
            f"Table {table.name} does not show the original capacity: {'; '.join(map(str, left))} "
            "is still to do. Clear the restore task to try again."
        )
    return Restored(plan.changes, plan.kept, table.snapshot)


def _lower(site: Site, plan: RestorePlan) -> None:
    try:
        update_capacity(site.clients.dynamodb, site.table.name, plan.changes)
    except AwsRequestError as exc:
        raise RestoreError(
            f"Table {site.table.name}: AWS refused to restore capacity ({exc.aws_code}): "
            f"{'; '.join(map(str, plan.changes))}. A table may be lowered 4 times at the start of "
            "a UTC day and once an hour after that: clear the restore task later. "
            f"AWS says: {exc}",
            exc.aws_code,
        ) from exc


def _await_active(site: Site, patience: Patience) -> Table:
    deadline = patience.clock() + patience.seconds
    while (table := site.fresh_table()).not_active:
        if patience.clock() > deadline:
            raise RestoreError(
                f"{'; '.join(table.not_active)} after {patience.seconds:.0f} s. Clear the restore "
                "task to wait on."
            )
        patience.sleep(_POLL_SECONDS)
    return table


def _nothing(site: Site) -> Restored:
    return Restored((), (), site.table.snapshot)


def _end(site: Site, by: str, *, restored: bool) -> None:
    site.leases.change(site.table.key, lambda lease: end_restore(lease, by=by, restored=restored))


def _free(site: Site) -> None:
    """Free the table unless an execution of this migration still works on it."""
    lease = site.leases.get(site.table.key)
    if lease is None or site.executions.describe(lease.execution_arn).status.is_live:
        return
    site.leases.change(site.table.key, lambda current: release(current, site.migration_id))


def _to_json(restored: Restored) -> str:
    return json.dumps(
        {
            "restored": [str(change) for change in restored.changes],
            "kept": list(restored.kept),
            "after": asdict(restored.after),
        }
    )
