"""What is to be done with one item: what every writer is given."""

from dataclasses import dataclass

from airflow_ddb_migrate.core.items.sizes import write_units
from airflow_ddb_migrate.core.ledger.records import TypedItem
from ddb_transform.contract.change import Change


@dataclass(frozen=True, slots=True)
class Intent:
    """One write: the item's key, what to change of it, and the item as it was read."""

    key: TypedItem
    change: Change
    before: TypedItem

    @property
    def units(self) -> int:
        """Write units by the item's size, indexes apart."""
        return write_units(self.change.before_bytes, self.change.after_bytes)

    @property
    def weight_bytes(self) -> int:
        """What the write may cost in a request, or the current item in its answer."""
        return self.change.before_bytes + self.change.after_bytes
