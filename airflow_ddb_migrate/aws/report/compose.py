"""Compose a migration's report from the ledger, at any time, and save it."""

import json
from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.execution.observe import Observation, observe
from airflow_ddb_migrate.aws.ledger.notes import noted_capacity, plan_fields
from airflow_ddb_migrate.aws.plan.measured_cost import spent, tariff_of
from airflow_ddb_migrate.aws.preflight.engine_proof import writer_words
from airflow_ddb_migrate.aws.report import sections
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.capacity.snapshot import CapacitySnapshot
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.notes import (
    CAPACITY_BEFORE,
    CAPACITY_DURING,
    REPORT,
    RESTORE,
    RUNTIMES,
)
from airflow_ddb_migrate.core.ledger.results import CANARY, NotBegun
from airflow_ddb_migrate.core.ledger.runtime import runtimes_in_words
from airflow_ddb_migrate.core.ledger.throttles import Throttles, trouble_of
from airflow_ddb_migrate.core.report.migration_report import (
    CapacityReport,
    Cost,
    Report,
    counts_words,
    show_noted_capacity,
)
from airflow_ddb_migrate.core.text.times import iso

REPORT_FILE = "report.json"


def compose(site: Site) -> Report:
    """Return the current report. Its ``after`` is known once restore has run.

    A migration that was only planned, previewed or rejected has a report, too: PLANNED or
    NOT_STARTED.
    """
    now = site.clock.now()
    plan = plan_fields(site.ledger, site.migration_id)
    if site.ledger.latest_attempt(site.migration_id) is None:
        return _not_begun(site, plan)
    seen = observe(site)
    record, counts, arn = seen.record, seen.progress.counts, seen.attempt.execution_arn
    about_it = sections.related_to(site, record.table_arn)
    seconds = round((seen.attempt.ended_at or now) - record.started_at, 1)
    return {
        "migration_id": record.migration_id,
        "table": record.table_name,
        "segments": record.total_segments,
        "transform": record.transform,
        "mode": record.mode.value,
        "of": record.of,
        "status": seen.result,
        "reason": _reason(seen),
        "left": seen.left,
        "attempts": seen.attempt.number,
        "tries": sections.tries(site),
        "counts": counts.to_dict(),
        "counts_words": counts_words(counts),
        "units": seen.progress.units.to_dict(),
        **trouble_of(seen.progress.throttles, seen.progress.conflicts),
        "writer": writer_words(site),
        "runtime": runtimes_in_words(site.ledger.read_note(site.migration_id, RUNTIMES)),
        "capacity": _capacity(site),
        "seconds": seconds,
        "started_at": iso(record.started_at),
        "started_by": record.started_by,
        "execution_arn": arn,
        "cost": _cost(site, plan, spent(site, seen.progress)),
        "backup": sections.backup(site),
        "parts": sections.parts(about_it),
        "quarantine": sections.quarantine(site, counts, about_it),
        "undo": sections.undo(site, record, counts, about_it),
        "steered": sections.steered(site),
        "links": sections.links(site, arn),
    }


def keep(site: Site, report: Report) -> str:
    """Save the report in ledger and bucket; return why it is not in the bucket, empty if it is."""
    text = json.dumps(report, indent=2)
    site.ledger.note(site.migration_id, REPORT, text)
    try:
        with aws_call("s3:PutObject", f"bucket {site.bucket.name}"):
            site.bucket.put_json(REPORT_FILE, report)
    except MigrationError as error:
        return f"It is in the ledger, but not in the bucket: {error}"
    return ""


def _not_begun(site: Site, plan: Mapping[str, Any]) -> Report:
    """Return the report of a migration that was not started, with its plan if there is one."""
    status = NotBegun.PLANNED if plan else NotBegun.NOT_STARTED
    what = "It was only planned" if plan else "It was never started"
    record = site.ledger.migration(site.migration_id)
    return {
        "migration_id": site.migration_id,
        "table": site.table.name,
        "segments": int(plan.get("total_segments", record.total_segments if record else 0)),
        "transform": str(plan.get("transform", record.transform if record else "")),
        "mode": record.mode.value if record else "",
        "of": record.of if record else "",
        "status": status.value,
        "reason": f"{what}: no item was changed.",
        "left": 0,
        "attempts": 0,
        "tries": [],
        "counts": Counts().to_dict(),
        "counts_words": counts_words(Counts()),
        "units": Units().to_dict(),
        **trouble_of(Throttles(), 0),
        "writer": writer_words(site),
        "runtime": "",
        "capacity": _capacity(site),
        "seconds": 0.0,
        "started_at": "",
        "started_by": "",
        "execution_arn": "",
        "cost": _cost(site, plan, {}),
        "backup": sections.backup(site),
        "parts": sections.parts(sections.related_to(site, site.table.key.arn)),
        "quarantine": sections.quarantine(site, Counts(), []),
        "undo": {"how": "", "undos": []},
        "steered": [],
        "links": sections.links(site, ""),
    }


def _reason(seen: Observation) -> str:
    if seen.result != CANARY:
        return seen.verdict.reason
    return (
        f"The canary is done: {seen.verdict.reason} {seen.left:,} of {seen.record.lanes:,} "
        "segments were not begun."
    )


def _cost(site: Site, plan: Mapping[str, Any], measured: Mapping[str, float]) -> Cost:
    """Return planned and measured cost; plans of other versions may lack some figures."""
    planned = {str(name): float(value) for name, value in plan.get("cost_usd", {}).items()}
    seconds = plan.get("seconds")
    return {
        "planned": planned,
        "measured": dict(measured),
        "planned_total": sum(planned.values()) if planned else None,
        "measured_total": sum(measured.values()),
        "planned_seconds": float(seconds["expected"]) if seconds else None,
        "prices": tariff_of(site).table_prices.words,
    }


def _capacity(site: Site) -> CapacityReport:
    before, during = (
        noted_capacity(site.ledger, site.migration_id, name)
        for name in (CAPACITY_BEFORE, CAPACITY_DURING)
    )
    restored = site.ledger.read_note(site.migration_id, RESTORE)
    after = (
        CapacitySnapshot.from_json(json.dumps(json.loads(restored)["after"])) if restored else None
    )
    return {
        "before": show_noted_capacity(before),
        "during": show_noted_capacity(during),
        "after": show_noted_capacity(after),
    }
