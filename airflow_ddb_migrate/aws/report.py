"""Compose a migration's report from the ledger, at any time."""

import json
from typing import Literal

from airflow_ddb_migrate.aws.engine import known_proof
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.aws.watch import Observation, observe
from airflow_ddb_migrate.core.capacity import CapacitySnapshot
from airflow_ddb_migrate.core.report import CapacityReport, Report, ResourceCapacity, show_capacity


def compose(site: Site, now: float) -> Report:
    """Return the report as the ledger has it now; ``after`` is there once restore has run.

    :raises LedgerError: nothing was started under this name.
    """
    record = site.ledger.required_migration(site.migration_id)
    seen = observe(site, now)
    return {
        "migration_id": record.migration_id,
        "table": record.table_name,
        "segments": record.total_segments,
        "transform": record.transform,
        "status": seen.verdict.outcome.value,
        "reason": seen.verdict.reason,
        "attempts": seen.attempt.number,
        "counts": seen.progress.counts.to_dict(),
        "units": seen.progress.units.to_dict(),
        "writer": known_proof(site.ledger).in_words(),
        "capacity": _capacity(site),
        "seconds": round(_ended_at(seen, now) - record.started_at, 1),
        "started_by": record.started_by,
        "execution_arn": seen.attempt.execution_arn,
    }


def note_capacity(
    site: Site, stage: Literal["before", "during"], snapshot: CapacitySnapshot
) -> None:
    """Keep a figure for the report. The first ``before`` stays: a later one may be raised."""
    site.ledger.note(
        site.migration_id, f"capacity-{stage}", snapshot.to_json(), once=stage == "before"
    )


def _ended_at(seen: Observation, now: float) -> float:
    return seen.attempt.ended_at or now


def _capacity(site: Site) -> CapacityReport:
    return {
        "before": _noted(site.ledger.read_note(site.migration_id, "capacity-before")),
        "during": _noted(site.ledger.read_note(site.migration_id, "capacity-during")),
        "after": _noted(_after(site)),
    }


def _after(site: Site) -> str:
    note = site.ledger.read_note(site.migration_id, "restore")
    return json.dumps(json.loads(note)["after"]) if note else ""


def _noted(text: str) -> ResourceCapacity | None:
    return show_capacity(CapacitySnapshot.from_json(text)) if text else None
