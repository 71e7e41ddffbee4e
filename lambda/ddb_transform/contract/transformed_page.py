"""Runs the transform over a page: what to write, what to leave, what cannot be migrated."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import TypedItem
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.contract.transform import Transform
from ddb_transform.user_code.thread import USER_THREAD

WRITES = frozenset({"changed", "deleted"})

_TICK_SECONDS = 0.5

Tick = Callable[[], None]
Apply = Callable[[TypedItem], Change]


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """An item that cannot be migrated."""

    key: TypedItem
    error: ItemError
    item: TypedItem


@dataclass(slots=True)
class TransformedPage:
    """What the transform does to some items. ``unchanged`` are those it left as they are.

    ``ended`` are the keys of items that no longer exist; ``conflicts`` counts how often a live
    write got in between.
    """

    intents: list[Intent] = field(default_factory=list)
    unchanged: list[TypedItem] = field(default_factory=list)
    refused: list[RefusedItem] = field(default_factory=list)
    ended: list[TypedItem] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    conflicts: int = 0

    def counts(self) -> Counts:
        """Return the counts of the items that need no further write."""
        seen = self.outcomes.total() + len(self.refused)
        return Counts(seen=seen, quarantined=len(self.refused), **self.outcomes)


def prepare(transform: Transform, items: Iterable[TypedItem], tick: Tick) -> TransformedPage:
    """Transform items. Between two of them ``tick`` is called, about every half second.

    Items of the previous page that lose a race meanwhile are transformed in between, too.
    """
    return USER_THREAD.call(lambda: _prepared(transform.apply, transform, items, tick))


def try_out(transform: Transform, items: Iterable[TypedItem]) -> TransformedPage:
    """Transform items as a check before a migration does: see ``Transform.try_out``."""
    call = transform.try_out
    return USER_THREAD.call(lambda: _prepared(call, transform, items, tick=lambda: None))


def _prepared(
    apply: Apply, transform: Transform, items: Iterable[TypedItem], tick: Tick
) -> TransformedPage:
    prepared = TransformedPage()
    ticked_at = time.monotonic()
    for item in items:
        if time.monotonic() - ticked_at > _TICK_SECONDS:
            tick()
            ticked_at = time.monotonic()
        USER_THREAD.serve_urgent()
        _one(apply, transform, item, prepared)
    return prepared


def key_of(transform: Transform, item: TypedItem) -> TypedItem:
    return {name: item[name] for name in transform.context.key_names}


def _one(apply: Apply, transform: Transform, item: TypedItem, prepared: TransformedPage) -> None:
    try:
        change = apply(item)
    except ItemError as error:
        prepared.refused.append(RefusedItem(key_of(transform, item), error, item))
        return
    if change.outcome in WRITES:
        prepared.intents.append(Intent(key_of(transform, item), change, item))
        return
    prepared.outcomes[change.outcome] += 1
    if change.outcome == "unchanged":
        prepared.unchanged.append(item)
