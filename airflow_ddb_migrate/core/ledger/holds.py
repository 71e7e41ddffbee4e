"""Kinds of hold: why a migration waits, who asked for it, since when and until when. Pure.

Several holds can be in force at once; the migration works only while none is. Each kind begins and
ends by its own rules, independently of the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from airflow_ddb_migrate.core.limits import HOLD_SECONDS


class HoldKind(StrEnum):
    """The cause of a hold: a person, an alarm, the hours, the cost limit, or throttling."""

    PERSON = "person"
    HEALTH = "health"
    HOURS = "hours"
    MONEY = "money"
    THROTTLED = "throttled"


# Ended when a person resumes. The others last as long as their cause does.
RESUMABLE: Final = frozenset[str]({HoldKind.PERSON, HoldKind.THROTTLED})
# Ended by the next window, whose attempt checks the cause again. All others block it, and so does
# a kind that only a later version knows.
_CHECKED_AGAIN: Final = frozenset[str]({HoldKind.HEALTH, HoldKind.HOURS, HoldKind.THROTTLED})
# If only these ended an execution, Airflow's wait task starts another one.
RECOVERABLE: Final = frozenset[str]({HoldKind.HEALTH, HoldKind.THROTTLED})
_RANK: Final = {kind.value: rank for rank, kind in enumerate(HoldKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRecord:
    """One hold. Times are seconds since the epoch. ``until`` 0: until something ends it.

    ``kind`` is a value of HoldKind, or one that only a newer version knows: it holds just the same.
    """

    kind: str
    reason: str
    by: str
    since: float
    until: float = 0.0

    @property
    def outlasts_windows(self) -> bool:
        return self.kind not in _CHECKED_AGAIN

    def is_over(self, now: float) -> bool:
        return 0 < self.until <= now

    def ends_attempt(self, now: float) -> bool:
        """Return whether the hold is so long that it ends the execution, since waits are billed."""
        return max(now, self.until) - self.since > HOLD_SECONDS


@dataclass(frozen=True, slots=True)
class Summary:
    """All holds as one, for workers of versions that do not know kinds of hold.

    They wait until the last hold ends by itself, or for HOLD_SECONDS after the first one began.
    """

    since: float
    until: float
    reason: str


def summary_of(holds: Iterable[HoldRecord]) -> Summary:
    """Return one hold or several as one."""
    known = in_order(holds)
    untils = [hold.until for hold in known]
    reasons = [hold.reason for hold in known]
    return Summary(
        since=min(hold.since for hold in known),
        until=max(untils) if all(untils) else 0.0,
        reason=reasons[0] if len(reasons) == 1 else "; ".join(one.rstrip(".") for one in reasons),
    )


def in_order(holds: Iterable[HoldRecord]) -> tuple[HoldRecord, ...]:
    """Return the holds in the order in which they are shown: a person's first."""
    return tuple(sorted(holds, key=lambda hold: _RANK.get(hold.kind, len(_RANK))))


def single_hold(since: float, until: float, reason: str) -> HoldRecord:
    """Return the hold that a version without kinds wrote; there only the workers' had an end."""
    return HoldRecord(
        kind=HoldKind.THROTTLED if until else HoldKind.PERSON,
        reason=reason,
        by="workers" if until else "a person",
        since=since,
        until=until,
    )


def unknown_hold(command: str, since: float, reason: str) -> HoldRecord:
    """Return the hold that a command of a later version is to this one: nothing here ends it."""
    return HoldRecord(
        kind=command.lower(),
        reason=reason or f"a later version wrote {command}, which this one does not know",
        by="a later version",
        since=since,
    )
