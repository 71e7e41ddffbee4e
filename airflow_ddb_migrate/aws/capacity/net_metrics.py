"""Metrics of the safety net for CloudWatch, in case neither Airflow nor a worker can send any."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import LeaseRecord
from airflow_ddb_migrate.core.limits import FORGOTTEN_SECONDS
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import STACK, Metric
from airflow_ddb_migrate.core.metrics.embedded import embedded_line
from airflow_ddb_migrate.core.metrics.stalled import is_stalled, may_be_stalled
from airflow_ddb_migrate.core.names import stack_of_ledger_name

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetMetrics:
    """Reads the leases again after a sweep; changes nothing."""

    clients: Clients
    ledger_table: str
    clock: Clock = Clock()

    def line(self, leases: Iterable[LeaseRecord]) -> str:
        """Return a log line in the embedded metric format; its only dimension is the stack."""
        dimensions = {STACK: stack_of_ledger_name(self.ledger_table)}
        now = self.clock.now()
        return embedded_line(self.values(leases), dimensions, [[STACK]], at=now, facts={})

    def values(self, leases: Iterable[LeaseRecord]) -> dict[Metric, float]:
        """Return the capacity to restore, and how many migrations stall without a reason.

        The seconds count from the end of a lease: before that, a task looks after it.
        """
        now = self.clock.now()
        current = [self._again(lease) for lease in leases if _is_taken(lease)]
        owed = [now - lease.expires_at for lease in current if lease.owes_capacity]
        return {
            catalog.CAPACITY_OWED_SECONDS: max([0.0, *owed]),
            catalog.TABLES_OWING_CAPACITY: len(owed),
            catalog.MIGRATIONS_STALLED: sum(map(self._is_stalled, current)),
        }

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.clients.dynamodb, self.ledger_table)

    def _again(self, seen: LeaseRecord) -> LeaseRecord:
        """Read a lease again, without its snapshot, which is not needed and may be lost."""
        key = TableKey(seen.table_arn, seen.table_id, seen.table_name)
        with _apart(seen):
            return Leases(self._ledger).look(key, consistent=True) or seen
        return seen

    def _is_stalled(self, lease: LeaseRecord) -> bool:
        with _apart(lease):
            return self._makes_no_progress(lease)
        return False

    def _makes_no_progress(self, lease: LeaseRecord) -> bool:
        """Return whether it makes no progress; reads the lanes only if there is no reason for that.

        It does not matter whether its execution is running: the end is noted unless nothing waits
        for the migration. It is reported for a day only, so that an abandoned migration does not
        hide the next one.
        """
        now, ledger, name = self.clock.now(), self._ledger, lease.migration_id
        if not lease.is_taken or now - lease.expires_at > FORGOTTEN_SECONDS:
            return False
        record, attempt = ledger.migration(name), ledger.latest_attempt(name)
        if record is None or attempt is None:
            return False
        lanes = attempt.scope or record.lanes_in_scope
        return may_be_stalled(ledger.control(name), attempt, now) and is_stalled(
            Lanes(ledger).all(name), lanes, now
        )


@contextmanager
def _apart(lease: LeaseRecord) -> Iterator[None]:
    """Log an error with one lease, and continue with the others."""
    try:
        yield
    except Exception as exc:  # noqa: BLE001
        _log.warning("Metrics of table %s: %s: %s", lease.table_name, type(exc).__name__, exc)


def is_any_taken(leases: Iterable[LeaseRecord]) -> bool:
    """Return whether a migration holds a table, or has capacity to restore."""
    return any(map(_is_taken, leases))


def _is_taken(lease: LeaseRecord) -> bool:
    return lease.is_taken or lease.owes_capacity
