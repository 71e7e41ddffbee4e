"""Steer a migration while it runs: pause, resume, stop, retune.

Each writes the control record on the condition that the attempt it was meant for is still the
current one, notes an event, and returns in prose what was done. ``by`` is who asks, ``reason`` why;
both become one printable line. Workers obey within about five seconds (CONTROL_SECONDS).
"""

from collections.abc import Mapping
from dataclasses import asdict

from airflow_ddb_migrate.aws.execution.observe import is_waiting, observe
from airflow_ddb_migrate.aws.execution.stop import command_stop, stop
from airflow_ddb_migrate.aws.plan.cost_limit import new_limit
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError, LedgerError, SteeringError
from airflow_ddb_migrate.core.execution.hold import Hold, ended_by
from airflow_ddb_migrate.core.execution.payload import validate_max_concurrency
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.events import What, budget_of, named
from airflow_ddb_migrate.core.ledger.holds import RESUMABLE, HoldKind, HoldRecord, summary_of
from airflow_ddb_migrate.core.ledger.records import AttemptRecord, Command, ControlRecord
from airflow_ddb_migrate.core.limits import (
    CONTROL_SECONDS,
    HOLD_SECONDS,
    OWNER_SECONDS,
    TABLE_UNITS,
)
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.markdown import entered
from airflow_ddb_migrate.core.text.times import iso
from airflow_ddb_migrate.core.validation import is_number, shown

_AGAIN = (
    "To continue, clear the tasks from prewarm on, or trigger the DAG with migration_id "
    "{migration_id!r}: a new attempt works on what is unfinished."
)


def pause(site: Site, *, by: str, reason: str = "") -> str:
    """Hold every worker of the attempt that runs; nothing is stopped and nothing is lost.

    Only a person ends it, whatever else holds the migration meanwhile.

    :raises LedgerError: it was never started.
    :raises SteeringError: it is over, or is being stopped.
    """
    by, reason = entered(by), entered(reason)
    attempt, control = _current(site)
    for held in control.in_force(site.clock.now()):
        if held.kind == HoldKind.PERSON:
            return (
                f"{_named(site, attempt)} is on hold already, since {iso(held.since)}: "
                f"{held.reason or 'no reason given'}. Nothing was changed."
            )
    why = f"paused by {named(by, site.caller)}" + (f": {reason}" if reason else "")
    hold = HoldRecord(kind=HoldKind.PERSON, reason=why, by=by, since=site.clock.now())
    if not site.ledger.hold(site.migration_id, hold, attempt=attempt.number):
        raise _overtaken(site, attempt)
    words = _paused(site, attempt, control, reason)
    site.note_event(What.PAUSED, by, words)
    return words


def _paused(site: Site, attempt: AttemptRecord, control: ControlRecord, reason: str) -> str:
    is_closed, seen = control.is_closed(site.clock.now()), observe(site)
    if is_closed or seen.is_between_windows:
        waits = "while it waits for its alarms" if seen.orders.recovers else "while it waits"
        return (
            f"Paused {site.migration_id} {'outside its hours' if is_closed else waits}"
            f"{_because(reason)}: no attempt begins before it is resumed."
        )
    return (
        f"Paused attempt {attempt.number} of {site.migration_id}{_because(reason)}. Workers settle "
        f"what they have in hand and write nothing more within about {2 * CONTROL_SECONDS} s. "
        f"After {HOLD_SECONDS // 60} minutes the execution ends by itself; then a new attempt goes "
        "on with what is unfinished."
    )


def resume(site: Site, *, by: str) -> str:
    """End the pause of a person, and a hold for a throttled table; says what else still holds.

    Holds for health, hours and money end with their causes, never by this.

    :raises LedgerError: it was never started.
    :raises SteeringError: the execution has ended or is ending, or only what a resume does not end
        holds it; the message says how to go on.
    """
    now, by = site.clock.now(), entered(by)
    attempt, control = _current(site)
    holds = control.in_force(now)
    if not holds:
        return f"{_named(site, attempt)} is not paused. Nothing was changed."
    is_ending = any(hold.ends_attempt(min(now, control.closes_at or now)) for hold in holds)
    if is_ending and not is_waiting(site):
        raise SteeringError(
            f"{_named(site, attempt)} was on hold for more than {HOLD_SECONDS // 60} minutes "
            f"({summary_of(holds).reason}), so its workers are ending. Wait until the execution "
            "has ended. " + _again(site)
        )
    ended = [hold for hold in holds if hold.kind in RESUMABLE]
    left = [hold for hold in holds if hold.kind not in RESUMABLE]
    if not ended:
        raise SteeringError(
            f"{_named(site, attempt)} is not paused by a person. {_still(left)} Nothing was "
            "changed."
        )
    why = f"resumed by {named(by, site.caller)}"
    if not site.ledger.end_holds(
        site.migration_id, RESUMABLE, attempt=attempt.number, reason=why, now=now
    ):
        raise _overtaken(site, attempt)
    words = _resumed(site, attempt, ended, left)
    site.note_event(What.RESUMED, by, words)
    return words


