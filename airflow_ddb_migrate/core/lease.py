"""Who may touch a table, and what its capacity must be brought back to: pure transitions.

Every function takes the lease as it was read and returns what to write in its place; the
adapter writes it only if nobody else did in between, and reads and asks again otherwise.
"""

from dataclasses import dataclass, replace
from typing import TypeGuard

from airflow_ddb_migrate.core.capacity import CapacitySnapshot
from airflow_ddb_migrate.core.changes import Change, changes_from_json, changes_to_json, joined
from airflow_ddb_migrate.core.errors import LeaseHeldError, RestoreError
from airflow_ddb_migrate.core.limits import LEASE_SECONDS
from airflow_ddb_migrate.core.records import CapacityState, LeaseRecord, LeaseState


@dataclass(frozen=True, slots=True)
class TableKey:
    """The identity of a table: a table made again under the same name has another id."""

    arn: str
    table_id: str
    name: str

    @property
    def region(self) -> str:
        """The region that the ARN names; empty if it names none."""
        return ":".join(self.arn.split(":")[3:4])


def acquire(
    lease: LeaseRecord | None,
    table: TableKey,
    *,
    migration_id: str,
    now: float,
    holder_is_live: bool,
) -> LeaseRecord:
    """Take the lease, or renew it when this migration holds it already.

    :raises LeaseHeldError: another migration holds the table: its lease has not expired, its
        attempt is live, or its capacity is not brought back yet.
    """
    if lease is None:
        return _fresh(table, migration_id, now)
    if lease.migration_id == migration_id:
        until = max(lease.expires_at, now + LEASE_SECONDS)
        return replace(lease, state=LeaseState.HELD, expires_at=until)
    if lease.state is LeaseState.HELD:
        _refuse_held(lease, now, holder_is_live=holder_is_live)
    return replace(
        _fresh(table, migration_id, now),
        generation=lease.generation + 1,
        taken_from=lease.migration_id if lease.state is LeaseState.HELD else "",
        version=lease.version,
    )


def renew(lease: LeaseRecord | None, migration_id: str, now: float) -> LeaseRecord | None:
    """Extend the lease of its holder; None while it is fresh, or when it is not ours to extend."""
    if not is_held_by(lease, migration_id) or lease.expires_at - now > LEASE_SECONDS / 2:
        return None
    return replace(lease, expires_at=now + LEASE_SECONDS)


def hold(lease: LeaseRecord | None, migration_id: str, until: float) -> LeaseRecord | None:
    """Keep raised capacity for a job that gives no sign of life; None when there is nothing to."""
    if not is_held_by(lease, migration_id) or not lease.owes_capacity or lease.expires_at >= until:
        return None
    return replace(lease, expires_at=until)


def is_held_by(lease: LeaseRecord | None, migration_id: str) -> TypeGuard[LeaseRecord]:
    """Tell whether this migration may touch the table."""
    return (
        lease is not None and lease.migration_id == migration_id and lease.state is LeaseState.HELD
    )


def required(lease: LeaseRecord | None, migration_id: str) -> LeaseRecord:
    """Return the lease; raises LeaseHeldError when this migration lost it meanwhile."""
    if not is_held_by(lease, migration_id):
        holder = f"migration {lease.migration_id} has it" if lease else "nobody has it"
        raise LeaseHeldError(
            f"Migration {migration_id} does not hold its table any more: {holder}. Try again."
        )
    return lease


def intend_attempt(
    lease: LeaseRecord | None,
    migration_id: str,
    *,
    attempt: int,
    execution_arn: str,
    now: float,
) -> LeaseRecord:
    """Note the execution that is about to be started, so that it can be found whatever happens."""
    lease = required(lease, migration_id)
    return replace(
        lease, attempt=attempt, execution_arn=execution_arn, expires_at=now + LEASE_SECONDS
    )


