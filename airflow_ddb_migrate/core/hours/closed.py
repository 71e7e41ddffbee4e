"""What keeps the next attempt from beginning, in words: its hours, or a hold."""

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_ddb_migrate.core.text.times import iso


@dataclass(frozen=True, slots=True)
class Closed:
    """The hours of a migration are over since then, and begin again then (0: within no year)."""

    since: float
    opens_at: float

    def words(self, now: float) -> str:
        """Say it in sentences."""
        parts = [f"It is outside its hours since {iso(self.since)}: nothing is written."]
        if not self.opens_at:
            parts.append("No window begins within a year.")
        elif now < self.opens_at:
            parts.append(
                f"The next window begins at {iso(self.opens_at)}; the task that waits for it then "
                "raises the capacity again, and begins a new attempt with what is unfinished."
            )
        else:
            parts.append(
                f"A window has begun at {iso(self.opens_at)}: the task that waits for it begins a "
                "new attempt. If none waits, clear the start task with its downstream tasks."
            )
        return " ".join(parts)


def kept_words(held: Iterable[str]) -> str:
    """Say that holds for these reasons keep it from beginning; empty without any."""
    reasons = "; ".join(reason.rstrip(".") for reason in held)
    return f"No attempt begins while it is held: {reasons}." if reasons else ""
