"""Let the ledger's records of a migration expire some time after it is over for good.

The stack does this once a day, since Airflow may not see the end of a migration, and a migration of
10,000 segments has that many records. DynamoDB deletes records within days after ``expires``, in
any order. The migration's own record is marked first, and once that has expired, the migration
counts as gone. Its row in the table's history stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.erasure.records import records_of
from airflow_ddb_migrate.aws.ledger.keys import migration_key
from airflow_ddb_migrate.aws.ledger.migrations import EXPIRES, Ledger
from airflow_ddb_migrate.aws.ledger.scans import all_leases, history_rows
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.erasure import Family, KeptRow, expiring
from airflow_ddb_migrate.core.ledger.notes import EXPIRY
from airflow_ddb_migrate.core.ledger.records import TypedItem

_EVERY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """One pass over the ledger, for at most ``seconds``; the next pass continues.

    The records of a migration expire ``days`` days after its end; 0: never.
    """

    clients: Clients
    ledger_table: str
    days: int
    seconds: float
    clock: Clock = Clock()

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.clients.dynamodb, self.ledger_table, self.clock)

    def mark(self) -> int:
        """Mark migrations that are over for good; return how many (0 if done today already)."""
        begun = self.clock.now()
        if not self.days or begun < float(self._ledger.kept(EXPIRY) or 0) + _EVERY_SECONDS:
            return 0
        marked = 0
        for family, until in self._found():
            if not self._expire(family, until, deadline=begun + self.seconds):
                return marked
            marked += 1
        self._ledger.keep(EXPIRY, str(begun))
        return marked

    def _found(self) -> Iterator[tuple[Family, int]]:
        dynamodb, table = self.clients.dynamodb, self.ledger_table
        rows = [KeptRow(*found) for found in history_rows(dynamodb, table)]
        # Read after the history: a migration that holds a table by then is not over.
        held = {
            lease.migration_id
            for lease in all_leases(dynamodb, table, consistent=True)
            if lease.is_taken or lease.owes_capacity
        }
        return expiring(rows, held=held, days=self.days)

    def _expire(self, family: Family, until: int, *, deadline: float) -> bool:
        """Mark every record of a migration; False if there was not time for all."""
        for name in family.ids:
            self._mark(migration_key(name), until)
        for name in family.ids:
            for key in records_of(self._ledger, name):
                if self.clock.now() > deadline:
                    return False
                self._mark(key, until)
        for kept in family.mine:
            self._ledger.update(kept.key, {"kept_until": until})
        return True

    def _mark(self, key: TypedItem, until: int) -> None:
        self._ledger.update(
            key,
            {EXPIRES: until},
            condition=f"attribute_exists(pk) AND attribute_not_exists(#{EXPIRES})",
        )
