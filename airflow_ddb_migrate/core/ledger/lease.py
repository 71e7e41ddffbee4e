"""Which migration may touch a table: pure transitions of its lease.

Every function takes the lease as it was read and returns the lease to write in its place. The
adapter writes it only if it has not changed in between; otherwise it reads it again and repeats the
call.
"""

from dataclasses import dataclass, replace
from typing import TypeGuard

from airflow_ddb_migrate.core.errors import LeaseHeldError
from airflow_ddb_migrate.core.ledger.records import LeaseRecord, LeaseState
from airflow_ddb_migrate.core.limits import LEASE_SECONDS


@dataclass(frozen=True, slots=True)
class TableKey:
    """The identity of a table. A table that is created again under the same name has another id."""

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
    """Take the lease, or renew it if this migration holds it already.

    :raises LeaseHeldError: another migration holds the table: its lease has not expired, its
        execution runs, or its capacity is not restored yet.
    """
    if lease is None:
        return _fresh(table, migration_id, now)
    _refuse_unknown(lease)
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
    """Extend the lease of its holder; None if it is fresh, or another migration holds it."""
    if not is_held_by(lease, migration_id) or lease.expires_at - now > LEASE_SECONDS / 2:
        return None
    return replace(lease, expires_at=now + LEASE_SECONDS)


def is_held_by(lease: LeaseRecord | None, migration_id: str) -> TypeGuard[LeaseRecord]:
    """Return whether this migration may touch the table."""
    return (
        lease is not None and lease.migration_id == migration_id and lease.state is LeaseState.HELD
    )


def required(lease: LeaseRecord | None, migration_id: str) -> LeaseRecord:
    """Return the lease; raises LeaseHeldError if this migration has lost it."""
    if not is_held_by(lease, migration_id):
        holder = f"migration {lease.migration_id} holds it" if lease else "no migration holds it"
        raise LeaseHeldError(
            f"Migration {migration_id} no longer holds its table: {holder}. Try again."
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
    """Add the execution that is about to start, so that a crash cannot lose it."""
    lease = required(lease, migration_id)
    return replace(
        lease, attempt=attempt, execution_arn=execution_arn, expires_at=now + LEASE_SECONDS
    )


def release(lease: LeaseRecord | None, migration_id: str) -> LeaseRecord | None:
    """Free the table; None if another migration holds it, or its capacity is not restored yet."""
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
            f"{held}, whose execution {lease.execution_arn or 'is about to start'} is running. "
            "One migration of a table runs at a time: wait for it, or stop it first."
        )
    if lease.owes_capacity:
        raise LeaseHeldError(
            f"{held}, whose raised capacity is not restored yet. Wait for the restore task of its "
            "DAG run. If the run has ended, clear that task."
        )
    if lease.expires_at > now:
        raise LeaseHeldError(
            f"{held}. Its lease expires in {lease.expires_at - now:.0f} seconds unless it is "
            "renewed: try again after that. To free the table now, clear the restore task of its "
            "DAG run."
        )


def _refuse_unknown(lease: LeaseRecord) -> None:
    if lease.state not in {*LeaseState}:
        raise LeaseHeldError(
            f"The lease of table {lease.table_name} is {lease.state}, which this version does not "
            f"know: a later version wrote it for migration {lease.migration_id}. Upgrade this one."
        )
