"""Leases on tables, in the ledger: ``pk = table#<arn>``, ``sk = lease#<table id>``.

Every worker reads its table's lease, and one key takes 3,000 read units a second. So what a table
with many indexes owes, up to 30 KB, is a record of its own: ``sk = owed#<digest of it>``. It is
written before the lease that names it, and never changed.
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

_REFERENCE = "owed#"  # in the place of a snapshot, which is JSON


class Leases:
    """Reads leases and changes them by compare-and-set."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def look(self, table: TableKey, *, consistent: bool = False) -> LeaseRecord | None:
        """Return the lease without what it owes, as it was a moment ago: the cheapest read."""
        item = self._ledger.get(lease_key(table), consistent=consistent)
        return decode(LeaseRecord, item) if item else None

    def get(self, table: TableKey) -> LeaseRecord | None:
        """Return the lease; raises LedgerError when what it owes is not there."""
        stored = self._stored(table)
        return self._with_owed(table, stored) if stored else None

    def change(
        self, table: TableKey, transition: Callable[[LeaseRecord | None], LeaseRecord | None]
    ) -> LeaseRecord | None:
        """Apply a transition of core.ledger.lease; again if another process was faster.

        Returns what was written, or None when the transition wants nothing written.
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
            "Try again; if this lasts, look for DAG runs that start migrations in a loop."
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
        """Note what is owed apart; what was noted before stays where it is.

        An older package that prewarmed reads it from the lease, whoever renewed that meanwhile.
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
        """Fill in what the lease owes; one of before it had a record of its own has it already."""
        if not lease.snapshot.startswith(_REFERENCE):
            return lease
        digest = lease.snapshot.removeprefix(_REFERENCE)
        item = self._ledger.get(owed_key(table, digest))
        if item is None:
            raise LedgerError(
                f"The ledger {self._ledger.table_name} lacks what was noted of the capacity of "
                f"table {table.name} before it was raised ({digest}). Bring the capacity back by "
                "hand, or restore the ledger from a backup."
            )
        snapshot, raised = json.loads(item["owed"]["S"])
        return replace(lease, snapshot=snapshot, raised=raised)


def _owed(lease: LeaseRecord) -> tuple[str, str]:
    return lease.snapshot, lease.raised
