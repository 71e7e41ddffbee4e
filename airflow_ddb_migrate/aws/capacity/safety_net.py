"""Restore capacity that no task restores, in case Airflow is gone."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum

from airflow_ddb_migrate.aws.capacity.restore import RestoreWait, restore
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.scans import all_leases
from airflow_ddb_migrate.aws.services.executions import Executions
from airflow_ddb_migrate.aws.services.stack import stack_of_ledger
from airflow_ddb_migrate.aws.services.tables import Table, describe_table
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.owed import end_restore, reclaim, why_kept
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import MigrationError, RestoreError, TableNotFoundError
from airflow_ddb_migrate.core.ledger.lease import TableKey, release
from airflow_ddb_migrate.core.ledger.notes import SAFETY_NET
from airflow_ddb_migrate.core.ledger.records import LeaseRecord
from airflow_ddb_migrate.core.limits import CONFIRM_LOOKS, CONFIRM_SECONDS


class Fate(StrEnum):
    """What happened to a lease with capacity to restore."""

    RESTORED = "RESTORED"
    ALREADY_RESTORED = "ALREADY_RESTORED"
    TABLE_GONE = "TABLE_GONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result for one lease, in words. ``why`` says why nothing was done."""

    table: str
    migration_id: str
    fate: Fate
    restored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    why: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyNet:
    """One sweep over the ledger, for at most ``seconds``.

    ``by`` must be unique to this sweep: one with the same name would take over its restores.
    """

    clients: Clients
    ledger_table: str
    by: str
    seconds: float
    clock: Clock = Clock()

    def sweep(self) -> Iterator[Finding]:
        """Restore the capacity of expired leases, one by one; yield each lease with any to restore.

        A failure does not keep the others from being restored; see ``raise_failures``. Time is
        shared evenly, so that a table that never becomes ACTIVE does not use up the time of the
        others.
        """
        return self.settle(self.leases())

    def leases(self) -> list[LeaseRecord]:
        """Return every lease of the ledger; a read may be a moment old."""
        return list(all_leases(self.clients.dynamodb, self.ledger_table, consistent=False))

    def settle(self, leases: Iterable[LeaseRecord]) -> Iterator[Finding]:
        """Do the same as ``sweep`` with leases that were already read."""
        deadline = self.clock.now() + self.seconds
        owed = [lease for lease in leases if lease.owes_capacity]
        for done, lease in enumerate(owed):
            share = (deadline - self.clock.now()) / (len(owed) - done)
            yield self._settle(lease, share)

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.clients.dynamodb, self.ledger_table)

    @property
    def _leases(self) -> Leases:
        return Leases(self._ledger)

    def _settle(self, lease: LeaseRecord, seconds: float) -> Finding:
        try:
            return self._look_after(lease, seconds)
        except MigrationError as exc:
            return _finding(lease, Fate.FAILED, why=str(exc))
        except Exception as exc:  # noqa: BLE001 # whatever it is, continue with the other leases
            return _finding(lease, Fate.FAILED, why=f"{type(exc).__name__}: {exc}")

    def _look_after(self, lease: LeaseRecord, seconds: float) -> Finding:
        why = why_kept(lease, self.clock.now()) or self._live_execution(lease)
        if not why and seconds <= 0:
            why = "no time was left; the next run continues with it"
        if why:
            return _finding(lease, Fate.SKIPPED, why=why)
        table = self._table(lease)
        if not self._take(lease):
            return self._overtaken(lease)
        return self._restore(lease, table, seconds) if table else self._forget(lease)

    def _live_execution(self, lease: LeaseRecord) -> str:
        executions = Executions(self.clients.stepfunctions, self.clock)
        attempt = self._ledger.latest_attempt(lease.migration_id)
        live = executions.live_of(lease, attempt)
        return next((f"execution {arn.rpartition(':')[2]} runs" for arn in live), "")

    def _table(self, lease: LeaseRecord) -> Table | None:
        """Return the leased table; None if it was deleted, even if another has its name now.

        Since DescribeTable is eventually consistent, and the lease of a deleted table is dropped,
        the table has to be missing in CONFIRM_LOOKS reads.
        """
        for left in reversed(range(CONFIRM_LOOKS)):
            with suppress(TableNotFoundError):
                table = describe_table(self.clients.dynamodb, lease.table_name)
                if table.key.table_id == lease.table_id:
                    return table
            if left:
                self.clock.sleep(CONFIRM_SECONDS)
        return None

    def _take(self, seen: LeaseRecord) -> bool:
        """Take the right to restore, unless the lease changed since it was read."""
        now = self.clock.now()
        taken = self._leases.change(
            _key(seen), lambda lease: reclaim(lease, seen, by=self.by, now=now)
        )
        return taken is not None

    def _overtaken(self, seen: LeaseRecord) -> Finding:
        lease = self._leases.get(_key(seen))
        if lease and lease.owes_capacity and _debt(lease) == _debt(seen):
            why = why_kept(lease, self.clock.now()) or "another migration took its lease meanwhile"
            return _finding(seen, Fate.SKIPPED, why=why)
        return _finding(seen, Fate.ALREADY_RESTORED, why="another process was first")

    def _restore(self, lease: LeaseRecord, table: Table, seconds: float) -> Finding:
        site = Site(
            clients=self.clients,
            table=table,
            stack=stack_of_ledger(self.ledger_table),
            migration_id=lease.migration_id,
            clock=self.clock,
        )
        # Half of the time, since restore waits twice: before and after it changes the table. A
        # decrease that AWS does not allow yet is left to the next sweep.
        wait = RestoreWait(seconds=seconds / 2, refused_seconds=0)
        try:
            restored = restore(site, by=self.by, wait=wait)
        except Exception:  # whatever it is: otherwise no other could try for half an hour
            self._give_back(lease, restored=False)
            raise
        changes = tuple(map(str, restored.changes))
        return self._noted(
            _finding(lease, Fate.RESTORED, restored=changes, kept=tuple(restored.kept))
        )

    def _forget(self, lease: LeaseRecord) -> Finding:
        """Drop what a deleted table has to restore: it costs nothing, and cannot be restored."""
        self._give_back(lease, restored=True)
        self._leases.change(_key(lease), lambda current: release(current, lease.migration_id))
        why = f"table {lease.table_name} with the id {lease.table_id} no longer exists"
        return self._noted(_finding(lease, Fate.TABLE_GONE, why=why))

    def _give_back(self, lease: LeaseRecord, *, restored: bool) -> None:
        self._leases.change(
            _key(lease), lambda current: end_restore(current, by=self.by, restored=restored)
        )

    def _noted(self, finding: Finding) -> Finding:
        """Note in the ledger what this sweep did."""
        note = {"by": self.by, "at": self.clock.now(), **asdict(finding)}
        self._ledger.note(finding.migration_id, SAFETY_NET, json.dumps(note))
        return finding


