"""Leases on tables, in the ledger: ``pk = table#<arn>``, ``sk = lease#<table id>``."""

from collections.abc import Callable
from dataclasses import asdict, replace

from airflow_ddb_migrate.aws.ledger.keys import lease_key
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.errors import LedgerBusyError
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import (
    LeaseRecord,
)

_RACES = 10


class Leases:
    """Reads leases and changes them by compare-and-set."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def get(self, table: TableKey) -> LeaseRecord | None:
        item = self._ledger.get(lease_key(table))
        return decode(LeaseRecord, item) if item else None

    def change(
        self, table: TableKey, transition: Callable[[LeaseRecord | None], LeaseRecord | None]
    ) -> LeaseRecord | None:
        """Apply a transition of core.ledger.lease; again if another process was faster.

        Returns what was written, or None when the transition wants nothing written.
        :raises LedgerBusyError: this process lost the race ten times in a row.
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
        item = {**lease_key(table), **encode_all(asdict(lease))}
        if current is None:
            return self._ledger.put_new(item)
        return self._ledger.replace(item, seen_version=current.version)
