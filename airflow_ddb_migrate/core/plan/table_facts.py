"""What is known of a table before a migration: values, gathered without touching anything.

A fact that could not be learnt is None, and ``unknown`` says in words which and why.
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

_KEY_WRITES = 2  # [DDB] a changed index key: the old entry is deleted, the new one put


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """A secondary index. ``projected`` are its other attributes; None: all of the item's.

    A vector index has the vector and what it searches by as ``key_names``.
    """

    name: str
    key_names: tuple[str, ...]
    projected: tuple[str, ...] | None = None
    is_local: bool = False
    is_vector: bool = False

    def writes_per_change(self, changed: Iterable[str] | None) -> int:
        """Return how often the index is written when these attributes change; None: not known.

        Source: "Provisioned throughput considerations for global secondary indexes": nothing when
        no attribute of it changes, two writes when its key does, else one. "Monitoring vector index
        capacity": a vector index is written when an attribute of it changes.
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
    """Return how often a change of these attributes writes the table, as ``""``, and each index.

    A local index shares the table's capacity, a global one has its own; a vector index has none
    and is not among them. None: it is not known what changes.
    """
    writes = {TABLE: 1}
    for index in (one for one in indexes if not one.is_vector):
        resource = TABLE if index.is_local else index.name
        writes[resource] = writes.get(resource, 0) + index.writes_per_change(changed)
    return writes


def vector_writes(indexes: Iterable[IndexFacts], changed: Iterable[str] | None) -> int:
    """Return how many vector indexes a change of these attributes writes; None: not known."""
    return sum(index.writes_per_change(changed) for index in indexes if index.is_vector)


def written_resources(writes: Mapping[str, int]) -> tuple[str, ...]:
    """Return what a change writes at all; an index whose attributes stay is not written."""
    return tuple(resource for resource, times in writes.items() if times)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """A table, its surroundings and what the account allows.

    ``peak`` are the most units per second of the last day by resource, the table as ``""``;
    ``not_judged_seconds`` of that day belonged to migrations, whose units are not in it.
    ``unknown_key`` is its KMS key, if the stack's roles were given no rights on it. ``consumers``
    read its stream. ``ttl_attribute`` is empty without TTL. Item count and size are
    up to six hours old.
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
