"""What happens to a migration, and the budget that was in force when: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict

from airflow_ddb_migrate.core.ledger.records import Budget, Command, ControlRecord


class What(StrEnum):
    STARTED = "STARTED"
    PAUSED = "PAUSED"
    RESUMED = "RESUMED"
    RETUNED = "RETUNED"
    STOPPED = "STOPPED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``at`` is seconds since the epoch, ``by`` a person or a task, ``words`` a sentence.

    ``budget`` is what is in force from then on, by name of the control record's field; empty for
    what changes none, and for events that were noted before budgets were.
    """

    at: float
    what: What
    by: str
    words: str
    budget: Mapping[str, float] = field(default_factory=dict)


class BudgetStep(TypedDict):
    """Units per second from ``at`` on: 0 while nothing may be spent, None: no bound, or unknown."""

    at: float
    read: float | None
    write: float | None


_ENDS = frozenset({What.PAUSED, What.STOPPED, What.ENDED})
_UNKNOWN: Mapping[str, float] = {}


def budget_of(control: ControlRecord | Budget) -> dict[str, float]:
    """Return a budget as an event keeps it."""
    return {
        "read_units_per_second": control.read_units_per_second,
        "write_units_per_second": control.write_units_per_second,
    }


def budget_steps(
    events: Iterable[Event], control: ControlRecord | None, now: float
) -> list[BudgetStep]:
    """Return what the budget was when, the earliest first; ``control`` is of now.

    A hold that workers asked for is no event: it is seen only while it is in force.
    """
    steps: list[BudgetStep] = []
    budget, is_held = _UNKNOWN, False
    for event in events:
        if event.what is What.STARTED:
            budget, is_held = event.budget, False
        elif event.what in _ENDS or event.what is What.RESUMED:
            is_held = event.what in _ENDS
        elif event.budget:
            budget = event.budget
        else:
            continue
        _add(steps, _step(event.at, budget, is_held=is_held))
    if control is not None:
        _add(steps, _step_of_now(control, steps, now))
    return steps


def _step_of_now(control: ControlRecord, steps: list[BudgetStep], now: float) -> BudgetStep:
    """The control record is right, whatever events say; it is silent of when a budget came."""
    is_held = control.command is not Command.RUN and not control.is_over(now)
    latest = max([control.since, *(step["at"] for step in steps[-1:])])
    has_ended = bool(steps) and steps[-1]["write"] == steps[-1]["read"] == 0.0
    ends = is_held or (has_ended and steps[-1]["at"] >= control.since)
    return _step(latest, budget_of(control), is_held=ends)


def _step(at: float, budget: Mapping[str, float], *, is_held: bool) -> BudgetStep:
    if is_held:
        return {"at": at, "read": 0.0, "write": 0.0}
    return {
        "at": at,
        "read": budget.get("read_units_per_second") or None,
        "write": budget.get("write_units_per_second") or None,
    }


def _add(steps: list[BudgetStep], step: BudgetStep) -> None:
    """Add a step unless it changes nothing."""
    last = steps[-1] if steps else None
    if last is None or (last["read"], last["write"]) != (step["read"], step["write"]):
        steps.append(step)
