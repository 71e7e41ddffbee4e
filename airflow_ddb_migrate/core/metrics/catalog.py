"""The list of all metrics. Tests compare the docs, the plan and the template's alarms with it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from airflow_ddb_migrate.core.ledger.throttles import WHYS

NAMESPACE: Final = "AirflowDdbMigrate"
STACK: Final = "Stack"
TABLE: Final = "Table"
MIGRATION: Final = "Migration"


class Unit(StrEnum):
    """The units of CloudWatch that are used."""

    COUNT = "Count"
    SECONDS = "Seconds"
    PERCENT = "Percent"


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    unit: Unit = Unit.COUNT


class Detail(StrEnum):
    """How detailed metrics are, by the names that ``deploy --metrics`` takes.

    Each combination of dimension values is a custom metric, which AWS charges for every hour in
    which it is sent. So the dimensions are tables and migrations, never segments or indexes.
    """

    OFF = "off"
    TABLE = "table"
    MIGRATION = "migration"

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """Return the dimension sets of a worker's metrics."""
        known = {
            Detail.OFF: (),
            Detail.TABLE: ((STACK,), (STACK, TABLE)),
            Detail.MIGRATION: ((STACK,), (STACK, TABLE), (STACK, TABLE, MIGRATION)),
        }
        return known[self]


ITEMS_SEEN: Final = Metric("ItemsSeen")
ITEMS_CHANGED: Final = Metric("ItemsChanged")
ITEMS_DELETED: Final = Metric("ItemsDeleted")
ITEMS_QUARANTINED: Final = Metric("ItemsQuarantined")
CONFLICTS: Final = Metric("Conflicts")
READ_UNITS: Final = Metric("ReadUnits")
WRITE_UNITS: Final = Metric("WriteUnits")
WRITE_BUDGET_USED: Final = Metric("WriteBudgetUsed", Unit.PERCENT)
SLICE_SECONDS: Final = Metric("SliceSeconds", Unit.SECONDS)
THROTTLES: Final = Metric("Throttles")
THROTTLES_BY_REASON: Final = tuple(map(Metric, (*WHYS, "ThrottlesWithoutReason")))

# Modes without writes do not report what they would do.
OF_WRITING: Final = (
    *(ITEMS_CHANGED, ITEMS_DELETED, ITEMS_QUARANTINED),
    *(CONFLICTS, WRITE_UNITS, WRITE_BUDGET_USED),
)
WORKER: Final = (
    *(ITEMS_SEEN, READ_UNITS, SLICE_SECONDS, THROTTLES, *THROTTLES_BY_REASON),
    *OF_WRITING,
)

# Airflow's gauges, one of each per table; their names begin with ``ddb_migrate``.
STATE: Final = Metric("state")
SEGMENTS_DONE: Final = Metric("segments_done")
SEGMENTS_LEFT: Final = Metric("segments_left")
SEGMENTS_FAILED: Final = Metric("segments_failed")
SEEN: Final = Metric("items_seen")
CHANGED: Final = Metric("items_changed")
QUARANTINED: Final = Metric("items_quarantined")
WORKERS: Final = Metric("workers")
SECONDS_LEFT: Final = Metric("seconds_left", Unit.SECONDS)
CAPACITY_OWED: Final = Metric("capacity_owed")
GAUGES: Final = (
    *(STATE, SEGMENTS_DONE, SEGMENTS_LEFT, SEGMENTS_FAILED, SEEN, CHANGED, QUARANTINED),
    *(WORKERS, SECONDS_LEFT, CAPACITY_OWED),
)

CAPACITY_OWED_SECONDS: Final = Metric("CapacityOwedSeconds", Unit.SECONDS)
TABLES_OWING_CAPACITY: Final = Metric("TablesOwingCapacity")
MIGRATIONS_STALLED: Final = Metric("MigrationsStalled")
SAFETY_NET: Final = (CAPACITY_OWED_SECONDS, TABLES_OWING_CAPACITY, MIGRATIONS_STALLED)
