"""What the workers of a migration share through the control record: budget and threshold.

``sharers`` divides the budget and is never less than the number of live workers. A worker that
begins raises it first, and spends only after every other worker has read it again. Counting the
lane rows lowers it; any worker does that if the last count is too old.
"""

from dataclasses import dataclass

from airflow_ddb_migrate.aws.ledger.keys import control_key
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.ledger.typed_values import decode, encode_all
from airflow_ddb_migrate.core.execution.budget_sharing import (
    counted,
    is_count_due,
    seconds_after_join,
)
from airflow_ddb_migrate.core.ledger.records import ControlRecord


@dataclass(frozen=True, slots=True)
class Sharing:
    """The shared figures of one attempt of a migration."""

    ledger: Ledger
    migration_id: str
    attempt: int

    def join(self) -> float:
        """Add this worker; return the seconds after which it may spend."""
        control = self._add(live=1, joins=1)
        seconds = seconds_after_join(control) if control else 0.0
        if not control or not seconds:
            return 0.0
        self.ledger.update(
            control_key(self.migration_id),
            {"sharers": control.live, "attempt": self.attempt},
            condition="#attempt = :attempt AND #sharers < :sharers",
        )
        return seconds

    def leave(self) -> None:
        """Remove this worker. The next count removes workers that were killed."""
        self._add(live=-1)

    def add_quarantined(self, items: int) -> ControlRecord | None:
        """Add quarantined items; return the control record with this attempt's sum."""
        return self._add(quarantined=items)

    def note_spending(
        self, *, claimed: float, spent_usd: float, spent_at: float, spent_due: float
    ) -> bool:
        """Save the sum that was spent; False if another worker has the turn to add up."""
        sums = {"spent_usd": spent_usd, "spent_at": spent_at, "spent_due": spent_due}
        return self.ledger.update(
            control_key(self.migration_id),
            {**sums, "attempt": self.attempt},
            condition="#attempt = :attempt AND #spent_due = :claimed",
            extra={":claimed": claimed},
        )

    def renew(self, control: ControlRecord, now: float) -> bool:
        """Count the live workers if the last count is too old; True if this call did it.

        If a worker joins meanwhile, its row may have been read before, so nothing is written. A
        worker that leaves meanwhile may still be counted, which does no harm.
        """
        seen = control.counted_at
        if not is_count_due(control, now) or not self.claim("counted_at", seen, now):
            return False
        lanes = Lanes(self.ledger).all(self.migration_id)
        count = counted(control, sum(row.is_live(now) for row in lanes))
        return self.ledger.update(
            control_key(self.migration_id),
            {
                "live": count.live,
                "sharers": count.sharers,
                "attempt": self.attempt,
                "joins": control.joins,
            },
            condition="#attempt = :attempt AND #joins = :joins",
        )

    def claim(self, field: str, seen: float, at: float) -> bool:
        """Take a turn that one worker has at a time: True if no other took it since it was read.

        The control record's ``field``, when it was last taken or is due, becomes ``at``.
        """
        return self.ledger.update(
            control_key(self.migration_id),
            {field: at, "attempt": self.attempt},
            condition=f"#attempt = :attempt AND #{field} = :seen",
            extra={":seen": seen},
        )

    def note_reading(self, *, taken_at: float, known_at: float, healthy_since: float) -> bool:
        """Save the verdict on the alarms; False if another reading was begun since."""
        return self.ledger.update(
            control_key(self.migration_id),
            {"known_at": known_at, "healthy_since": healthy_since, "attempt": self.attempt},
            condition="#attempt = :attempt AND #alarms_at = :taken_at",
            extra={":taken_at": taken_at},
            names={"#alarms_at": "alarms_at"},
        )

    def _add(self, **numbers: int) -> ControlRecord | None:
        item = self.ledger.update_typed(
            control_key(self.migration_id),
            assignments=", ".join(f"#{name} = #{name} + :{name}" for name in numbers),
            names={f"#{name}": name for name in (*numbers, "attempt")},
            values=encode_all(
                {":attempt": self.attempt, **{f":{name}": n for name, n in numbers.items()}}
            ),
            condition="#attempt = :attempt",
        )
        return decode(ControlRecord, item) if item else None
