"""The cost limit: one worker at a time adds up the cost, and holds all at the limit."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from airflow_ddb_migrate.aws.ledger.budget_sharing import Sharing
from airflow_ddb_migrate.aws.ledger.events import note_event
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.core.health.higher_limit import higher_limit
from airflow_ddb_migrate.core.health.spending import (
    Rates,
    Spending,
    is_sum_due,
    judged_spending,
    spent_by,
)
from airflow_ddb_migrate.core.ledger.events import Event, What
from airflow_ddb_migrate.core.ledger.holds import HoldKind, HoldRecord
from airflow_ddb_migrate.core.ledger.records import ControlRecord
from airflow_ddb_migrate.core.limits import SPENDING_SECONDS
from airflow_ddb_migrate.core.text.figures import dollars_words


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MoneyWatch:
    """Adds up the cost of one migration, taking turns with its other workers."""

    sharing: Sharing
    clock: Callable[[], float]

    def look(self, control: ControlRecord, now: float) -> bool:
        """Add up if it is due and no other worker does; return whether holds have changed."""
        if not is_sum_due(control, now):
            return False
        until = now + SPENDING_SECONDS[1]
        if not self.sharing.claim("spent_due", control.spent_due, until):
            return False
        rows = Lanes(self.sharing.ledger).all(self.sharing.migration_id)
        dollars = spent_by(rows, Rates.from_dict(control.rates), now)
        spending = judged_spending(control, dollars, now)
        is_noted = self.sharing.note_spending(
            claimed=until, spent_usd=dollars, spent_at=now, spent_due=spending.due_at
        )
        # Not noted if the limit was changed meanwhile: then it is added up again.
        return is_noted and spending.is_up and self._hold(control, spending)

    def _hold(self, control: ControlRecord, spending: Spending) -> bool:
        sharing, now = self.sharing, self.clock()
        reason = (
            f"{dollars_words(spending.dollars)} was spent; the limit is "
            f"{dollars_words(control.max_cost_usd)} (max_cost_usd)."
        )
        hold = HoldRecord(kind=HoldKind.MONEY, reason=reason, by="workers", since=now)
        if not sharing.ledger.hold(sharing.migration_id, hold, attempt=sharing.attempt):
            return False
        words = f"On hold for money: {reason} {self._how(control.max_cost_usd)}."
        event = Event(at=now, what=What.HELD, by="workers", words=words, kind=HoldKind.MONEY.value)
        note_event(sharing.ledger, sharing.migration_id, event)
        return True

    def _how(self, limit: float) -> str:
        """Return who can set a higher limit; the record has the rules of the DAG's author."""
        record = self.sharing.ledger.migration(self.sharing.migration_id)
        rules = json.loads(record.limits) if record and record.limits else {}
        return higher_limit(limit, rules.get("max_cost_usd"), by=" by retune")
