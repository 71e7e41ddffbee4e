"""Sends CloudWatch metrics of a slice, as log lines in the embedded metric format."""

from collections.abc import Callable
from dataclasses import dataclass, field

from airflow_ddb_migrate.core.ledger.records import LaneRow, LaneState, MigrationRecord
from airflow_ddb_migrate.core.limits import METRIC_SECONDS
from airflow_ddb_migrate.core.metrics.catalog import MIGRATION, STACK, TABLE, Detail
from airflow_ddb_migrate.core.metrics.embedded import embedded_line
from airflow_ddb_migrate.core.metrics.slices import slice_values, throttle_reasons


@dataclass(slots=True, eq=False, repr=False)
class Meter:
    """Gets a lane's row as it is in the ledger; writes a line each minute, and one at the end.

    A line has what the ledger has counted since the last one. So nothing counts twice, not even
    what a killed worker did and its successor repeats. ``share`` returns the worker's part of the
    write budget in units per second; None: no budget.
    """

    detail: Detail
    stack: str
    record: MigrationRecord
    attempt: int
    share: Callable[[], float | None]
    write: Callable[[str], None] = print
    _told: LaneRow | None = field(default=None, init=False)
    _told_at: float = field(default=0.0, init=False)

    def __call__(self, row: LaneRow, now: float) -> None:
        is_end = row.state is not LaneState.RUNNING
        if self._told and (is_end or now - self._told_at >= METRIC_SECONDS):
            self._tell(self._told, row, now)
        elif self._told:
            return
        self._told, self._told_at = row, now

    def _tell(self, before: LaneRow, row: LaneRow, now: float) -> None:
        record, sets = self.record, self.detail.sets
        if not sets:
            return
        names = {STACK: self.stack, TABLE: record.table_name, MIGRATION: record.migration_id}
        line = embedded_line(
            slice_values(before, row, record.mode, self.share()),
            names,
            sets,
            at=now,
            facts={
                "mode": record.mode,
                "attempt": self.attempt,
                "lane": row.lane,
                "state": row.state,
                "throttle_reasons": throttle_reasons(before, row),
            },
        )
        self.write(line)
