"""The capacity that has to be restored, and who restores it: pure transitions of a table's lease.

As in lease.py, every function takes the lease as it was read and returns the lease to write.
"""

from dataclasses import replace

from airflow_ddb_migrate.core.capacity.changes import (
    Change,
    changes_from_json,
    changes_to_json,
    joined,
)
from airflow_ddb_migrate.core.capacity.snapshot import CapacitySnapshot
from airflow_ddb_migrate.core.errors import RestoreError
from airflow_ddb_migrate.core.ledger.lease import is_held_by, required
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseRecord
from airflow_ddb_migrate.core.limits import LEASE_SECONDS


def note_raised(
    lease: LeaseRecord | None,
    migration_id: str,
    snapshot: CapacitySnapshot,
    changes: tuple[Change, ...],
) -> LeaseRecord:
    """Add the snapshot and the changes that are about to be made.

    A snapshot whose capacity is still raised is never overwritten: a second prewarm would record
    the raised figures as the original ones.

    :raises LeaseHeldError: this migration does not hold the table.
    :raises RestoreError: the capacity is being restored.
    """
    lease = required(lease, migration_id)
    if lease.capacity_state is CapacityState.RESTORING:
        raise RestoreError(
            f"Capacity of table {lease.table_name} is being restored by {lease.restoring_by}. "
            "Try again when that has ended."
        )
    if lease.owes_capacity:
        asked = joined(changes_from_json(lease.raised), changes)
        return replace(lease, raised=changes_to_json(asked))
    again = lease.capacity_state is CapacityState.RESTORED
    return replace(
        lease,
        generation=lease.generation + (1 if again else 0),
        capacity_state=CapacityState.RAISED,
        snapshot=snapshot.to_json(),
        raised=changes_to_json(changes),
    )


def note_asked(lease: LeaseRecord | None, migration_id: str, *, at: float) -> LeaseRecord | None:
    """Add when AWS was asked to raise capacity; 0 after it refused or did it. None: not ours."""
    if not is_held_by(lease, migration_id) or lease.capacity_state is not CapacityState.RAISED:
        return None
    return replace(lease, asked_at=at)


def keep_raised(lease: LeaseRecord | None, migration_id: str, until: float) -> LeaseRecord | None:
    """Keep raised capacity for work that shows no sign of life; None if nothing has to be kept."""
    if not is_held_by(lease, migration_id) or not lease.owes_capacity or lease.expires_at >= until:
        return None
    return replace(lease, expires_at=until)


def begin_restore(
    lease: LeaseRecord | None, migration_id: str, *, by: str, now: float
) -> LeaseRecord | None:
    """Take the right to restore; None if this migration has nothing to restore.

    :raises RestoreError: another task or the safety net is restoring it.
    """
    if lease is None or lease.migration_id != migration_id or not lease.owes_capacity:
        return None
    taken = lease.capacity_state is CapacityState.RESTORING and lease.restoring_until > now
    if taken and lease.restoring_by != by:
        raise RestoreError(
            f"Capacity of table {lease.table_name} is being restored by {lease.restoring_by}, "
            f"for at most {lease.restoring_until - now:.0f} more seconds. Try again after that."
        )
    return replace(
        lease,
        capacity_state=CapacityState.RESTORING,
        restoring_by=by,
        restoring_until=now + LEASE_SECONDS,
    )


def why_kept(lease: LeaseRecord, now: float) -> str:
    """Return who may still restore the capacity, and why; empty if the lease has expired."""
    if lease.capacity_state is CapacityState.RESTORING and lease.restoring_until > now:
        left = lease.restoring_until - now
        return f"{lease.restoring_by} is restoring it, for at most {left:.0f} more seconds"
    if lease.expires_at > now:
        return f"its lease is valid for {lease.expires_at - now:.0f} more seconds"
    return ""


def reclaim(
    lease: LeaseRecord | None, seen: LeaseRecord, *, by: str, now: float
) -> LeaseRecord | None:
    """Take the right to restore from an expired lease; None if the lease changed since ``seen``."""
    if lease is None or lease.version != seen.version or why_kept(lease, now):
        return None
    return begin_restore(lease, seen.migration_id, by=by, now=now)


def keep_restoring(lease: LeaseRecord | None, *, by: str, now: float) -> LeaseRecord | None:
    """Extend the right to restore; None if it is still fresh, or is not ours."""
    if (
        lease is None
        or lease.capacity_state is not CapacityState.RESTORING
        or lease.restoring_by != by
        or lease.restoring_until - now > LEASE_SECONDS / 2
    ):
        return None
    return replace(lease, restoring_until=now + LEASE_SECONDS)


def end_restore(lease: LeaseRecord | None, *, by: str, restored: bool) -> LeaseRecord | None:
    """Give up the right to restore, after success or failure; None if it is not ours."""
    if (
        lease is None
        or lease.capacity_state is not CapacityState.RESTORING
        or lease.restoring_by != by
    ):
        return None
    state = CapacityState.RESTORED if restored else CapacityState.RAISED
    return replace(lease, capacity_state=state, restoring_by="", restoring_until=0.0)
