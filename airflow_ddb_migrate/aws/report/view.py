"""The data of a migration for the tab in Airflow's UI. Changes nothing."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.report import sections
from airflow_ddb_migrate.aws.report.status import status_of
from airflow_ddb_migrate.aws.services.bucket import QUARANTINE, Row
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import LedgerError, MigrationError
from airflow_ddb_migrate.core.execution.rates import Pulses
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.events import Event, budget_steps
from airflow_ddb_migrate.core.ledger.results import NotBegun
from airflow_ddb_migrate.core.ledger.throttles import Throttles, trouble_of
from airflow_ddb_migrate.core.report.view import (
    EventView,
    LaneView,
    MigrationView,
    QuarantineView,
    about_view,
    capacity_words,
    control_view,
    hold_view,
    lane_letters,
    lane_view,
    plan_view,
    pulse_view,
)

_EVENTS = 100
_QUARANTINE_OBJECTS = 5
_QUARANTINE_ROWS = 50


def view_of(site: Site, pulses: Pulses | None = None) -> MigrationView:
    """Return everything that the tab shows of a migration.

    ``pulses`` are kept by a caller that polls: without them no current rate is known.

    :raises MigrationError: the state could not be read.
    """
    plan = plan_fields(site.ledger, site.migration_id)
    if site.ledger.latest_attempt(site.migration_id) is None:
        return _not_begun(site, plan)
    status = status_of(site, pulses, events_shown=_EVENTS)
    seen, record, progress = status.seen, status.seen.record, status.seen.progress
    return {
        **about_view(record, seen.attempt),
        "outcome": seen.result,
        "reason": _reason(seen),
        "is_live": seen.execution.status.is_live,
        "lanes": lane_letters(seen.rows, record.lanes),
        "in_scope": progress.lanes,
        "counts": progress.counts.to_dict(),
        "units": progress.units.to_dict(),
        **trouble_of(progress.throttles, progress.conflicts),
        "control": control_view(seen.control),
        "capacity": capacity_words(status.lease, site.migration_id),
        "hold": status.hold,
        "holds": list(map(hold_view, seen.holds_that_wait)),
        "plan": plan_view(plan),
        "pulse": pulse_view(status.pulse, status.reading),
        "parts": sections.about(site, record.table_arn),
        "events": list(map(_event_view, status.events)),
        "budget": budget_steps(status.events, seen.control, status.reading.at),
        "observed_at": status.reading.at,
    }


def look_at_lane(site: Site, lane: int) -> LaneView:
    """Return the figures of one lane.

    :raises LedgerError: the migration has no such lane, or was never started.
    """
    record = site.ledger.required_migration(site.migration_id)
    if not 0 <= lane < record.lanes:
        raise LedgerError(
            f"Migration {site.migration_id} has no lane {lane:,}; its lanes are 0 to "
            f"{record.lanes - 1:,}."
        )
    return lane_view(lane, site.lanes.get(site.migration_id, lane))


def look_at_quarantine(site: Site) -> QuarantineView:
    """Return the first quarantined items, from a few objects only.

    A caller that may not read the bucket still gets their number and place.
    """
    where = quarantine_uri(site)
    try:
        with aws_call("s3:GetObject", f"bucket {site.bucket.name}"):
            paths = list(islice(site.bucket.paths(f"{QUARANTINE}/"), _QUARANTINE_OBJECTS))
            rows = [row for path in paths for row in site.bucket.get(path)]
    except MigrationError as error:
        return {"rows": [], "where": where, "unknown": f"unknown: {error}"}
    shown = [_without_values(row) for row in rows[:_QUARANTINE_ROWS]]
    return {"rows": shown, "where": where, "unknown": ""}


def quarantine_uri(site: Site) -> str:
    return site.bucket.uri(f"{QUARANTINE}/")


def _without_values(row: Row) -> dict[str, Any]:
    """Return a row without its item, which only a migration with show_values has."""
    return {name: row.get(name, "") for name in ("key", "error_class", "message", "segment")}


def _reason(seen: Observation) -> str:
    if not seen.left or seen.execution.status.is_live:
        return seen.verdict.reason
    return (
        f"{seen.verdict.reason} {seen.left:,} segments that are not in this attempt are unfinished."
    )


def _not_begun(site: Site, plan: Mapping[str, Any]) -> MigrationView:
    """Return the view of a migration that is only planned or previewed."""
    now = site.clock.now()
    record = site.ledger.migration(site.migration_id)
    status = NotBegun.PLANNED if plan else NotBegun.NOT_STARTED
    what = "It is planned but not started" if plan else "It is not started"
    return {
        "migration_id": site.migration_id,
        "table": site.table.name,
        "mode": record.mode.value if record else "",
        "of": record.of if record else "",
        "transform": str(plan.get("transform", record.transform if record else "")),
        "params": record.params if record else "",
        "started_at": 0.0,
        "started_by": "",
        "attempt": 0,
        "attempt_started_at": 0.0,
        "ended_at": 0.0,
        "outcome": status.value,
        "reason": f"{what}: no item was changed.",
        "is_live": False,
        "total_segments": int(plan.get("total_segments", 0)),
        "lanes": lane_letters((), int(plan.get("lanes", 0))),
        "in_scope": int(plan.get("lanes", 0)),
        "counts": Counts().to_dict(),
        "units": Units().to_dict(),
        **trouble_of(Throttles(), 0),
        "control": None,
        "capacity": capacity_words(site.leases.get(site.table.key), site.migration_id),
        "hold": "",
        "holds": [],
        "plan": plan_view(plan),
        "pulse": None,
        "parts": sections.about(site, site.table.key.arn),
        "events": [_event_view(event) for event in events(site.ledger, site.migration_id, _EVENTS)],
        "budget": [],
        "observed_at": now,
    }


def _event_view(event: Event) -> EventView:
    return {**asdict(event), "what": event.what.value}  # type: ignore[typeddict-item]
