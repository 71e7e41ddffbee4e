"""Settle one item: transform, write under the condition, and deal with a lost race."""

from dataclasses import dataclass

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.limits import CONFLICT_TRIES
from airflow_ddb_migrate.core.messages import Counts, Units
from airflow_ddb_migrate.core.records import TypedItem

from ddb_transform.transform import Change, Transform
from ddb_transform.writer import Writer

_WRITES = {"changed", "deleted"}


@dataclass(frozen=True, slots=True)
class Settled:
    counts: Counts
    units: Units = Units()

    def __add__(self, other: "Settled") -> "Settled":
        return Settled(self.counts + other.counts, self.units + other.units)


@dataclass(frozen=True, slots=True)
class Settler:
    """Brings single items to an end: changed, deleted, unchanged, already, skipped or gone."""

    transform: Transform
    writer: Writer

    def settle(self, item: TypedItem) -> Settled:
        """Settle one item as it was scanned.

        Live traffic wins: after a failed condition the item is transformed again as it is now,
        three times at most.

        :raises ItemError: the item cannot be migrated.
        """
        key = {name: item[name] for name in self.transform.context.key_names}
        change = self.transform.apply(item)
        units = Units()
        for _ in range(CONFLICT_TRIES):
            if change.outcome not in _WRITES:
                return Settled(Counts.one(change.outcome), units)
            written = self.writer.write(key, change)
            units += written.units
            if written.applied:
                return Settled(Counts.one(change.outcome), units)
            if written.current is None:
                return Settled(Counts.one("gone"), units)
            change = _after_race(self.transform.apply(written.current))
        if change.outcome not in _WRITES:
            return Settled(Counts.one(change.outcome), units)
        raise ItemError(
            f"Live traffic changed the item {CONFLICT_TRIES} times between reading and writing.",
            "Conflict",
        )


def _after_race(change: Change) -> Change:
    """What somebody else has brought to the wanted state is counted apart."""
    return Change("already") if change.outcome == "unchanged" else change
