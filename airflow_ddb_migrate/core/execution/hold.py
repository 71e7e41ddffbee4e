"""What holds mean to whoever looks: since when, by whom, until when, and what comes then."""

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
    HoldKind.HEALTH.value: "It ends by itself when the alarms are well again.",
    HoldKind.MONEY.value: "It ends when a person raises the limit (retune).",
}
_CONTINUES = (
    "The task wait then gives back capacity that was raised, and starts a new attempt on what is "
    "unfinished once no hold is left. If that task has ended, clear the tasks from prewarm on, or "
    "trigger the DAG with this migration_id."
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold of the latest attempt, in force or in force when its execution ended.

    Times are seconds since the epoch, ``until`` 0: it has no end of its own. ``kind`` is a word of
    HoldKind, ``by`` who asked for it. ``on_hold_callback`` gets these fields.
    """

    reason: str
    since: float
    until: float = 0.0
    kind: str = HoldKind.PERSON.value
    by: str = ""

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Read what a deferred task has kept; the version before kinds kept other fields, too."""
        names = {field.name for field in fields(cls)}
        kind = HoldKind.THROTTLED if given.get("until") else HoldKind.PERSON
        known = {"kind": kind.value, **given}
        return cls(**{name: value for name, value in known.items() if name in names})

    def is_news_after(self, told: "Hold | None") -> bool:
        """Return whether to tell people of it, too.

        A hold that no person asked for may set in again every few minutes for as long as its cause
        lasts: that is told once an hour.
        """
        if told is None or self.reason != told.reason:
            return True
        if self.kind != HoldKind.PERSON:
            return self.since - told.since > HOLD_SECONDS
        return self.since != told.since


def first_news(holds: Iterable[Hold], told: Iterable[Hold]) -> Hold | None:
    """Return the first hold to tell people of; ``told`` has the one told last of each kind."""
    last = {hold.kind: hold for hold in told}
    return next((hold for hold in holds if hold.is_news_after(last.get(hold.kind))), None)


def told_with(told: Iterable[Hold], hold: Hold) -> tuple[Hold, ...]:
    """Return what was told last of each kind once this hold is told, too."""
    return (*(one for one in told if one.kind != hold.kind), hold)


@dataclass(frozen=True, slots=True)
class HoldWait:
    """What waits while a hold is in force, and what it costs.

    ``is_live``: the execution has not ended; ``ended_at`` is when it did, 0: unknown.
    ``owes_capacity``: it is raised and not given back yet. ``children`` wait, which costs
    ``hourly_usd`` dollars in an hour at most.
    """

    is_live: bool = True
    ended_at: float = 0.0
    owes_capacity: bool = False
    children: int = 0
    hourly_usd: float = 0.0


def hold_words(holds: Sequence[Hold], waiting: HoldWait, now: float) -> str:
    """Say it in sentences; empty without a hold, and when none of them ended the execution."""
    if not holds:
        return ""
    if not waiting.is_live:
        return _ended_words(holds, waiting, now)
    said = " ".join(_one_hold(hold, now, is_alone=len(holds) == 1) for hold in holds)
    if len(holds) > 1:
        said = f"On hold for {len(holds)} reasons: it resumes when none is left. {said}"
    if all(hold.until and hold.until - hold.since <= HOLD_SECONDS for hold in holds):
        return said
    return f"{said} {_end_words(holds, waiting, now)}"


def ended_by(hold: Hold) -> str:
    """Say what ends it, in a sentence."""
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
    """Say when waiting ends the execution, and what it costs until then."""
    first = min(holds, key=lambda hold: hold.since)
    if any(_lasts_too_long(hold, now) for hold in holds):
        return (
            f"That is over {_MINUTES} minutes, so its workers are ending and the execution "
            f"ends with them. {_then(waiting, holds, now)}"
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
    """Whole ones: what is read again and again should not flicker."""
    minutes = round(seconds / 60)
    return f"{minutes:,} minute{'' if minutes == 1 else 's'}"


def _ended_words(holds: Sequence[Hold], waiting: HoldWait, now: float) -> str:
    ended_at = waiting.ended_at or now
    outlasted = [hold for hold in holds if _lasts_too_long(hold, ended_at)]
    if not outlasted:
        return ""
    then = _CONTINUES if _recovers(outlasted) else f"Resume does nothing any more; {_again()}"
    when = f" at {iso(waiting.ended_at)}" if waiting.ended_at else ""
    owed = (
        f"Capacity that was raised for it is not given back yet. {_giver()}"
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
    """Return whether Airflow's wait continues after an execution that these holds have ended."""
    return all(hold.kind in RECOVERABLE for hold in ending)


def _then(waiting: HoldWait, holds: Iterable[Hold], ends_at: float) -> str:
    """Say what follows an execution that ends at that time for its holds."""
    if _recovers(hold for hold in holds if max(ends_at, hold.until) - hold.since >= HOLD_SECONDS):
        return _CONTINUES
    capacity = f"Capacity that was raised is given back then. {_giver()} " * waiting.owes_capacity
    return f"{capacity}What is done is kept: {_again()}"


def _giver() -> str:
    return (
        "The task restore does that, or, where Airflow is down, the stack itself about "
        f"{_NET_MINUTES} minutes after the last sign of life."
    )


def _again() -> str:
    return (
        "to continue after that, clear the tasks from prewarm on, or trigger the DAG with this "
        "migration_id: capacity is raised again, and a new attempt works on what is unfinished."
    )


def _costs(waiting: HoldWait) -> str:
    """Each child that waits looks again every two minutes at least."""
    children = f"{waiting.children:,} child{'' if waiting.children == 1 else 'ren'}"
    capacity = ", and capacity that was raised is paid for" if waiting.owes_capacity else ""
    return (
        f"An hour of waiting costs {dollars_words(waiting.hourly_usd)} at most, for {children}"
        f"{capacity}."
    )
