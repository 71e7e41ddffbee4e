"""Tables to plan for, each valid as it stands; a test names only what it cares for."""

from typing import Any

from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, CapacityUnits
from airflow_ddb_migrate.core.inspection.sample import SampleResult
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.planner import Wishes, plan_migration, room_of
from airflow_ddb_migrate.core.plan.prices import prices_for
from airflow_ddb_migrate.core.plan.table_facts import TableFacts
from airflow_ddb_migrate.core.plan.warnings import Circumstances, warnings_of
from tests.support.factories import MIGRATION, REGION, TABLE, snapshot

KIB = 1_024
GIB = KIB**3


def on_demand(*indexes: str, **warm: CapacityUnits) -> Any:
    """An on-demand table with indexes; ``warm`` throughput by name, ``table`` is the table's."""
    names = ("", *indexes)
    warm = {"" if name == "table" else name: units for name, units in warm.items()}
    return snapshot(
        BillingMode.PAY_PER_REQUEST,
        dict.fromkeys(names, CapacityUnits()),
        {name: warm.get(name, CapacityUnits()) for name in names},
        on_demand_maximum=dict.fromkeys(names, CapacityUnits(-1, -1)),
    )


def facts(gib: float = 100, item_bytes: int = KIB, **fields: Any) -> TableFacts:
    """An on-demand table of items of 1 KiB, without any traffic."""
    known = {
        "name": TABLE,
        "region": REGION,
        "key_names": ("id",),
        "item_count": round(gib * GIB / item_bytes),
        "size_bytes": round(gib * GIB),
        "snapshot": on_demand(),
        "lambda_memory_mb": 1_024,
        "point_in_time_recovery": True,
        "deletion_protection": True,
    }
    return TableFacts(**{**known, **fields})


def wishes(**fields: Any) -> Wishes:
    return Wishes(**{"prices": prices_for(REGION), **fields})


def sampled(**fields: Any) -> SampleResult:
    """A thousand items of 1 KiB, all of which the transform changes by adding ``done``."""
    known = {
        "seen": 1_000,
        "bytes": 1_000 * KIB,
        "changed": 1_000,
        "write_units": 1_000,
        "logged_bytes": 50_000,
        "attributes": {"done": 1_000},
        "pages": 10,
        "cut_pages": 10,
        "total_segments": 800,
    }
    return SampleResult(**{**known, **fields})


def plan(table: TableFacts, seen: SampleResult | None = None, **asked: Any) -> MigrationPlan:
    return plan_migration(
        table, seen, wishes(**asked), migration_id=MIGRATION, transform="add_updated_at"
    )


def warnings(table: TableFacts, seen: SampleResult | None = None, **asked: Any) -> tuple[str, ...]:
    wanted = wishes(**asked)
    return warnings_of(
        plan(table, seen, **asked),
        Circumstances(
            facts=table,
            sampled=seen,
            wishes=wanted,
            room=room_of(table, seen, wanted),
            max_quarantined_percentage=5,
        ),
    )
