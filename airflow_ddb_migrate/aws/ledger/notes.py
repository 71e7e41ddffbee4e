"""JSON documents beside a migration that several steps read: its plan and its capacity.

Modules that alone read their document save it by Ledger.note: backup, report, safety net.
"""

import json
from typing import Any, Literal

from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.capacity.snapshot import CapacitySnapshot
from airflow_ddb_migrate.core.ledger.notes import CAPACITY_BEFORE, CAPACITY_DURING, PLAN
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan


def keep_plan(ledger: Ledger, plan: MigrationPlan) -> None:
    ledger.note(plan.migration_id, PLAN, plan.to_json())


def known_plan(ledger: Ledger, migration_id: str) -> MigrationPlan | None:
    """Return the latest plan; None without one, or if another version made it."""
    try:
        return MigrationPlan.from_json(ledger.read_note(migration_id, PLAN))
    except (KeyError, TypeError, ValueError):
        return None


def plan_fields(ledger: Ledger, migration_id: str) -> dict[str, Any]:
    """Return the plan as plain data, whichever version made it; empty without one."""
    text = ledger.read_note(migration_id, PLAN)
    return dict(json.loads(text)) if text else {}


def note_capacity(
    ledger: Ledger,
    migration_id: str,
    stage: Literal["before", "during"],
    snapshot: CapacitySnapshot,
) -> None:
    """Save the capacity for the report. The first ``before`` stays: a later one may be raised."""
    is_before = stage == "before"
    name = CAPACITY_BEFORE if is_before else CAPACITY_DURING
    ledger.note(migration_id, name, snapshot.to_json(), once=is_before)


def noted_capacity(ledger: Ledger, migration_id: str, name: str) -> CapacitySnapshot | None:
    """Return CAPACITY_BEFORE or CAPACITY_DURING; None if it was not noted."""
    text = ledger.read_note(migration_id, name)
    return CapacitySnapshot.from_json(text) if text else None
