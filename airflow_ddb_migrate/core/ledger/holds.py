"""Kinds of hold: who lets a migration wait, why, since when and until when. Pure.

Several may be in force at once; work goes on only when none is. Each kind is put in force and
ended by its own rules, never by those of another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from airflow_ddb_migrate.core.limits import HOLD_SECONDS


class HoldKind(StrEnum):
    """What asks for it: a person, an alarm, the clock, the bill, or a table that is throttled."""

    PERSON = "person"
    HEALTH = "health"
    HOURS = "hours"
    MONEY = "money"
    THROTTLED = "throttled"


# What a person's resume ends. The others last for as long as what they are about does.
RESUMABLE: Final = frozenset[str]({HoldKind.PERSON, HoldKind.THROTTLED})
# Those that no window ends: of the others the next attempt finds the causes anew.
OUTLASTING: Final = frozenset[str]({HoldKind.PERSON, HoldKind.MONEY})
# An execution that these alone have ended is followed by another one, which Airflow's wait begins.
RECOVERABLE: Final = frozenset[str]({HoldKind.HEALTH, HoldKind.THROTTLED})
_RANK: Final = {kind.value: rank for rank, kind in enumerate(HoldKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRecord:
    """One hold. Times are seconds since the epoch; ``until`` 0: until something ends it.

    ``kind`` is a word of HoldKind, or of a version newer than this one: that holds, too.
    """

    kind: str
    reason: str
    by: str
    since: float
    until: float = 0.0

    def is_over(self, now: float) -> bool:
        return 0 < self.until <= now

    def ends_attempt(self, now: float) -> bool:
        """Return whether to end the execution rather than to wait: waits are billed."""
        return max(now, self.until) - self.since > HOLD_SECONDS


@dataclass(frozen=True, slots=True)
class Summary:
    """All holds as one, which is what the workers of the version before kinds read.

    They wait until the last one ends by itself, or for an hour from the first one on.
    """

    since: float
    until: float
    reason: str


def summary_of(holds: Iterable[HoldRecord]) -> Summary:
    """Sum up one hold or more."""
    known = in_order(holds)
    untils = [hold.until for hold in known]
    reasons = [hold.reason for hold in known]
    return Summary(
        since=min(hold.since for hold in known),
        until=max(untils) if all(untils) else 0.0,
        reason=reasons[0] if len(reasons) == 1 else "; ".join(one.rstrip(".") for one in reasons),
    )


def in_order(holds: Iterable[HoldRecord]) -> tuple[HoldRecord, ...]:
    """Return them a person's first, which is how they are told."""
    return tuple(sorted(holds, key=lambda hold: _RANK.get(hold.kind, len(_RANK))))


def single_hold(since: float, until: float, reason: str) -> HoldRecord:
    """Return what a version before kinds wrote: only the workers' hold had an end."""
    return HoldRecord(
        kind=HoldKind.THROTTLED if until else HoldKind.PERSON,
        reason=reason,
        by="workers" if until else "a person",
        since=since,
        until=until,
    )
