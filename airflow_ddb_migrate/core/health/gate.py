"""What alarms' states mean for a migration: hold, keep holding, or let it resume. Pure.

One worker at a time reads the alarms. Any alarm in ALARM holds the migration at once. An alarm that
cannot be read, does not exist or has no data is unknown; that holds the migration if it lasts. The
hold ends when all alarms have been OK for a while. The budget then starts at half and rises slowly.
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
    """What to keep after the alarms were read, and whether to hold.

    ``known_at`` is when all states were last known, ``healthy_since`` since when all alarms are OK
    (0: not all are). ``reason`` is why to hold; empty: there is no reason. ``is_well``: a hold
    ends.
    """

    known_at: float
    healthy_since: float
    reason: str = ""
    is_well: bool = False


def is_reading_due(control: ControlRecord, now: float) -> bool:
    """Return whether to read the alarms, which is as often as workers are counted."""
    return bool(control.hold_while) and now - control.alarms_at >= SHARERS_SECONDS


def judged(control: ControlRecord, states: Mapping[str, str], now: float) -> GateVerdict:
    """Decide by the states; ``states`` are by name and lack alarms that could not be read."""
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
    """Return the holds after a verdict. Only the one for health changes; its ``since`` stays."""
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
        f"The state of {which} has been unknown for {UNKNOWN_SECONDS // 60} minutes: missing, "
        "without data, or not readable."
    )