def _resumed(
    site: Site, attempt: AttemptRecord, ended: list[HoldRecord], left: list[HoldRecord]
) -> str:
    """Say which holds were ended, and which are left."""
    now, name = site.clock.now(), f"attempt {attempt.number} of {site.migration_id}"
    which = " and ".join(f"{hold.kind} ({hold.reason.rstrip('.')})" for hold in ended)
    if left:
        return f"Ended the hold of {name} by {which}. {_still(left)}"
    minutes = (now - min(hold.since for hold in ended)) / 60
    return (
        f"Resumed {name} after {minutes:,.0f} minutes on hold: ended the hold by {which}. Workers "
        "that wait go on at their next look, each within 2 minutes."
    )


def _still(left: list[HoldRecord]) -> str:
    said = " ".join(
        f"{hold.kind}: {hold.reason.rstrip('.')}. {ended_by(Hold(**asdict(hold)))}" for hold in left
    )
    return f"It stays on hold. {said}"


def begin_stop(site: Site, *, by: str, reason: str = "") -> str:
    """Tell the workers of the attempt that runs to end, and do not wait: ``stop_now`` does.

    :raises LedgerError: it was never started.
    :raises SteeringError: it is over.
    """
    attempt = _running_attempt(site)
    command_stop(site, attempt, _stop_reason(site, entered(by), entered(reason)))
    return (
        f"Stopping attempt {attempt.number} of {site.migration_id}. Workers settle what they have "
        f"in hand and end within about {2 * CONTROL_SECONDS} s; then its execution is stopped."
    )


def stop_now(
    site: Site, *, by: str, reason: str = "", patience_seconds: float = OWNER_SECONDS
) -> str:
    """Stop the attempt that runs: its workers first, then the execution. Notes an event.

    :raises LedgerError: it was never started.
    :raises SteeringError: it is over.
    """
    by, reason = entered(by), entered(reason)
    _running_attempt(site)
    why = _stop_reason(site, by, reason)
    return stop(site, reason=why, by=by, patience_seconds=patience_seconds)


def _stop_reason(site: Site, by: str, reason: str) -> str:
    return f"by {named(by, site.caller)}" + (f": {reason}" if reason else "")


def retune(  # noqa: PLR0913  # each figure that can be changed
    site: Site,
    *,
    by: str,
    read_units_per_second: float | None = None,
    write_units_per_second: float | None = None,
    max_concurrency: int | None = None,
    max_cost_usd: float | None = None,
) -> str:
    """Change budgets (units per second of the whole migration; 0: none) and children at a time.

    None leaves a figure as it is. Budgets hold for the attempts that the wait begins, too: one that
    a start task begins has its request's. Concurrency is of this attempt alone.
    ``max_cost_usd`` is another limit of the cost, within that of the DAG's author: it ends a hold
    for money.

    :raises InvalidInputError: a figure is out of its range, or above what the DAG's author allows,
        or all are None.
    :raises LedgerError: it was never started.
    :raises SteeringError: it is over, is being stopped, or its map has not begun yet.
    """
    by = entered(by)
    budget = _budget(
        read_units_per_second=read_units_per_second, write_units_per_second=write_units_per_second
    )
    if max_concurrency is not None:
        validate_max_concurrency(max_concurrency)
    elif not budget and max_cost_usd is None:
        raise InvalidInputError(
            "Nothing to retune: give read_units_per_second, write_units_per_second, "
            "max_concurrency or max_cost_usd."
        )
    attempt, control = _current(site)
    _require_within_limits(site, budget)
    limit = {} if max_cost_usd is None else _limit(site, control, max_cost_usd)
    if max_concurrency is not None:
        _update_map_run(site, attempt, max_concurrency)
    figures = {**budget, **limit}
    if figures and not site.ledger.retune(site.migration_id, attempt.number, figures):
        raise _overtaken(site, attempt)
    words = _retuned(site, control, budget, max_concurrency, max_cost_usd)
    site.note_event(What.RETUNED, by, words, {**budget_of(control), **budget})
    return f"{words}{_end_for_money(site, attempt, by)}" if limit else words


