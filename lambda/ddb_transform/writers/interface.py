"""What every writer is given and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.ledger.counts import Units
from airflow_ddb_migrate.core.ledger.records import TypedItem
from ddb_transform.contract.intent import Intent


class WriteVerdict(Enum):
    """What became of a write."""

    APPLIED = "it is written"
    LOST = "the item is not what the transform saw"
    AGAIN = "later: throttled, or nobody knows"
    ALONE = "not in a batch: the reference writer has to say"
    REFUSED = "this item cannot be written"


@dataclass(frozen=True, slots=True)
class Written:
    """A verdict. ``current`` is the item after a LOST race (None: it is gone).

    ``reason`` says why it has to be tried AGAIN; ``throttled``: slower; ``ambiguous``: the write
    may have landed all the same.
    """

    verdict: WriteVerdict
    current: TypedItem | None = None
    error: ItemError | None = None
    reason: str = ""
    throttled: bool = False
    ambiguous: bool = False


APPLIED = Written(WriteVerdict.APPLIED)
ALONE = Written(WriteVerdict.ALONE)


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What became of each intent, in their order, and what it took."""

    written: Sequence[Written]
    units: Units = Units()


class Writer(Protocol):
    """Writes what a transform wants, only if the item is still what the transform saw.

    ``write`` raises FatalError for what is wrong for every item; whatever else happens is told per
    intent. ``batch`` is how many intents it takes at a time.
    """

    batch: int

    def fits(self, intent: Intent) -> bool: ...

    def write(self, intents: Sequence[Intent]) -> WriteAnswer: ...