def raise_capacity(
    lease: LeaseRecord | None,
    migration_id: str,
    snapshot: CapacitySnapshot,
    changes: tuple[Change, ...],
) -> LeaseRecord:
    """Note the snapshot and what is about to be raised.

    A snapshot whose capacity is still raised is never overwritten: a second prewarm would record
    the raised figures as the original ones.

    :raises LeaseHeldError: this migration does not hold the table.
    :raises RestoreError: the capacity is being restored right now.
    """
    lease = required(lease, migration_id)
    if lease.capacity_state is CapacityState.RESTORING:
        raise RestoreError(
            f"Capacity of table {lease.table_name} is being restored by {lease.restoring_by}. "
            "Try again when that has ended."
        )
    if lease.capacity_state is CapacityState.RAISED:
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


def begin_restore(
    lease: LeaseRecord | None, migration_id: str, *, by: str, now: float
) -> LeaseRecord | None:
    """Take the right to restore; None when nothing of this migration's has to be restored.

    :raises RestoreError: somebody else restores it right now.
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
    """Say why its capacity is still somebody's to bring back; empty when the lease has run out."""
    if lease.capacity_state is CapacityState.RESTORING and lease.restoring_until > now:
        left = lease.restoring_until - now
        return f"{lease.restoring_by} is restoring it, for at most {left:.0f} more seconds"
    if lease.expires_at > now:
        return f"its lease is good for {lease.expires_at - now:.0f} more seconds"
    return ""


def reclaim(
    lease: LeaseRecord | None, seen: LeaseRecord, *, by: str, now: float
) -> LeaseRecord | None:
    """Take the right to restore a lease that has run out; None when it was touched since seen."""
    if lease is None or lease.version != seen.version or why_kept(lease, now):
        return None
    return begin_restore(lease, seen.migration_id, by=by, now=now)


def keep_restoring(lease: LeaseRecord | None, *, by: str, now: float) -> LeaseRecord | None:
    """Extend the right to restore; None while it is fresh, or when it is not ours to extend."""
    if (
        lease is None
        or lease.capacity_state is not CapacityState.RESTORING
        or lease.restoring_by != by
        or lease.restoring_until - now > LEASE_SECONDS / 2
    ):
        return None
    return replace(lease, restoring_until=now + LEASE_SECONDS)


def end_restore(lease: LeaseRecord | None, *, by: str, restored: bool) -> LeaseRecord | None:
    """Give the right to restore back, with or without success; None when it is not ours."""
    if (
        lease is None
        or lease.capacity_state is not CapacityState.RESTORING
        or lease.restoring_by != by
    ):
        return None
    state = CapacityState.RESTORED if restored else CapacityState.RAISED
    return replace(lease, capacity_state=state, restoring_by="", restoring_until=0.0)


def release(lease: LeaseRecord | None, migration_id: str) -> LeaseRecord | None:
    """Free the table; None when it is not ours or its capacity is still owed."""
    if lease is None or lease.migration_id != migration_id or lease.owes_capacity:
        return None
    if lease.state is LeaseState.FREE:
        return None
    return replace(lease, state=LeaseState.FREE, expires_at=0.0)


def _fresh(table: TableKey, migration_id: str, now: float) -> LeaseRecord:
    return LeaseRecord(
        table_arn=table.arn,
        table_id=table.table_id,
        table_name=table.name,
        state=LeaseState.HELD,
        generation=1,
        migration_id=migration_id,
        expires_at=now + LEASE_SECONDS,
    )


def _refuse_held(lease: LeaseRecord, now: float, *, holder_is_live: bool) -> None:
    held = f"Table {lease.table_name} is held by migration {lease.migration_id}"
    if holder_is_live:
        raise LeaseHeldError(
            f"{held}, whose execution {lease.execution_arn or 'is about to start'} runs. "
            "One migration of a table runs at a time: wait for it, or stop it first."
        )
    if lease.owes_capacity:
        raise LeaseHeldError(
            f"{held}, whose raised capacity is not restored yet. Wait for the restore task of its "
            "DAG run, or clear that task when the run has ended."
        )
    if lease.expires_at > now:
        raise LeaseHeldError(
            f"{held} for at most {lease.expires_at - now:.0f} more seconds without a sign of life. "
            "Try again after that, or clear its DAG run's tasks to let it end."
        )