def _limit(site: Site, control: ControlRecord, given: object) -> dict[str, float]:
    """Return what to write for another limit; what is spent is added up again at once."""
    return {"max_cost_usd": new_limit(site, control, given), "spent_due": 0.0}


def _end_for_money(site: Site, attempt: AttemptRecord, by: str) -> str:
    """End a hold for money, and say so; empty when there is none."""
    now, kind = site.clock.now(), HoldKind.MONEY
    reason = f"limit raised by {by}"
    if not site.ledger.end_holds(
        site.migration_id, {kind}, attempt=attempt.number, reason=reason, now=now
    ):
        return ""
    words = "It ended the hold for money."
    site.note_event(What.RELEASED, by, f"{words} {reason.capitalize()}.", kind=kind)
    return f" {words}"


def _require_within_limits(site: Site, budget: Mapping[str, float]) -> None:
    """Raise InvalidInputError for a budget above that of the DAG's author."""
    record = site.ledger.required_migration(site.migration_id)
    limits = AuthorRules.from_json(record.limits)
    for name, units in budget.items():
        limits.check_budget(name, units)


def _retuned(
    site: Site,
    before: ControlRecord,
    budget: dict[str, float],
    max_concurrency: int | None,
    max_cost_usd: float | None,
) -> str:
    changes = [
        f"{name} {_units(getattr(before, name))} -> {_units(units)}"
        for name, units in budget.items()
    ]
    if max_concurrency is not None:
        changes.append(f"max_concurrency -> {max_concurrency:,} (running children continue)")
    if max_cost_usd is not None:
        limit = dollars_words(before.max_cost_usd) if before.max_cost_usd else "none"
        changes.append(f"max_cost_usd {limit} -> {dollars_words(max_cost_usd)}")
    return f"Retuned attempt {before.attempt} of {site.migration_id}: {', '.join(changes)}."


def _units(per_second: float) -> str:
    return f"{per_second:,g}" if per_second else "none"


def _budget(**figures: object) -> dict[str, float]:
    return {name: _checked(name, given) for name, given in figures.items() if given is not None}


def _checked(name: str, given: object) -> float:
    if not is_number(given) or not (given == 0 or 1 <= given <= TABLE_UNITS):
        raise InvalidInputError(
            f"{name} is {shown(given)}; it must be 0 for no budget, or 1 to {TABLE_UNITS:,} units "
            "per second. Leave it out to keep it as it is."
        )
    return float(given)


def _update_map_run(site: Site, attempt: AttemptRecord, max_concurrency: int) -> None:
    arn = site.executions.map_run_arn(attempt.execution_arn)
    if not arn:
        raise SteeringError(
            f"{_named(site, attempt)} has no map run yet, so max_concurrency cannot be changed. "
            "Nothing was changed; try again in a few seconds."
        )
    site.executions.update_map_run(arn, max_concurrency=max_concurrency)


def _current(site: Site) -> tuple[AttemptRecord, ControlRecord]:
    """Return the attempt that runs, with its control record; refuse one that is being stopped.

    It may also be the one that ended with its window, or waits for the first one.
    """
    attempt = _running_attempt(site)
    control = site.ledger.control(site.migration_id)
    if control is None or control.attempt != attempt.number or control.command is Command.STOP:
        raise _overtaken(site, attempt, control)
    return attempt, control


def _running_attempt(site: Site) -> AttemptRecord:
    attempt = site.ledger.current_attempt(site.migration_id)
    if attempt is None:
        raise LedgerError(
            f"Migration {site.migration_id} was never started. Run its start task first."
        )
    status = site.execution_of(attempt, if_confirmed=True).status
    if not status.is_live and is_waiting(site):
        return attempt
    if status is ExecutionStatus.MISSING and not attempt.started_at:
        wait = "two minutes" if attempt.is_tried_again else "a few seconds"
        raise SteeringError(
            f"{_named(site, attempt)} is not started yet. Try again in {wait}; if it stays so, run "
            "its start task again."
        )
    if not status.is_live:
        raise SteeringError(f"{_named(site, attempt)} is over ({status}). {_again(site)}")
    return attempt


def _overtaken(
    site: Site, attempt: AttemptRecord, control: ControlRecord | None = None
) -> SteeringError:
    why = f" ({control.reason})" if control and control.reason else ""
    return SteeringError(
        f"{_named(site, attempt)} is being stopped, or another attempt began{why}. Nothing was "
        f"changed. {_again(site)}"
    )


def _named(site: Site, attempt: AttemptRecord) -> str:
    return f"Attempt {attempt.number} of {site.migration_id}"


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _again(site: Site) -> str:
    return _AGAIN.format(migration_id=site.migration_id)
