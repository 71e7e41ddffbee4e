"""The modes that write nothing: a dry run, and the check after a migration."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_ddb_migrate.aws.services.bucket import DIFF, Bucket
from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.inspection.findings import CHECK, Findings
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneRow, TypedItem, TypedValue
from ddb_transform.contract.intent import Intent
from ddb_transform.contract.keys import readable
from ddb_transform.contract.transform import Transform
from ddb_transform.contract.transformed_page import Tick, TransformedPage, key_of, prepare
from ddb_transform.modes.migrate import SettledPage
from ddb_transform.objects.object_names import Place, path_of
from ddb_transform.pages import Page, Position
from ddb_transform.user_code.thread import USER_THREAD

_SAMPLES = 20  # of a slice: enough to read, whatever the table's size


@dataclass(slots=True)
class Looking:
    """Notes what a migration would do to each item; with ``verify`` runs the transform's check."""

    transform: Transform
    bucket: Bucket
    place: Place
    verify: bool
    show_values: bool
    findings: Findings = field(default_factory=Findings)
    _sampled: int = field(default=0, init=False)

    def begin(self) -> SettledPage:
        """Return no counts: nothing is written, so nothing is left to count."""
        return SettledPage(Counts())

    def ready(self, page: Page, tick: Tick) -> Page:
        """Run the transform."""
        return replace(page, prepared=prepare(self.transform, page.items, tick))

    def settle(self, page: Page, position: Position, tick: Tick) -> SettledPage:  # noqa: ARG002
        """Note what would happen to the items of a page."""
        prepared = page.prepared or prepare(self.transform, page.items, tick)
        found = findings_of(prepared)
        prepared.outcomes.update(intent.change.outcome for intent in prepared.intents)
        if self.verify:
            for intent in prepared.intents:
                found.add_changed(readable(intent.key))
            USER_THREAD.call(lambda: self._check(page, found), urgent=True)
        self._sample(prepared)
        self.findings = Findings.sum((self.findings, found))
        return SettledPage(prepared.counts(), Units(read=page.read_units))

    def note(self, row: LaneRow) -> LaneRow:
        return replace(row, findings=self.findings.to_json())

    def _check(self, page: Page, found: Findings) -> None:
        for item in page.items:
            try:
                passes = self.transform.passes(item)
            except ItemError as error:
                found.add_error(error.error_class, readable(key_of(self.transform, item)))
            else:
                if not passes:
                    found.add_error(CHECK, readable(key_of(self.transform, item)))

    def _sample(self, prepared: TransformedPage) -> None:
        wanted = prepared.intents[: _SAMPLES - self._sampled]
        if wanted:
            self._sampled += len(wanted)
            path = path_of(self.place.next(DIFF))
            if self.show_values:
                self.bucket.values.put(path, (_row(intent, _shown) for intent in wanted))
            self.bucket.put(path, (_row(intent, _type) for intent in wanted))


def findings_of(prepared: TransformedPage) -> Findings:
    """Return what the changes of some items would cost, and what cannot be migrated."""
    found = Findings()
    for intent in prepared.intents:
        _note(found, intent)
    for refused in prepared.refused:
        found.add_error(refused.error.error_class, readable(refused.key))
    return found


def _row(intent: Intent, show: Callable[[TypedValue | None], Any]) -> dict[str, Any]:
    """Return an item's differences by attribute."""
    change = intent.change
    return {
        "key": intent.key,
        "outcome": change.outcome,
        "before_bytes": change.before_bytes,
        "after_bytes": change.after_bytes,
        "attributes": {
            name: {"before": show(intent.before.get(name)), "after": show(value)}
            for name, value in _assigned(intent).items()
        },
    }


def _note(found: Findings, intent: Intent) -> None:
    change = intent.change
    found.add_sizes(change.before_bytes, change.after_bytes)
    for name, value in change.assigned.items():
        found.add_attribute(name, _type(intent.before.get(name)), _type(value))


def _assigned(intent: Intent) -> dict[str, TypedValue | None] | TypedItem:
    if intent.change.outcome == "deleted":
        return dict.fromkeys(intent.before)
    return dict(intent.change.assigned)


def _type(value: TypedValue | None) -> str:
    return next(iter(value)) if value else "-"


def _shown(value: TypedValue | None) -> Any:
    return value
