"""Why the next attempt does not begin, in words: the hours, or a hold."""

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_ddb_migrate.core.text.times import iso


@dataclass(frozen=True, slots=True)
class Closed:
    """A migration is outside its hours, from ``since`` to ``opens_at`` (0: not within a year)."""

    since: float
    opens_at: float

    def words(self, now: float) -> str:
        """Return sentences for a person."""
        parts = [f"It has been outside its hours since {iso(self.since)}: nothing is written."]
        if not self.opens_at:
            parts.append("No window begins within a year.")
        elif now < self.opens_at:
            parts.append(
                f"The next window begins at {iso(self.opens_at)}. The waiting task then raises "
                "the capacity again and starts a new attempt with the unfinished segments."
            )
        else:
            parts.append(
                f"A window began at {iso(self.opens_at)}: the waiting task starts a new attempt. "
                "If no task waits, clear the start task with its downstream tasks."
            )
        return " ".join(parts)


def kept_words(held: Iterable[str]) -> str:
    """Return a sentence on the holds that keep an attempt from starting; empty without any."""
    reasons = "; ".join(reason.rstrip(".") for reason in held)
    return f"No attempt starts while it is on hold: {reasons}." if reasons else ""
