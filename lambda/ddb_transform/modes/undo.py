"""The mode that reverts: an item that still holds what was written gets its old values back.

It reverts all of an item's changed attributes or none. If live traffic has changed one of them
since, the item stays as it is, and its key is listed.
"""

from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneRow, TypedItem
from ddb_transform.contract.codec import same
from ddb_transform.contract.intent import Intent
from ddb_transform.contract.transformed_page import RefusedItem, Tick, TransformedPage
from ddb_transform.modes.migrate import SettledPage
from ddb_transform.objects.object_names import Place, path_of
from ddb_transform.objects.quarantine import Quarantine
from ddb_transform.pages import Page, Position
from ddb_transform.writers.dispatch import Dispatcher
from ddb_transform.writers.interface import WriteVerdict, Written

FOLDER = "kept"


@dataclass(slots=True)
class Undoing:
    """Counts: changed (reverted), already (as it was before), skipped (changed since), gone."""

    dispatcher: Dispatcher
    quarantine: Quarantine
    bucket: Bucket
    place: Place

    def begin(self) -> SettledPage:
        """Return no counts: what an earlier invocation reverted is later counted as already."""
        return SettledPage(Counts())

    def ready(self, page: Page, tick: Tick) -> Page:  # noqa: ARG002  # nothing is left to do ahead
        """Return the page as it is in the log."""
        return page

    def settle(self, page: Page, position: Position, tick: Tick) -> SettledPage:
        """Revert the intents of one object of the undo log."""
        intents: list[Intent] = list(page.items)
        outcome = self.dispatcher.write(intents, tick)
        prepared, kept = TransformedPage(), []
        for intent, one in zip(intents, outcome.written, strict=True):
            if one.error is not None:
                prepared.refused.append(RefusedItem(intent.key, one.error, intent.before))
                continue
            word = _word(intent, one)
            prepared.outcomes[word] += 1
            if word == "skipped":
                kept.append(_row(intent))
        if kept:
            self.bucket.put(path_of(self.place.next(FOLDER)), kept)
        stop = self.quarantine.add(prepared.refused, position, seen=len(intents))
        return SettledPage(prepared.counts(), outcome.units + Units(read=page.read_units), stop)

    def note(self, row: LaneRow) -> LaneRow:
        return row


def _word(intent: Intent, one: Written) -> str:
    if one.verdict is WriteVerdict.APPLIED:
        return "changed"
    if one.current is None:
        return "gone"
    return "already" if _is_as_before(intent, one.current) else "skipped"


def _is_as_before(intent: Intent, current: TypedItem) -> bool:
    before = intent.change.assigned
    whole = intent.change.outcome == "restored"
    if whole and before.keys() != current.keys():
        return False
    return all(same(value, current.get(name)) for name, value in before.items())


def _row(intent: Intent) -> dict[str, Any]:
    return {"key": intent.key, "attributes": sorted(intent.change.assigned)}
