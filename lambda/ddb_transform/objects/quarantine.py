"""Quarantined items with their errors, and the limits that stop a migration."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.aws.ledger.budget_sharing import Sharing
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.services.bucket import QUARANTINE, Bucket
from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.limits import QUARANTINE_JUDGED
from ddb_transform.contract.transformed_page import RefusedItem
from ddb_transform.failures import FatalError
from ddb_transform.objects.object_names import Place, path_of
from ddb_transform.pages import Position

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Quarantines items of one slice; their values apart, only if the migration shows them."""

    bucket: Bucket
    place: Place
    sharing: Sharing
    record: MigrationRecord

    def add(
        self, refused: Sequence[RefusedItem], position: Position, *, seen: int
    ) -> FatalError | None:
        """Quarantine items of a page of ``seen``; return what ends the run if they are too many."""
        if not refused:
            return None
        path = path_of(self.place.next(QUARANTINE))
        if self.record.show_values:
            self.bucket.values.put(path, ({"key": one.key, "item": one.item} for one in refused))
        self.bucket.put(path, [self._row(one, position) for one in refused])
        control = self.sharing.add_quarantined(len(refused))
        total = control.quarantined if control else 0
        if self._is_tolerable(total, len(refused), seen):
            return None
        return self._full(total, refused)

    def _is_tolerable(self, total: int, refused: int, seen: int) -> bool:
        """Check the number at once, and the percentage of what lanes have saved and this page."""
        record = self.record
        if total > record.max_quarantined:
            return False
        if total < QUARANTINE_JUDGED:
            return True
        rows = Lanes(self.sharing.ledger).all(record.migration_id, record.lanes)
        saved = [row.counts for row in rows]
        quarantined = refused + sum(counts.quarantined for counts in saved)
        all_seen = seen + sum(counts.seen for counts in saved)
        return quarantined < QUARANTINE_JUDGED or record.allows(quarantined, seen=all_seen)

    def _row(self, one: RefusedItem, position: Position) -> dict[str, Any]:
        return {
            "key": one.key,
            "error_class": one.error.error_class,
            "message": str(one.error),
            "attempt": self.place.attempt,
            "segment": position.segment,
            "cursor": position.cursor,
        }

    def _full(self, total: int, refused: Sequence[RefusedItem]) -> FatalError:
        record = self.record
        return FatalError(
            "TooManyQuarantined",
            f"{total:,} items could not be migrated; the limits are {record.max_quarantined:,} "
            f"items and {record.max_quarantined_percentage:g} % of the items seen "
            f"(max_quarantined, max_quarantined_percentage). {_examples(refused)} All are under "
            f"migrations/{record.migration_id}/{QUARANTINE}/ in the stack's bucket.",
        )


def _examples(refused: Sequence[RefusedItem]) -> str:
    """Return a few different errors, each with the number of items of the page that have it.

    No keys: users who can see runs see this text, and notices contain it.
    """
    errors = Counter(f"{one.error.error_class}: {one.error}" for one in refused)
    few = list(errors.items())[:_SHOWN]
    return " ".join(f"{error} ({number:,} of this page)" for error, number in few)
