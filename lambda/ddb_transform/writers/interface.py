"""What every writer is given and returns."""

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

    APPLIED = "the item is written"
    LOST = "the item has changed since the transform read it"
    AGAIN = "retry later: throttled, or the result is unknown"
    ALONE = "retry it alone, with the reference writer"
    REFUSED = "this item cannot be written"


@dataclass(frozen=True, slots=True)
class Written:
    """A verdict. ``current`` is the item after a LOST race (None: it is gone).

    ``reason`` says why to try AGAIN; ``throttled``: retry more slowly; ``ambiguous``: the write may
    have succeeded anyway.
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
    """The result of each intent, in their order, and the units consumed."""

    written: Sequence[Written]
    units: Units = Units()


class Writer(Protocol):
    """Writes a transform's changes, each only if the item is still as the transform read it.

    ``write`` raises FatalError for errors that affect every item; all others are returned per
    intent. ``batch`` is how many intents it takes at a time.
    """

    batch: int

    def fits(self, intent: Intent) -> bool: ...

    def write(self, intents: Sequence[Intent]) -> WriteAnswer: ...