def rescued(ledger: Ledger, migration_id: str) -> str:
    """Return who restored in place of the migration, and what; empty if it was not needed."""
    note = json.loads(ledger.read_note(migration_id, SAFETY_NET) or "{}")
    if not note:
        return ""
    what = "; ".join([*note["restored"], *note["kept"]]) or note["why"] or "nothing was left to do"
    return f"{note['by']} was first: {what}"


def raise_failures(findings: Iterable[Finding]) -> None:
    """Raise RestoreError with the reasons for all leases that could not be restored."""
    failed = [finding for finding in findings if finding.fate is Fate.FAILED]
    if failed:
        raise RestoreError(
            f"Raised capacity of {len(failed):,} tables could not be restored; the next run tries "
            "again. " + " ".join(f"Table {row.table}: {row.why}" for row in failed)
        )


def _finding(
    lease: LeaseRecord,
    fate: Fate,
    *,
    restored: tuple[str, ...] = (),
    kept: tuple[str, ...] = (),
    why: str = "",
) -> Finding:
    return Finding(
        table=lease.table_name,
        migration_id=lease.migration_id,
        fate=fate,
        restored=restored,
        kept=kept,
        why=why,
    )


def _key(lease: LeaseRecord) -> TableKey:
    return TableKey(lease.table_arn, lease.table_id, lease.table_name)


def _debt(lease: LeaseRecord) -> tuple[str, int]:
    return lease.migration_id, lease.generation
