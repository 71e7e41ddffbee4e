"""Who may touch a table: pure transitions of its lease.

Every function takes the lease as it was read and returns what to write in its place; the
adapter writes it only if nobody else did in between, and reads and asks again otherwise.
"""

from dataclasses import dataclass, replace
from typing import TypeGuard

from airflow_ddb_migrate.core.errors import LeaseHeldError
from airflow_ddb_migrate.core.ledger.records import LeaseRecord, LeaseState
from airflow_ddb_migrate.core.limits import LEASE_SECONDS


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


def is_held_by(lease: LeaseRecord | None, migration_id: str) -> TypeGuard[LeaseRecord]:
    """Return whether this migration may touch the table."""
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
            "Try again after that. To end it now, clear its restore task."
        )
