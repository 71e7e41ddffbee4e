"""Tries the deployed transform on some items of a table, for the plan. Writes nothing.

Only counts, sizes and names of attributes leave the Lambda: never a value, never a key.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.core.inspection.findings import Findings
from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.items.sizes import attribute_bytes, item_bytes
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.limits import (
    SAMPLE_ITEMS,
    SAMPLE_PAGE_ITEMS,
    SAMPLE_PAGES,
    SAMPLE_SECONDS,
)
from ddb_transform.contract.intent import Intent
from ddb_transform.contract.keys import identity
from ddb_transform.contract.transform import Transform
from ddb_transform.contract.transformed_page import try_out
from ddb_transform.modes.inspection import findings_of

_CHUNK = 20  # items between two checks of the time


@dataclass(slots=True)
class Sampling:
    """Reads the first items of some segments, chosen by the migration's id alone.

    It reads at most 100 items of each, so that no partition makes up the whole sample, and at most
    1,000 items, 20 pages and 20 seconds in all. ``dynamodb`` is a client that retries by itself.
    """

    dynamodb: Any
    transform: Transform
    table_name: str
    total_segments: int
    clock: Callable[[], float]
    _findings: Findings = field(default_factory=Findings, init=False)
    _counts: Counts = field(default_factory=Counts, init=False)
    _keys: Counter[str] = field(default_factory=Counter, init=False)
    _bytes: int = field(default=0, init=False)
    _logged_bytes: int = field(default=0, init=False)
    _scanned: int = field(default=0, init=False)
    _pages: int = field(default=0, init=False)
    _cut_pages: int = field(default=0, init=False)
    _is_late: bool = field(default=False, init=False)

    def run(self) -> SampleResult:
        """Take the sample.

        :raises ClientError: DynamoDB refused a scan.
        """
        ends_at = self.clock() + SAMPLE_SECONDS
        for segment in self._segments():
            if self._scanned >= SAMPLE_ITEMS or self.clock() > ends_at:
                break
            self._look_at(self._page(segment), ends_at)
        return self._sampled()

    def _segments(self) -> Sequence[int]:
        seed = self.transform.context.migration_id
        number = min(self.total_segments, SAMPLE_PAGES)
        return random.Random(seed).sample(range(self.total_segments), number)  # noqa: S311

    def _page(self, segment: int) -> dict[str, Any]:
        scan_filter = self.transform.filter
        return self.dynamodb.scan(  # type: ignore[no-any-return]
            TableName=self.table_name,
            Segment=segment,
            TotalSegments=self.total_segments,
            Limit=SAMPLE_PAGE_ITEMS,
            **(scan_filter.arguments() if scan_filter else {}),
        )

    def _look_at(self, page: dict[str, Any], ends_at: float) -> None:
        items = page["Items"]
        self._pages += 1
        self._cut_pages += "LastEvaluatedKey" in page
        self._scanned += page["ScannedCount"] - len(items)  # filtered out by the transform's FILTER
        for chunk in _chunks(items):
            if self.clock() > ends_at:
                self._is_late = True
                return
            self._note(chunk)

    def _note(self, items: Sequence[TypedItem]) -> None:
        prepared = try_out(self.transform, items)
        self._findings = Findings.sum((self._findings, findings_of(prepared)))
        prepared.outcomes.update(intent.change.outcome for intent in prepared.intents)
        self._counts += prepared.counts()
        self._scanned += len(items)
        self._bytes += sum(map(item_bytes, items))
        self._logged_bytes += sum(map(_logged_bytes, prepared.intents))
        name = self.transform.context.key_names[0]
        self._keys.update(identity({name: item[name]}) for item in items)

    def _sampled(self) -> SampleResult:
        found, counts = self._findings, self._counts
        filtered = self._scanned - counts.seen
        most = max(self._keys.values(), default=0)
        return SampleResult(
            seen=self._scanned,
            bytes=round(self._bytes / counts.seen * self._scanned) if counts.seen else 0,
            changed=counts.changed,
            deleted=counts.deleted,
            skipped=counts.skipped,
            unchanged=counts.unchanged + filtered,
            write_units=found.units,
            larger_step=found.larger_step,
            logged_bytes=self._logged_bytes,
            attributes=found.attributes,
            type_changes=found.type_changes,
            errors=found.errors,
            largest_key_share=most / counts.seen if counts.seen else 0.0,
            pages=self._pages,
            cut_pages=self._cut_pages,
            total_segments=self.total_segments,
            is_whole=self._pages == self.total_segments and not self._cut_pages + self._is_late,
            check_fixed_point=self.transform.check_fixed_point,
        )


def _chunks(items: Sequence[TypedItem]) -> Iterator[Sequence[TypedItem]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def _logged_bytes(intent: Intent) -> int:
    """Estimate the bytes in the undo log: the key, and old and new values of what changes."""
    if intent.change.outcome == "deleted":
        return item_bytes(intent.before)
    versions = [intent.change.assigned, {n: intent.before.get(n) for n in intent.change.assigned}]
    changed = sum(
        attribute_bytes(name, value)
        for version in versions
        for name, value in version.items()
        if value is not None
    )
    return item_bytes(intent.key) + changed
