"""What a hold means to whoever looks: since when, by whom, until when, and what comes then."""

from dataclasses import dataclass

from airflow_ddb_migrate.core.limits import HOLD_SECONDS, LEASE_SECONDS, SAFETY_NET_SECONDS
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.times import iso

_MINUTES = HOLD_SECONDS // 60
_NET_MINUTES = (LEASE_SECONDS + SAFETY_NET_SECONDS) // 60


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold of the latest attempt, in force or in force when its execution ended.

    Times are seconds since the epoch, 0 for never: ``until`` of a hold that ends by itself,
    ``ended_at`` of the execution. ``owes_capacity``: it is raised and not given back yet.
    ``children`` wait, which costs ``hourly_usd`` dollars in an hour at most.
    """

    reason: str
    since: float
    until: float = 0.0
    is_live: bool = True
    ended_at: float = 0.0
    owes_capacity: bool = False
    children: int = 0
    hourly_usd: float = 0.0

    def is_news_after(self, told: "Hold | None") -> bool:
        """Return whether to tell people of it, too.

        A hold that ends by itself may set in again every few minutes for as long as its cause
        lasts: that is told once an hour.
        """
        if told is None or self.reason != told.reason:
            return True
        if self.until:
            return self.since - told.since > HOLD_SECONDS
        return self.since != told.since


def hold_words(hold: Hold, now: float) -> str:
    """Say it in sentences; empty when what ended the execution was not the hold."""
    why = hold.reason.rstrip(".")
    if not hold.is_live:
        return _ended_words(hold, why, now)
    lasted = now - hold.since
    start = f"On hold since {iso(hold.since)}, for {_minutes(lasted)}: {why}."
    if hold.until:
        return f"{start} It goes on by itself at {iso(hold.until)}; Resume ends the hold sooner."
    if lasted > HOLD_SECONDS:
        return (
            f"{start} That is over {_MINUTES} minutes, so its workers are ending and the execution "
            f"ends with them. {_then(hold)}"
        )
    ends_at = hold.since + HOLD_SECONDS
    return (
        f"{start} {_costs(hold)} Resume goes on where it was. "
        f"If nobody resumes it by {iso(ends_at)}, in {_minutes(ends_at - now)}, the execution "
        f"ends by itself within minutes. {_then(hold)}"
    )


def _minutes(seconds: float) -> str:
    """Whole ones: what is read again and again should not flicker."""
    minutes = round(seconds / 60)
    return f"{minutes:,} minute{'' if minutes == 1 else 's'}"


def _ended_words(hold: Hold, why: str, now: float) -> str:
    if (hold.ended_at or now) - hold.since <= HOLD_SECONDS:
        return ""
    when = f" at {iso(hold.ended_at)}" if hold.ended_at else ""
    owed = (
        f"Capacity that was raised for it is not given back yet. {_giver()}"
        if hold.owes_capacity
        else "It holds no raised capacity."
    )
    return (
        f"On hold since {iso(hold.since)} ({why}), and nobody resumed it within {_MINUTES} "
        f"minutes: the execution ended by itself{when}. {owed} "
        f"Resume does nothing any more; {_again()}"
    )


def _then(hold: Hold) -> str:
    capacity = f"Capacity that was raised is given back then. {_giver()} " * hold.owes_capacity
    return f"{capacity}What is done is kept: {_again()}"


def _giver() -> str:
    return (
        "The task restore does that, or, where Airflow is down, the stack itself about "
        f"{_NET_MINUTES} minutes after the last sign of life."
    )


def _again() -> str:
    return (
        "to go on after that, clear the tasks from prewarm on, or trigger the DAG with this "
        "migration_id: capacity is raised again, and a new attempt works on what is unfinished."
    )


def _costs(hold: Hold) -> str:
    """Each child that waits looks again every two minutes at least."""
    children = f"{hold.children:,} child{'' if hold.children == 1 else 'ren'}"
    capacity = ", and capacity that was raised is paid for" if hold.owes_capacity else ""
    return (
        f"An hour of waiting costs {dollars_words(hold.hourly_usd)} at most, for {children}"
        f"{capacity}."
    )
