"""The health gate: one worker at a time reads the alarms, and holds or releases all workers."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.aws.ledger.budget_sharing import Sharing
from airflow_ddb_migrate.aws.ledger.events import note_event
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.health.gate import GateVerdict, after_reading, is_reading_due, judged
from airflow_ddb_migrate.core.ledger.events import Event, What
from airflow_ddb_migrate.core.ledger.holds import HoldKind, HoldRecord
from airflow_ddb_migrate.core.ledger.records import ControlRecord


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AlarmWatch:
    """Reads the alarms of one attempt, taking turns with its other workers, also during a hold.

    ``read`` returns states by name; if it raises MigrationError, all states are unknown.
    """

    sharing: Sharing
    clock: Callable[[], float]
    read: Callable[[Sequence[str]], Mapping[str, str]]

    def look(self, control: ControlRecord, now: float) -> bool:
        """Read the alarms if due and no other worker does; return whether holds have changed."""
        if not is_reading_due(control, now):
            return False
        if not self.sharing.claim("alarms_at", control.alarms_at, now):
            return False
        states: Mapping[str, str] = {}
        with contextlib.suppress(MigrationError):
            states = self.read(control.hold_while)
        verdict = judged(control, states, self.clock())
        is_mine = self.sharing.note_reading(
            taken_at=now, known_at=verdict.known_at, healthy_since=verdict.healthy_since
        )
        # A worker that was overtaken may begin a hold, which is safe, but not end one.
        return bool(verdict.reason or is_mine) and self._obey(control, verdict)

    def _obey(self, control: ControlRecord, verdict: GateVerdict) -> bool:
        now, sharing = self.clock(), self.sharing
        before = [hold for hold in control.in_force(now) if hold.kind == HoldKind.HEALTH]
        changed = sharing.ledger.change_holds(
            sharing.migration_id,
            lambda holds: after_reading(holds, verdict, now),
            attempt=sharing.attempt,
            now=now,
            reason="the alarms were OK again",
            also={"eased_at": now} if verdict.is_well else {},
        )
        if changed and verdict.is_well:
            self._note(What.RELEASED, _well_words(control, before, now))
        elif changed and not before:
            self._note(What.HELD, f"On hold for health: {verdict.reason}")
        return changed

    def _note(self, what: What, words: str) -> None:
        event: dict[str, Any] = {"kind": HoldKind.HEALTH.value, "by": "workers", "words": words}
        note_event(
            self.sharing.ledger,
            self.sharing.migration_id,
            Event(at=self.clock(), what=what, **event),
        )


def _well_words(control: ControlRecord, before: Sequence[HoldRecord], now: float) -> str:
    healthy = f"The alarms were OK for {control.healthy_for / 60:,.0f} minutes"
    lasted = " and ".join(
        f"on hold for {(now - hold.since) / 60:,.0f} minutes: {hold.reason.rstrip('.')}"
        for hold in before
    )
    return f"{healthy} ({lasted}). The budget starts at half and rises slowly."
