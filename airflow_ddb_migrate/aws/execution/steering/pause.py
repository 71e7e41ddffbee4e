"""Pause a migration, and resume it."""

from dataclasses import asdict

from airflow_ddb_migrate.aws.execution.observe import is_waiting, observe
from airflow_ddb_migrate.aws.execution.steering.current import (
    current,
    how_to_continue,
    overtaken,
    title,
)
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import SteeringError
from airflow_ddb_migrate.core.execution.hold import Hold, ended_by
from airflow_ddb_migrate.core.ledger.events import What, named
from airflow_ddb_migrate.core.ledger.holds import RESUMABLE, HoldKind, HoldRecord, summary_of
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, ControlRecord
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS, HOLD_SECONDS
from airflow_ddb_migrate.core.text.markdown import entered
from airflow_ddb_migrate.core.text.times import iso


def pause(site: Site, *, by: str, reason: str = "") -> str:
    """Hold every worker of the running attempt; nothing is stopped and nothing is lost.

    Only a person ends the pause, whatever else holds the migration meanwhile.

    :raises LedgerError: it was never started.
    :raises SteeringError: it is over, or is being stopped.
    """
    by, reason = entered(by), entered(reason)
    attempt, control = current(site)
    for held in control.in_force(site.clock.now()):
        if held.kind == HoldKind.PERSON:
            return (
                f"{title(site, attempt)} has been on hold since {iso(held.since)}: "
                f"{held.reason or 'no reason given'}. Nothing was changed."
            )
    why = f"paused by {named(by, site.caller)}" + (f": {reason}" if reason else "")
    hold = HoldRecord(kind=HoldKind.PERSON, reason=why, by=by, since=site.clock.now())
    if not site.ledger.hold(site.migration_id, hold, attempt=attempt.number):
        raise overtaken(site, attempt)
    words = _paused(site, attempt, control, reason)
    site.note_event(What.PAUSED, by, words)
    return words


def _paused(site: Site, attempt: AttemptRecord, control: ControlRecord, reason: str) -> str:
    is_closed, seen = control.is_closed(site.clock.now()), observe(site)
    if is_closed or seen.is_between_windows:
        waits = "while it waits for its alarms" if seen.orders.recovers else "while it waits"
        return (
            f"Paused {site.migration_id} "
            f"{'outside its hours' if is_closed else waits}{_because(reason)}: no attempt starts "
            "before it is resumed."
        )
    return (
        f"Paused attempt {attempt.number} of {site.migration_id}{_because(reason)}. Workers "
        "finish the page that they work on, and write nothing more after about "
        f"{2 * CONTROL_SECONDS} s. After {HOLD_SECONDS // 60} minutes the execution ends by "
        "itself; a new attempt then continues with the unfinished segments."
    )


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def resume(site: Site, *, by: str) -> str:
    """End a person's pause and a hold for throttling; return what else still holds.

    Holds for health, hours and money end only with their causes.

    :raises LedgerError: it was never started.
    :raises SteeringError: the execution has ended or is ending, or only holds that a resume does
        not end are in force; the message says how to continue.
    """
    now, by = site.clock.now(), entered(by)
    attempt, control = current(site)
    holds = control.in_force(now)
    if not holds:
        return f"{title(site, attempt)} is not paused. Nothing was changed."
    is_ending = any(hold.ends_attempt(min(now, control.closes_at or now)) for hold in holds)
    if is_ending and not is_waiting(site):
        raise SteeringError(
            f"{title(site, attempt)} was on hold for more than {HOLD_SECONDS // 60} minutes "
            f"({summary_of(holds).reason}), so its workers are ending. Wait until the execution "
            "has ended. " + how_to_continue(site)
        )
    ended = [hold for hold in holds if hold.kind in RESUMABLE]
    left = [hold for hold in holds if hold.kind not in RESUMABLE]
    if not ended:
        raise SteeringError(
            f"{title(site, attempt)} is not paused by a person. {_still(left)} Nothing was changed."
        )
    why = f"resumed by {named(by, site.caller)}"
    if not site.ledger.end_holds(
        site.migration_id, RESUMABLE, attempt=attempt.number, reason=why, now=now
    ):
        raise overtaken(site, attempt)
    words = _resumed(site, attempt, ended, left)
    site.note_event(What.RESUMED, by, words)
    return words


def _resumed(
    site: Site, attempt: AttemptRecord, ended: list[HoldRecord], left: list[HoldRecord]
) -> str:
    """Return which holds were ended, and which are left."""
    now, name = site.clock.now(), f"attempt {attempt.number} of {site.migration_id}"
    which = " and ".join(f"{hold.kind} ({hold.reason.rstrip('.')})" for hold in ended)
    if left:
        return f"Ended the hold of {name} by {which}. {_still(left)}"
    minutes = (now - min(hold.since for hold in ended)) / 60
    return (
        f"Resumed {name} after {minutes:,.0f} minutes on hold: ended the hold by {which}. Waiting "
        "workers continue within 2 minutes."
    )


def _still(left: list[HoldRecord]) -> str:
    said = " ".join(
        f"{hold.kind}: {hold.reason.rstrip('.')}. {ended_by(Hold(**asdict(hold)))}" for hold in left
    )
    return f"It stays on hold. {said}"
