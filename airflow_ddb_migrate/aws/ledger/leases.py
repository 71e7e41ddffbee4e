"""Leases on tables, in the ledger: ``pk = table#<arn>``, ``sk = lease#<table id>``.

Every worker reads its table's lease, and DynamoDB serves a key with at most 3,000 read units per
second. So the snapshot of a table with many indexes, up to 30 KB, is a record of its own: ``sk =
owed#<its digest>``. It is written before the lease that names it, and never changed.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace

from airflow_ddb_migrate.aws.ledger.keys import lease_key, owed_key
from airflow_ddb_migrate.aws.ledger.migrations import RACES, Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all, encode_value
from airflow_ddb_migrate.core.errors import LedgerBusyError, LedgerError
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import LeaseRecord

_REFERENCE = "owed#"  # stands in place of a snapshot, which is JSON


class Leases:
    """Reads leases and changes them by compare-and-set."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def look(self, table: TableKey, *, consistent: bool = False) -> LeaseRecord | None:
        """Return the lease without its snapshot, by an eventually consistent read unless asked."""
        item = self._ledger.get(lease_key(table), consistent=consistent)
        return decode(LeaseRecord, item) if item else None

    def get(self, table: TableKey) -> LeaseRecord | None:
        """Return the lease; raises LedgerError if its snapshot is missing."""
        stored = self._stored(table)
        return self._with_owed(table, stored) if stored else None

    def change(
        self, table: TableKey, transition: Callable[[LeaseRecord | None], LeaseRecord | None]
    ) -> LeaseRecord | None:
        """Apply a transition of core.ledger.lease; repeat it if another process was faster.

        Returns the lease that was written, or None if the transition returned None.
        :raises LedgerBusyError: this process lost the race ten times in a row.
        """
        for _ in range(RACES):
            stored = self._stored(table)
            current = self._with_owed(table, stored) if stored else None
            wanted = transition(current)
            if wanted is None:
                return None
            written = replace(wanted, version=wanted.version + 1)
            if self._write(table, self._without_owed(table, written, current, stored), stored):
                return written
        raise LedgerBusyError(
            f"The lease of table {table.name} changed {RACES} times while it was being written. "
            "Try again. If this keeps happening, look for DAG runs that start migrations in a "
            "loop."
        )

    def _stored(self, table: TableKey) -> LeaseRecord | None:
        item = self._ledger.get(lease_key(table))
        return decode(LeaseRecord, item) if item else None

    def _write(self, table: TableKey, lease: LeaseRecord, stored: LeaseRecord | None) -> bool:
        item = {**lease_key(table), **encode_all(asdict(lease))}
        if stored is None:
            return self._ledger.put_new(item)
        return self._ledger.replace(item, seen_version=stored.version)

    def _without_owed(
        self,
        table: TableKey,
        lease: LeaseRecord,
        current: LeaseRecord | None,
        stored: LeaseRecord | None,
    ) -> LeaseRecord:
        """Write the snapshot as a record of its own; one that was noted before stays where it is.

        An older package that prewarmed reads it from the lease, even after a newer one renewed
        that.
        """
        if not lease.snapshot:
            return lease
        if current and stored and _owed(lease) == _owed(current):
            return replace(lease, snapshot=stored.snapshot, raised=stored.raised)
        owed = json.dumps([lease.snapshot, lease.raised])
        digest = hashlib.sha256(owed.encode()).hexdigest()
        self._ledger.put({**owed_key(table, digest), "owed": encode_value(owed)})
        return replace(lease, snapshot=f"{_REFERENCE}{digest}", raised="")

    def _with_owed(self, table: TableKey, lease: LeaseRecord) -> LeaseRecord:
        """Return the lease with its snapshot. Leases of older versions have it already."""
        if not lease.snapshot.startswith(_REFERENCE):
            return lease
        digest = lease.snapshot.removeprefix(_REFERENCE)
        item = self._ledger.get(owed_key(table, digest))
        if item is None:
            raise LedgerError(
                f"The ledger {self._ledger.table_name} lacks the record of the capacity that "
                f"table {table.name} had before it was raised ({digest}). Restore the capacity by "
                "hand, or the ledger from a backup."
            )
        snapshot, raised = json.loads(item["owed"]["S"])
        return replace(lease, snapshot=snapshot, raised=raised)


def _owed(lease: LeaseRecord) -> tuple[str, str]:
    return lease.snapshot, lease.raised
