"""The progress of a migration, as the command line shows it: once, as JSON, or live."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.report.status import Status, status_of
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.core.execution.rates import Pulses, pulse_words
from airflow_ddb_migrate.core.text.markdown import visible_lines
from airflow_ddb_migrate.core.text.times import iso

REDRAW_SECONDS = 5.0
LINE_SECONDS = 30.0  # between two lines if the output is not a terminal
_LANES_PER_SECOND = 500  # an observation reads every lane's row: 10,000 of them every 20 s
_EVENTS = 10
_CLEAR = "\x1b[2J\x1b[H"


class Output(Protocol):
    """The stream to which a view is written."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class StatusScreen:
    """A migration's status as several lines, one line, or JSON."""

    status: Status

    @property
    def seen(self) -> Observation:
        return self.status.seen

    def in_words(self) -> str:
        """Return the status as several lines."""
        record, attempt = self.seen.record, self.seen.attempt
        return "\n".join(
            (
                f"Migration {record.migration_id}: {self.seen.result}",
                f"{record.mode} of table {record.table_name}, transform {record.transform}, "
                f"attempt {attempt.number} started {_when(attempt.started_at)}",
                f"Execution {attempt.execution_arn}",
                self.in_a_line(),
                *([self.status.hold] if self.status.hold else []),
                "",
                *(f"{iso(e.at)}  {e.what:<8} by {e.who}: {e.words}" for e in self.status.events),
            )
        )

    def in_a_line(self) -> str:
        reason = self.seen.verdict.reason
        if self.seen.is_over or self.seen.is_between_windows:
            return reason
        return f"{reason} {pulse_words(self.status.pulse, self.status.reading)}"

    def to_json(self) -> str:
        """Return one JSON document. Unknown figures are null."""
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
            "read_units_per_second": self.status.reading.read_units_per_second,
            "write_units_per_second": self.status.reading.write_units_per_second,
            "orders": asdict(seen.orders),
            "hold": self.status.hold,
            "pulse": asdict(self.status.pulse),
            "events": [{**asdict(event), "at": iso(event.at)} for event in self.status.events],
        }


@dataclass(slots=True)
class StatusView:
    """Observes a migration repeatedly, and keeps the figures from which rates are computed."""

    site: Site
    _pulses: Pulses = field(default_factory=Pulses, init=False)

    def look(self) -> StatusScreen:
        """Observe the migration once. Changes nothing.

        :raises MigrationError: the migration was never started, or AWS does not answer.
        """
        return StatusScreen(status_of(self.site, self._pulses, events_shown=_EVENTS))

    def watch(self, out: Output) -> None:
        """Show the view until the migration has ended or you press Ctrl-C."""
        try:
            self._watch(out)
        except KeyboardInterrupt:
            _print(out, "\nThe view has ended. The migration continues.")

    def _watch(self, out: Output) -> None:
        shown, told_at, told = self.look(), float("-inf"), ""
        while True:
            line = shown.in_a_line()
            if out.isatty():
                out.write(_CLEAR)
                _print(out, f"{shown.in_words()}\n\n(Ctrl-C ends only this view)")
            elif shown.seen.is_over or (
                line != told and self.site.clock.now() - told_at >= LINE_SECONDS
            ):
                _print(out, f"{iso(shown.status.reading.at)}  {line}")
                told_at, told = self.site.clock.now(), line
            if shown.seen.is_over:
                return
            self.site.clock.sleep(
                max(REDRAW_SECONDS, shown.seen.progress.lanes / _LANES_PER_SECOND)
            )
            shown = self._look_again(shown, out)

    def _look_again(self, shown: StatusScreen, out: Output) -> StatusScreen:
        """Observe again. If AWS does not answer, say so and return the last status."""
        try:
            return self.look()
        except AwsRequestError as exc:
            _print(out, f"AWS did not answer; trying again: {exc}")
            return shown


def _print(out: Output, text: str) -> None:
    out.write(f"{visible_lines(text)}\n")
    out.flush()


def _when(seconds: float) -> str:
    return iso(seconds) if seconds else "not yet"
