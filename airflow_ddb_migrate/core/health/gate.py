"""What a reading of the alarms comes to: hold, go on holding, or go on with work. Pure.

One worker at a time reads them. Any alarm in ALARM holds at once. One that cannot be read, is gone
or has no data is unknown: that holds when it lasts. All of them have to be OK for a while before
the hold ends; then the budget begins at half and rises slowly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_ddb_migrate.core.health.alarms import AlarmState
from airflow_ddb_migrate.core.ledger.holds import HoldKind, HoldRecord, in_order
from airflow_ddb_migrate.core.ledger.records import ControlRecord
from airflow_ddb_migrate.core.limits import (
    SHARERS_SECONDS,
    UNKNOWN_SECONDS,
)

_KNOWN = {AlarmState.OK, AlarmState.ALARM}


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What to keep of a reading, and what to do.

    ``known_at`` is when the state of every alarm was known last, ``healthy_since`` since when all
    are OK (0: they are not). ``reason`` to hold, empty: there is none. ``is_well``: a hold ends.
    """

    known_at: float
    healthy_since: float
    reason: str = ""
    is_well: bool = False


def is_reading_due(control: ControlRecord, now: float) -> bool:
    """Return whether the alarms were read a while ago, as the count of the workers is renewed."""
    return bool(control.hold_while) and now - control.alarms_at >= SHARERS_SECONDS


def judged(control: ControlRecord, states: Mapping[str, str], now: float) -> GateVerdict:
    """Judge a reading: ``states`` by name, without what could not be read."""
    alarming = [name for name in control.hold_while if states.get(name) == AlarmState.ALARM]
    unknown = [name for name in control.hold_while if states.get(name) not in _KNOWN]
    known_at = control.known_at if unknown else now
    if alarming:
        return GateVerdict(known_at, 0.0, f"{_alarms(alarming)} in ALARM.")
    if unknown:
        lasted = now - known_at
        return GateVerdict(known_at, 0.0, _unknown(unknown) if lasted >= UNKNOWN_SECONDS else "")
    since = control.healthy_since or now
    return GateVerdict(known_at, since, is_well=now - since >= control.healthy_for)


def after_reading(
    holds: Sequence[HoldRecord], verdict: GateVerdict, now: float
) -> tuple[HoldRecord, ...]:
    """Return the holds after a verdict. Only that for health changes; it keeps its beginning."""
    mine = next((hold for hold in holds if hold.kind == HoldKind.HEALTH), None)
    others = tuple(hold for hold in holds if hold.kind != HoldKind.HEALTH)
    if verdict.is_well or (mine is None and not verdict.reason):
        return others
    since = mine.since if mine else now
    reason = verdict.reason or (mine.reason if mine else "")
    mine = HoldRecord(kind=HoldKind.HEALTH, reason=reason, by="workers", since=since)
    return in_order((*others, mine))


def _alarms(names: Sequence[str]) -> str:
    return f"Alarm {names[0]} is" if len(names) == 1 else f"Alarms {', '.join(names)} are"


def _unknown(names: Sequence[str]) -> str:
    which = f"alarm {names[0]}" if len(names) == 1 else f"alarms {', '.join(names)}"
    return (
        f"The state of {which} is unknown for {UNKNOWN_SECONDS // 60} minutes: not there, without "
        "data, or not to be read."
    )
