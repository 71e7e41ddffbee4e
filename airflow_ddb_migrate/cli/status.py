"""How a migration is just now, as the command line shows it: once, as JSON, or live."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from airflow_ddb_migrate.aws.execution.observe import Observation, observe
from airflow_ddb_migrate.aws.execution.rates import expected_of, look_of
from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.core.execution.rates import Pulse, Pulses, Reading, pulse_words
from airflow_ddb_migrate.core.ledger.events import Event
from airflow_ddb_migrate.core.report.view import owes_capacity
from airflow_ddb_migrate.core.text.times import iso

REDRAW_SECONDS = 5.0
LINE_SECONDS = 30.0  # between two lines where there is no terminal
_LANES_PER_SECOND = 500  # a look reads the row of every lane: 10,000 of them every 20 s
_EVENTS = 10
_CLEAR = "\x1b[2J\x1b[H"


class Output(Protocol):
    """Where a view is written: a terminal, or not."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusScreen:
    """One look at a migration, with its figures and its latest events."""

    seen: Observation
    look: Reading
    pulse: Pulse
    events: list[Event]
    hold: str = ""

    @property
    def is_over(self) -> bool:
        return self.seen.is_over

    def in_words(self) -> str:
        """Return some lines."""
        record, attempt = self.seen.record, self.seen.attempt
        return "\n".join(
            (
                f"Migration {record.migration_id}: {self.seen.result}",
                f"{record.mode} of table {record.table_name}, transform {record.transform}, "
                f"attempt {attempt.number} started {_when(attempt.started_at)}",
                f"Execution {attempt.execution_arn}",
                self.in_a_line(),
                *([self.hold] if self.hold else []),
                "",
                *(f"{iso(e.at)}  {e.what:<8} by {e.by}: {e.words}" for e in self.events),
            )
        )

    def in_a_line(self) -> str:
        reason = self.seen.verdict.reason
        return reason if self.is_over else f"{reason} {pulse_words(self.pulse, self.look)}"

    def to_json(self) -> str:
        """Return one JSON document; unknown figures are null."""
        return json.dumps(self.to_dict(), indent=2)

    def to_dict(self) -> dict[str, Any]:
        seen, progress = self.seen, self.seen.progress
        return {
            "migration_id": seen.record.migration_id,
            "table_name": seen.record.table_name,
            "mode": seen.record.mode.value,
            "status": seen.result,
            "reason": seen.verdict.reason,
            "attempt": seen.attempt.number,
            "execution_arn": seen.attempt.execution_arn,
            "segments": {
                "all": progress.lanes,
                "done": progress.done,
                "running": progress.running,
                "pending": progress.pending,
                "failed": len(progress.failed),
            },
            "counts": progress.counts.to_dict(),
            "units": progress.units.to_dict(),
            "throttles": progress.throttles.to_dict(),
            "conflicts": progress.conflicts,
            "read_units_per_second": self.look.read_units_per_second,
            "write_units_per_second": self.look.write_units_per_second,
            "orders": asdict(seen.orders),
            "hold": self.hold,
            "pulse": asdict(self.pulse),
            "events": [{**asdict(event), "at": iso(event.at)} for event in self.events],
        }


@dataclass(slots=True)
class StatusView:
    """Looks at a migration again and again, and remembers what rates follow from."""

    site: Site
    _pulses: Pulses = field(default_factory=Pulses, init=False)

    def look(self) -> StatusScreen:
        """Look once; changes nothing.

        :raises MigrationError: it was never started, or AWS does not answer.
        """
        now = self.site.clock.now()
        seen = observe(self.site)
        look = look_of(self.site, seen)
        pulse = self._pulses.of(look, expected_of(self.site, seen))
        latest = events(self.site.ledger, self.site.migration_id, _EVENTS)
        lease = self.site.leases.get(self.site.table.key)
        hold = seen.hold_words(now, owes_capacity=owes_capacity(lease, self.site.migration_id))
        return StatusScreen(seen=seen, look=look, pulse=pulse, events=latest, hold=hold)

    def watch(self, out: Output) -> None:
        """Draw the view until the migration is over, or the person has seen enough (Ctrl-C)."""
        try:
            self._watch(out)
        except KeyboardInterrupt:
            _print(out, "\nThe view has ended; the migration goes on.")

    def _watch(self, out: Output) -> None:
        shown, told_at, told = self.look(), float("-inf"), ""
        while True:
            line = shown.in_a_line()
            if out.isatty():
                _print(out, f"{_CLEAR}{shown.in_words()}\n\n(Ctrl-C ends this view only)")
            elif shown.is_over or (
                line != told and self.site.clock.now() - told_at >= LINE_SECONDS
            ):
                _print(out, f"{iso(shown.look.at)}  {line}")
                told_at, told = self.site.clock.now(), line
            if shown.is_over:
                return
            self.site.clock.sleep(
                max(REDRAW_SECONDS, shown.seen.progress.lanes / _LANES_PER_SECOND)
            )
            shown = self._look_again(shown, out)

    def _look_again(self, shown: StatusScreen, out: Output) -> StatusScreen:
        """An AWS that does not answer is told, and asked again."""
        try:
            return self.look()
        except AwsRequestError as exc:
            _print(out, f"AWS did not answer, looking again: {exc}")
            return shown


def _print(out: Output, text: str) -> None:
    out.write(f"{text}\n")
    out.flush()


def _when(seconds: float) -> str:
    return iso(seconds) if seconds else "not yet"
