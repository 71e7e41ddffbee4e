"""The findings that workers of a mode without writes left in the ledger, added up."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.execution.progress import Progress, summarize
from airflow_ddb_migrate.core.inspection.findings import Findings
from airflow_ddb_migrate.core.ledger.records import LaneRow, MigrationRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionTotals:
    """The totals; ``changing`` are the lanes with items that would change, in ascending order."""

    record: MigrationRecord
    progress: Progress
    findings: Findings
    changing: tuple[int, ...]

    def fields(self) -> dict[str, Any]:
        """Return the fields of an InspectionReport."""
        record, progress = self.record, self.progress
        return {
            "migration_id": record.migration_id,
            "of": record.of,
            "table": record.table_name,
            "transform": record.transform,
            "lanes_done": progress.done,
            "lanes_wanted": progress.lanes,
            "lanes": record.lanes,
            "counts": progress.counts,
            "findings": self.findings,
        }


def read_totals(site: Site) -> InspectionTotals:
    """Read every lane of the site's migration once.

    :raises LedgerError: nothing was started under this name.
    """
    now = site.clock.now()
    record = site.ledger.required_migration(site.migration_id)
    rows = _Rows(frozenset(record.lanes_in_scope))
    findings = Findings.sum(rows.findings(site.lanes.all(site.migration_id, record.lanes)))
    return InspectionTotals(
        record=record,
        progress=summarize(rows.kept, record.lanes_in_scope, now),
        findings=findings,
        changing=tuple(sorted(row.lane for row in rows.kept if _changes(row))),
    )


def evenly_chosen(lanes: tuple[int, ...], number: int) -> tuple[int, ...]:
    """Return a number of the lanes, evenly spread."""
    step = max(1, len(lanes) // number)
    return tuple(islice(lanes, 0, None, step))[:number]


@dataclass(slots=True)
class _Rows:
    """Lane rows without their findings, which are added up and too large to keep."""

    wanted: frozenset[int]
    kept: list[LaneRow] = field(default_factory=list)

    def findings(self, rows: Iterator[LaneRow]) -> Iterator[Findings]:
        for row in rows:
            if row.lane in self.wanted:
                self.kept.append(replace(row, findings=""))
                yield Findings.from_json(row.findings)


def _changes(row: LaneRow) -> bool:
    return row.counts.changed + row.counts.deleted > 0
