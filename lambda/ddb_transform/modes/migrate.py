"""Settles the pages of a migration: every item gets its result before the cursor moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneRow, TypedItem
from airflow_ddb_migrate.core.limits import CONFLICT_TRIES
from ddb_transform.contract.intent import Intent
from ddb_transform.contract.keys import identity
from ddb_transform.contract.transform import Transform
from ddb_transform.contract.transformed_page import (
    WRITES,
    RefusedItem,
    Tick,
    TransformedPage,
    key_of,
    prepare,
)
from ddb_transform.failures import FatalError
from ddb_transform.objects.quarantine import Quarantine
from ddb_transform.objects.undo_log import UndoLog, UnsettledIntents
from ddb_transform.pages import Page, Position
from ddb_transform.writers.dispatch import Dispatcher
from ddb_transform.writers.interface import WriteVerdict, Written

Look = Callable[[TypedItem], tuple[TypedItem | None, float]]


@dataclass(frozen=True, slots=True)
class SettledPage:
    """The result of a page. ``stop`` ends the run once the row has moved past the page.

    ``conflicts`` counts how often a live write made it necessary to transform an item again.
    """

    counts: Counts
    units: Units = Units()
    stop: FatalError | None = None
    conflicts: int = 0


class Work(Protocol):
    """What one mode does to the pages of a lane."""

    def begin(self) -> SettledPage:
        """Return what an earlier invocation did but could not count."""

    def ready(self, page: Page, tick: Tick) -> Page:
        """Do what needs no order, in another thread, while the previous page is written."""

    def settle(self, page: Page, position: Position, tick: Tick) -> SettledPage:
        """Settle every item of a page."""

    def note(self, row: LaneRow) -> LaneRow:
        """Return the row with what this mode stores in it."""


@dataclass(slots=True, eq=False, repr=False)
class Migrating:
    """Writes the transform's changes. Live traffic wins.

    After a failed condition, the current item is transformed again. After three such writes it is
    quarantined. ``sees_missing``: the source reports items that are gone.
    """

    transform: Transform
    dispatcher: Dispatcher
    undo_log: UndoLog
    quarantine: Quarantine
    look: Look
    unsettled: UnsettledIntents = field(default_factory=UnsettledIntents)
    sees_missing: bool = False

    def begin(self) -> SettledPage:
        """Count what was already deleted beyond the cursor: a scan no longer sees it."""
        if self.sees_missing:
            return SettledPage(Counts())
        gone, read = 0, 0.0
        for orphans in self.unsettled.deleted.values():
            current, units = self.look(orphans[0].key)
            gone += current is None
            read += units
        return SettledPage(Counts(seen=gone, already=gone), Units(read=read))

    def ready(self, page: Page, tick: Tick) -> Page:
        """Run the transform."""
        return replace(page, prepared=prepare(self.transform, page.items, tick))

    def settle(self, page: Page, position: Position, tick: Tick) -> SettledPage:
        """Log and write; repeat what lost a race; quarantine what cannot be written."""
        prepared = page.prepared or prepare(self.transform, page.items, tick)
        self._recognise(prepared)
        self._count_missing(page, prepared)
        units, intents = Units(read=page.read_units), prepared.intents
        for _ in range(CONFLICT_TRIES):
            if not intents:
                break
            void = self.undo_log.begin(intents)
            outcome = self.dispatcher.write(intents, tick)
            units += outcome.units
            void(place for place, one in enumerate(outcome.written) if _is_void(one))
            intents = self._lost(intents, outcome.written, prepared)
        prepared.refused += map(_given_up, intents)
        self._void_orphans(page, prepared)
        stop = self.quarantine.add(prepared.refused, position, seen=prepared.counts().seen)
        return SettledPage(prepared.counts(), units, stop, prepared.conflicts)

    def note(self, row: LaneRow) -> LaneRow:
        """Move past what is logged, and so past what ``begin`` has counted."""
        return replace(row, logged=self.undo_log.last or self.unsettled.last or row.logged)

    def _void_orphans(self, page: Page, prepared: TransformedPage) -> None:
        """Void the deletes that an earlier invocation logged but did not do: their items exist."""
        if self.unsettled.deleted:
            ended = set(map(identity, prepared.ended))
            keys = (identity(key_of(self.transform, item)) for item in page.items)
            there = (key for key in keys if key not in ended)
            self.unsettled.void(there, self.undo_log.bucket)

    def _recognise(self, prepared: TransformedPage) -> None:
        """Count as ``already`` what an earlier invocation wrote but could not count."""
        if not self.unsettled.changed:
            return
        keys = (identity(key_of(self.transform, item)) for item in prepared.unchanged)
        already = sum(key in self.unsettled.changed for key in keys)
        if already:
            prepared.outcomes["unchanged"] -= already
            prepared.outcomes["already"] += already

    def _count_missing(self, page: Page, prepared: TransformedPage) -> None:
        """Count missing items: ``already`` if an earlier invocation deleted them, else ``gone``."""
        for key in page.missing:
            is_ours = identity(key) in self.unsettled.deleted
            prepared.outcomes["already" if is_ours else "gone"] += 1

    def _lost(
        self, intents: Sequence[Intent], written: Sequence[Written], prepared: TransformedPage
    ) -> list[Intent]:
        """Count what is settled; return what has to be written again."""
        again = []
        for intent, one in zip(intents, written, strict=True):
            if one.verdict is WriteVerdict.APPLIED:
                prepared.outcomes[intent.change.outcome] += 1
                if intent.change.outcome == "deleted":
                    prepared.ended.append(intent.key)
            elif one.error is not None:
                prepared.refused.append(RefusedItem(intent.key, one.error, intent.before))
            elif one.current is None:
                # An ambiguous delete that finds no item has most likely succeeded.
                landed = one.ambiguous and intent.change.outcome == "deleted"
                prepared.outcomes["already" if landed else "gone"] += 1
                prepared.ended.append(intent.key)
            else:
                again += self._transformed_again(intent, one.current, prepared)
        return again

    def _transformed_again(
        self, intent: Intent, current: TypedItem, prepared: TransformedPage
    ) -> list[Intent]:
        """Transform the current item. Unchanged is no conflict: we may have written it before."""
        try:
            change = self.transform.apply(current)
        except ItemError as error:
            prepared.conflicts += 1
            prepared.refused.append(RefusedItem(intent.key, error, current))
            return []
        prepared.conflicts += change.outcome != "unchanged"
        if change.outcome in WRITES:
            return [Intent(intent.key, change, current)]
        prepared.outcomes["already" if change.outcome == "unchanged" else change.outcome] += 1
        return []


def _is_void(one: Written) -> bool:
    """Return whether the write certainly failed; an intent that may have landed is kept."""
    return one.verdict is not WriteVerdict.APPLIED and not one.ambiguous


def _given_up(intent: Intent) -> RefusedItem:
    error = ItemError(
        f"Live traffic changed the item {CONFLICT_TRIES} times between reading and writing.",
        "Conflict",
    )
    return RefusedItem(intent.key, error, intent.before)
