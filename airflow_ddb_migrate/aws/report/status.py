"""The current state of a migration, observed once, for the tab and for the terminal."""

from dataclasses import dataclass

from airflow_ddb_migrate.aws.execution.observe import Observation, observe
from airflow_ddb_migrate.aws.execution.rates import planned_work, reading_of
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.aws.plan.measured_cost import tariff_of
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.execution.hold import HoldWait, hold_words
from airflow_ddb_migrate.core.execution.rates import Pulse, Pulses, Reading
from airflow_ddb_migrate.core.ledger.events import Event
from airflow_ddb_migrate.core.ledger.records import LeaseRecord
from airflow_ddb_migrate.core.plan.bill import bill_of_hold
from airflow_ddb_migrate.core.report.view import owes_capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One observation with its figures and latest events; ``hold`` has sentences on its holds."""

    seen: Observation
    reading: Reading
    pulse: Pulse
    events: list[Event]
    lease: LeaseRecord | None
    hold: str


def status_of(site: Site, pulses: Pulses | None = None, *, events_shown: int) -> Status:
    """Return the current state of a migration; changes nothing.

    :param pulses: kept by a caller that polls; without them no current rate is known.
    :raises MigrationError: the migration was never started, or AWS does not answer.
    """
    seen = observe(site)
    lease = site.leases.get(site.table.key)
    reading = reading_of(site, seen)
    return Status(
        seen=seen,
        reading=reading,
        pulse=(pulses or Pulses()).of(reading, planned_work(site, seen)),
        events=events(site.ledger, site.migration_id, events_shown),
        lease=lease,
        hold=_hold_words(site, seen, lease),
    )


def _hold_words(site: Site, seen: Observation, lease: LeaseRecord | None) -> str:
    """Return what the holds mean, and what waiting costs; empty without any."""
    if seen.is_between_windows:
        return (
            "Its raised capacity is not restored yet."
            if owes_capacity(lease, site.migration_id)
            else ""
        )
    if not seen.holds:
        return ""
    waiting = HoldWait(
        is_live=seen.execution.status.is_live,
        ended_at=seen.execution.ended_at,
        owes_capacity=owes_capacity(lease, site.migration_id),
        children=seen.children,
        hourly_usd=bill_of_hold(seen.children, tariff_of(site)),
    )
    return hold_words(seen.holds, waiting, site.clock.now())
