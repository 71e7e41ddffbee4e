"""The lease on a table, in the ledger: ``pk = table#<arn>``, ``sk = lease#<table id>``."""

from collections.abc import Callable
from dataclasses import asdict, replace

from airflow_ddb_migrate.aws.ledger import typed_values
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.errors import LedgerBusyError
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import (
    CapacityState,
    LeaseRecord,
    LeaseState,
    TypedItem,
)

_RACES = 10


class Leases:
    """Reads leases and changes them by compare-and-set."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def get(self, table: TableKey) -> LeaseRecord | None:
        item = self._ledger.get(_key(table))
        return lease_from(item) if item else None

    def change(
        self, table: TableKey, transition: Callable[[LeaseRecord | None], LeaseRecord | None]
    ) -> LeaseRecord | None:
        """Apply a transition of core.lease to the lease as it is; again if somebody was faster.

        Returns what was written, or None when the transition wants nothing written.
        :raises LedgerBusyError: ten others in a row were faster.
        """
        for _ in range(_RACES):
            current = self.get(table)
            wanted = transition(current)
            if wanted is None:
                return None
            written = replace(wanted, version=wanted.version + 1)
            if self._write(table, written, current):
                return written
        raise LedgerBusyError(
            f"The lease of table {table.name} changed {_RACES} times while it was being written. "
            "Try again; if this lasts, look for DAG runs that start migrations in a loop."
        )

    def _write(self, table: TableKey, lease: LeaseRecord, current: LeaseRecord | None) -> bool:
        item = {**_key(table), **typed_values.encode_all(asdict(lease))}
        if current is None:
            return self._ledger.put_new(item)
        return self._ledger.replace(item, seen_version=current.version)


def _key(table: TableKey) -> TypedItem:
    return {"pk": {"S": f"table#{table.arn}"}, "sk": {"S": f"lease#{table.table_id}"}}


def lease_from(item: TypedItem) -> LeaseRecord:
    return LeaseRecord(
        table_arn=typed_values.text(item, "table_arn"),
        table_id=typed_values.text(item, "table_id"),
        table_name=typed_values.text(item, "table_name"),
        state=LeaseState(typed_values.text(item, "state")),
        generation=typed_values.whole(item, "generation"),
        migration_id=typed_values.text(item, "migration_id"),
        attempt=typed_values.whole(item, "attempt"),
        execution_arn=typed_values.text(item, "execution_arn"),
        expires_at=typed_values.number(item, "expires_at"),
        capacity_state=CapacityState(typed_values.text(item, "capacity_state")),
        snapshot=typed_values.text(item, "snapshot"),
        raised=typed_values.text(item, "raised"),
        restoring_by=typed_values.text(item, "restoring_by"),
        restoring_until=typed_values.number(item, "restoring_until"),
        taken_from=typed_values.text(item, "taken_from"),
        version=typed_values.whole(item, "version"),
    )
