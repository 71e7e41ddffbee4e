"""What happens to a migration, and the budget that was in force when: pure."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypedDict

from airflow_ddb_migrate.core.ledger.holds import RESUMABLE, HoldKind
from airflow_ddb_migrate.core.ledger.records import Budget, Command, ControlRecord

_ROUND: Final = str.maketrans("[]", "()")


class What(StrEnum):
    """HELD and RELEASED are holds that no person asked for; PAUSED and RESUMED are a person's."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    STARTED = "STARTED"
    PAUSED = "PAUSED"
    RESUMED = "RESUMED"
    HELD = "HELD"
    RELEASED = "RELEASED"
    RETUNED = "RETUNED"
    STOPPED = "STOPPED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``at`` is seconds since the epoch, ``by`` a person or a task, ``words`` a sentence.

    ``budget`` is what is in force from then on, by name of the control record's field; empty for
    what changes none, and for events that were noted before budgets were. ``kind`` is that of a
    hold that was put in force or ended. ``by`` is what a person says; ``caller`` is the ARN that
    AWS knows them by, "unknown" where it did not tell, and empty where Airflow knows who it is.
    """

    at: float
    what: What
    by: str
    words: str
    budget: Mapping[str, float] = field(default_factory=dict)
    kind: str = ""
    caller: str = ""

    @property
    def who(self) -> str:
        return named(self.by, self.caller)


def named(by: str, caller: str) -> str:
    """Name who did something, and behind it in brackets, which no name has, whom AWS knows."""
    return f"{by.translate(_ROUND)} [{caller}]" if caller else by


class BudgetStep(TypedDict):
    """Units per second from ``at`` on: 0 while nothing may be spent, None: no bound, or unknown."""

    at: float
    read: float | None
    write: float | None


_OVER: Final = "over"  # beside the kinds of hold: nothing is spent before the next start
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

    A hold of a table that is throttled is no event: it is seen only while it is in force.
    """
    steps: list[BudgetStep] = []
    budget, held = _UNKNOWN, frozenset[str]()
    for event in events:
        budget, held = event.budget or budget, _held_after(event, held)
        if event.what is What.STARTED:
            budget = event.budget
        _add(steps, _step(event.at, budget, is_held=bool(held)))
    if control is not None:
        _add(steps, _step_of_now(control, steps, now))
    return steps


def _held_after(event: Event, held: frozenset[str]) -> frozenset[str]:
    """Return the kinds of hold that are in force after an event."""
    if event.what is What.STARTED:
        return frozenset()
    added: Mapping[What, AbstractSet[str]] = {
        What.PAUSED: {HoldKind.PERSON},
        What.HELD: {event.kind},
        What.STOPPED: {_OVER},
        What.ENDED: {_OVER},
    }
    ended: Mapping[What, AbstractSet[str]] = {What.RESUMED: RESUMABLE, What.RELEASED: {event.kind}}
    return (held | added.get(event.what, frozenset())) - ended.get(event.what, frozenset())


def _step_of_now(control: ControlRecord, steps: list[BudgetStep], now: float) -> BudgetStep:
    """The control record is right, whatever events say; it is silent of when a budget came."""
    holds = control.in_force(now)
    is_held = control.command is Command.STOP or bool(holds)
    since = min((hold.since for hold in holds), default=control.since)
    latest = max([since, *(step["at"] for step in steps[-1:])])
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
