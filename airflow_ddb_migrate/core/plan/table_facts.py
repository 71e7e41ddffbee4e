"""The facts of a table before a migration, gathered without touching anything.

A fact that could not be found out is None; ``unknown`` says which ones and why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from airflow_ddb_migrate.core.capacity.snapshot import (
    TABLE,
    CapacitySnapshot,
    CapacityUnits,
    TableClass,
)
from airflow_ddb_migrate.core.inspection.findings import OTHERS
from airflow_ddb_migrate.core.limits import (
    DEFAULT_TABLE_UNITS,
    LAMBDA_CONCURRENCY,
    LAMBDA_MEMORY_MB,
    UNDO_LOG_DAYS,
)

_KEY_WRITES = 2  # [DDB] a changed index key: the old entry is deleted, a new one is put


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """A secondary index. ``projected`` are its other attributes; None: all attributes.

    The ``key_names`` of a vector index are the vector and the attributes to filter by.
    """

    name: str
    key_names: tuple[str, ...]
    projected: tuple[str, ...] | None = None
    is_local: bool = False
    is_vector: bool = False

    def writes_per_change(self, changed: Iterable[str] | None) -> int:
        """Return how often the index is written if these attributes change; None: unknown.

        Source: "Provisioned throughput considerations for global secondary indexes": none if no
        attribute of it changes, two if its key changes, otherwise one. "Monitoring vector index
        capacity": a vector index is written if an attribute of it changes.
        """
        changed = frozenset({OTHERS} if changed is None else changed)
        if OTHERS in changed:
            return 1
        if changed & frozenset(self.key_names):
            return 1 if self.is_vector else _KEY_WRITES
        touches = bool(changed) if self.projected is None else bool(changed & {*self.projected})
        return 1 if touches else 0


def writes_by_resource(
    indexes: Iterable[IndexFacts], changed: Iterable[str] | None
) -> dict[str, int]:
    """Return the writes of the table (``""``) and each index if these attributes change.

    A local index shares the table's capacity; a global index has its own. A vector index has none
    and is left out. None: it is unknown which attributes change.
    """
    writes = {TABLE: 1}
    for index in (one for one in indexes if not one.is_vector):
        resource = TABLE if index.is_local else index.name
        writes[resource] = writes.get(resource, 0) + index.writes_per_change(changed)
    return writes


def vector_writes(indexes: Iterable[IndexFacts], changed: Iterable[str] | None) -> int:
    """Return how many vector indexes are written if these attributes change; None: unknown."""
    return sum(index.writes_per_change(changed) for index in indexes if index.is_vector)


def written_resources(writes: Mapping[str, int]) -> tuple[str, ...]:
    """Return the resources that a change writes; an index without a changed attribute is not."""
    return tuple(resource for resource, times in writes.items() if times)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """A table, what belongs to it, and the account's limits.

    ``peak`` has the most units per second of the last day by resource, the table as ``""``. In
    ``not_judged_seconds`` of that day migrations ran, and these seconds are left out.
    ``unknown_key`` is the table's KMS key if the stack's roles have no permission to use it.
    ``consumers`` read the table's stream. ``ttl_attribute`` is empty without TTL. Item count and
    size are up to six hours old.
    """

    name: str
    region: str
    key_names: tuple[str, ...]
    item_count: int
    size_bytes: int
    snapshot: CapacitySnapshot
    indexes: tuple[IndexFacts, ...] = ()
    replicas: tuple[str, ...] = ()
    table_class: TableClass = TableClass.STANDARD
    is_multi_region_strong: bool = False
    unknown_key: str = ""
    has_stream: bool = False
    consumers: tuple[str, ...] | None = ()
    ttl_attribute: str | None = ""
    point_in_time_recovery: bool | None = None
    deletion_protection: bool | None = None
    peak: Mapping[str, CapacityUnits] = field(default_factory=dict)
    not_judged_seconds: float = 0.0
    quota: CapacityUnits = field(
        default_factory=lambda: CapacityUnits(DEFAULT_TABLE_UNITS, DEFAULT_TABLE_UNITS)
    )
    lambda_concurrency: int = LAMBDA_CONCURRENCY
    lambda_memory_mb: int = LAMBDA_MEMORY_MB
    undo_log_days: int = UNDO_LOG_DAYS
    metric_sets: int = 0
    unknown: tuple[str, ...] = ()
