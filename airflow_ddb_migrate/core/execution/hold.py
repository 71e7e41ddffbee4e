"""A hold as people see it: since when, by whom, until when, and what happens then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from airflow_ddb_migrate.core.ledger.holds import RECOVERABLE, RESUMABLE, HoldKind
from airflow_ddb_migrate.core.limits import HOLD_SECONDS, LEASE_SECONDS, SAFETY_NET_SECONDS
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.times import iso

_MINUTES = HOLD_SECONDS // 60
_NET_MINUTES = (LEASE_SECONDS + SAFETY_NET_SECONDS) // 60
_ENDED_BY = {
    HoldKind.PERSON.value: "Resume continues where it stopped.",
    HoldKind.HEALTH.value: "It ends by itself once the alarms are OK again.",
    HoldKind.MONEY.value: "It ends when a person raises the limit (retune), as far as "
    "the DAG's author allows.",
}
_CONTINUES = (
    "The wait task then restores raised capacity. Once all holds have ended, it starts a new "
    "attempt on the unfinished segments. If that task has ended, clear the tasks from prewarm on, "
    "or trigger the DAG with this migration_id."
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold of the latest attempt that is in force, or was when its execution ended.

    Times are seconds since the epoch. ``until`` 0: it does not end by itself. ``kind`` is a value
    of HoldKind, ``by`` who asked for the hold. ``on_hold_callback`` gets these fields.
    """

    reason: str
    since: float
    until: float = 0.0
    kind: str = HoldKind.PERSON.value
    by: str = ""

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Read the fields that a deferred task kept; versions without kinds kept others, too."""
        names = {field.name for field in fields(cls)}
        kind = HoldKind.THROTTLED if given.get("until") else HoldKind.PERSON
        known = {"kind": kind.value, **given}
        return cls(**{name: value for name, value in known.items() if name in names})

    def is_news_after(self, told: "Hold | None") -> bool:
        """Return whether to notify people of this hold, after ``told``.

        An automatic hold may begin again every few minutes while its cause lasts. People are
        notified of that once an hour.
        """
        if told is None or self.reason != told.reason:
            return True
        if self.kind != HoldKind.PERSON:
            return self.since - told.since > HOLD_SECONDS
        return self.since != told.since


def first_news(holds: Iterable[Hold], told: Iterable[Hold]) -> Hold | None:
    """Return the first hold to notify people of; ``told`` has the last one of each kind."""
    last = {hold.kind: hold for hold in told}
    return next((hold for hold in holds if hold.is_news_after(last.get(hold.kind))), None)


def told_with(told: Iterable[Hold], hold: Hold) -> tuple[Hold, ...]:
    """Return the last notified hold of each kind, after people were notified of ``hold``."""
    return (*(one for one in told if one.kind != hold.kind), hold)


@dataclass(frozen=True, slots=True)
class HoldWait:
    """What waits during a hold, and what that costs.

    - ``is_live``: the execution has not ended.
    - ``ended_at``: when the execution ended; 0: unknown.
    - ``owes_capacity``: capacity is raised and not restored yet.
    - ``children``: how many child executions wait.
    - ``hourly_usd``: the most dollars that they cost in an hour.
    """

    is_live: bool = True
    ended_at: float = 0.0
    owes_capacity: bool = False
    children: int = 0
    hourly_usd: float = 0.0


def hold_words(holds: Sequence[Hold], waiting: HoldWait, now: float) -> str:
    """Return sentences on the holds; empty without any, or if none ended the execution."""
    if not holds:
        return ""
    if not waiting.is_live:
        return _ended_words(holds, waiting, now)
    said = " ".join(_one_hold(hold, now, is_alone=len(holds) == 1) for hold in holds)
    if len(holds) > 1:
        said = f"On hold for {len(holds)} reasons: it resumes once all of them have ended. {said}"
    if all(hold.until and hold.until - hold.since <= HOLD_SECONDS for hold in holds):
        return said
    return f"{said} {_end_words(holds, waiting, now)}"


def ended_by(hold: Hold) -> str:
    """Return a sentence on what ends the hold."""
    if not hold.until:
        return _ENDED_BY.get(hold.kind, "It ends when its cause does.")
    sooner = "; Resume ends the hold sooner" if hold.kind in RESUMABLE else ""
    return f"It resumes by itself at {iso(hold.until)}{sooner}."


def _one_hold(hold: Hold, now: float, *, is_alone: bool) -> str:
    since = f"since {iso(hold.since)}, for {_minutes(now - hold.since)}: {_why(hold)}."
    if is_alone:
        return f"On hold {since} {ended_by(hold)}"
    return f"{hold.kind.capitalize()}, {since} {ended_by(hold)}"


def _end_words(holds: Sequence[Hold], waiting: HoldWait, now: float) -> str:
    """Return when the hold ends the execution, and what waiting costs until then."""
    first = min(holds, key=lambda hold: hold.since)
    if any(_lasts_too_long(hold, now) for hold in holds):
        return (
            f"That is over {_MINUTES} minutes, so the workers and the execution are ending. "
            f"{_then(waiting, holds, now)}"
        )
    ends_at = first.since + HOLD_SECONDS
    return (
        f"{_costs(waiting)} If it is still on hold at {iso(ends_at)}, in "
        f"{_minutes(ends_at - now)}, the execution ends by itself within minutes. "
        f"{_then(waiting, holds, ends_at)}"
    )


def _why(hold: Hold) -> str:
    return hold.reason.rstrip(".")


def _minutes(seconds: float) -> str:
    """Return whole minutes, so that text that is read repeatedly does not flicker."""
    minutes = round(seconds / 60)
    return f"{minutes:,} minute{'' if minutes == 1 else 's'}"


def _ended_words(holds: Sequence[Hold], waiting: HoldWait, now: float) -> str:
    ended_at = waiting.ended_at or now
    outlasted = [hold for hold in holds if _lasts_too_long(hold, ended_at)]
    if not outlasted:
        return ""
    then = _CONTINUES if _recovers(outlasted) else f"Resume has no effect now; {_again()}"
    when = f" at {iso(waiting.ended_at)}" if waiting.ended_at else ""
    owed = (
        f"Its raised capacity is not restored yet. {_giver()}"
        if waiting.owes_capacity
        else "It holds no raised capacity."
    )
    since = " and ".join(f"since {iso(hold.since)} ({_why(hold)})" for hold in outlasted)
    return (
        f"On hold {since}, for over {_MINUTES} minutes: the execution ended by itself{when}. "
        f"{owed} {then}"
    )


def _lasts_too_long(hold: Hold, now: float) -> bool:
    return max(now, hold.until) - hold.since > HOLD_SECONDS


def _recovers(ending: Iterable[Hold]) -> bool:
    """Return whether the wait task starts another attempt after these holds ended an execution."""
    return all(hold.kind in RECOVERABLE for hold in ending)


def _then(waiting: HoldWait, holds: Iterable[Hold], ends_at: float) -> str:
    """Return what follows after an execution that its holds end at that time."""
    if _recovers(hold for hold in holds if max(ends_at, hold.until) - hold.since >= HOLD_SECONDS):
        return _CONTINUES
    capacity = f"Raised capacity is then restored. {_giver()} " * waiting.owes_capacity
    return f"{capacity}Finished work is kept; {_again()}"


def _giver() -> str:
    return (
        "The restore task does that, or, if Airflow is down, the stack's safety net, about "
        f"{_NET_MINUTES} minutes after the last sign of life."
    )


def _again() -> str:
    return (
        "to continue, clear the tasks from prewarm on, or trigger the DAG with this migration_id: "
        "capacity is raised again, and a new attempt works on the unfinished segments."
    )


def _costs(waiting: HoldWait) -> str:
    """Return what waiting costs: each waiting child polls at least every two minutes."""
    children = f"{waiting.children:,} child{'' if waiting.children == 1 else 'ren'}"
    capacity = ", and the raised capacity is billed, too" if waiting.owes_capacity else ""
    return (
        f"An hour of waiting costs at most {dollars_words(waiting.hourly_usd)} for "
        f"{children}{capacity}."
    )
