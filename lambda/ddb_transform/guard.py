"""Fencing: may this worker go on? Asked of the ledger every few seconds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from airflow_ddb_migrate.aws.leases import Leases
from airflow_ddb_migrate.aws.ledger import Ledger
from airflow_ddb_migrate.core.lease import TableKey, is_held_by, renew
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS, HOLD_SECONDS
from airflow_ddb_migrate.core.records import Command, ControlRecord, MigrationRecord


class Order(Enum):
    """What the ledger wants of a worker. QUIT: end, and leave the lane unfinished."""

    GO = "go"
    HOLD = "hold"
    QUIT = "quit"


@dataclass(slots=True)
class Guard:
    """Looks at the control record and the lease, at most every ``CONTROL_SECONDS``."""

    ledger: Ledger
    record: MigrationRecord
    attempt: int
    clock: Callable[[], float]
    _last_look: float = field(default=float("-inf"), init=False)
    _last_order: Order = field(default=Order.GO, init=False)

    def order(self) -> Order:
        """Return the order in force; it is at most ``CONTROL_SECONDS`` old."""
        now = self.clock()
        if now - self._last_look >= CONTROL_SECONDS:
            self._last_order = self._look(now)
            self._last_look = now
        return self._last_order

    def _look(self, now: float) -> Order:
        order = order_of(self.ledger.control(self.record.migration_id), self.attempt, now)
        return order if order is Order.QUIT or self._holds_table(now) else Order.QUIT

    def _holds_table(self, now: float) -> bool:
        record = self.record
        table = TableKey(record.table_arn, record.table_id, record.table_name)
        leases = Leases(self.ledger)
        lease = leases.get(table)
        if not is_held_by(lease, record.migration_id):
            return False
        if renew(lease, record.migration_id, now):
            leases.change(table, lambda current: renew(current, record.migration_id, now))
        return True


def order_of(control: ControlRecord | None, attempt: int, now: float) -> Order:
    """Read the control record: an older attempt quits, a hold of over an hour does, too."""
    if control is None or control.attempt != attempt or control.command is Command.STOP:
        return Order.QUIT
    if control.command is Command.HOLD:
        return Order.QUIT if now - control.since > HOLD_SECONDS else Order.HOLD
    return Order.GO
