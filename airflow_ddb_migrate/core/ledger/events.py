"""What happens to a migration, and which budget was in force at which time. Pure."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypedDict

from airflow_ddb_migrate.core.ledger.holds import RESUMABLE, HoldKind
from airflow_ddb_migrate.core.ledger.records import Budget, Command, ControlRecord

_ROUND: Final = str.maketrans("[]", "()")


class What(StrEnum):
    """HELD and RELEASED are about automatic holds, PAUSED and RESUMED about a person's."""

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
    """Something that happened to a migration.

    - ``at``: seconds since the epoch.
    - ``by``: the name of a person or a task, as given by them.
    - ``words``: what happened, as a sentence.
    - ``budget``: the budget in force from then on, by the names of the control record's fields;
      empty if the event does not change it, and in events of older versions.
    - ``kind``: the kind of the hold that began or ended.
    - ``caller``: the ARN of the person in AWS; "unknown" if AWS did not return it, and empty if
      Airflow knows who it is.
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
    """Return who did something, and AWS's ARN in square brackets, which a name cannot have."""
    return f"{by.translate(_ROUND)} [{caller}]" if caller else by


class BudgetStep(TypedDict):
    """Units per second from ``at`` on. 0: on hold or ended. None: no limit, or unknown."""

    at: float
    read: float | None
    write: float | None


_OVER: Final = "over"  # not a kind of hold: nothing is used until the next start
_UNKNOWN: Mapping[str, float] = {}


def budget_of(control: ControlRecord | Budget) -> dict[str, float]:
    """Return the budget in the form in which an event keeps it."""
    return {
        "read_units_per_second": control.read_units_per_second,
        "write_units_per_second": control.write_units_per_second,
    }


def budget_steps(
    events: Iterable[Event], control: ControlRecord | None, now: float
) -> list[BudgetStep]:
    """Return the budget over time, the earliest step first; ``control`` is the current record.

    A hold because of throttling is not an event, so it is included only while it is in force.
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
    """Return the current step. The control record decides it; only events know since when."""
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
