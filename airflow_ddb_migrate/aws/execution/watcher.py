"""Observes a migration repeatedly, for the loops of the sensor and of the trigger."""

import logging
import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.execution.rates import planned_work, reading_of
from airflow_ddb_migrate.aws.execution.request import kept_request, plan_owner
from airflow_ddb_migrate.aws.execution.steering.pause import pause
from airflow_ddb_migrate.aws.execution.steering.stop import stop
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.errors import (
    AwsRequestError,
    LedgerError,
    NotBegunError,
    SteeringError,
)
from airflow_ddb_migrate.core.execution.on_kill import OnKill
from airflow_ddb_migrate.core.execution.rates import PlannedWork, Pulses, pulse_words
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.limits import EXECUTION_DAYS, WAIT_FACTOR, WAIT_SECONDS

PATIENCE_SECONDS = 3_600.0
TELL_SECONDS = 30.0  # between two lines of progress, except for the first few
_FIRST_LINES = 3
_DAY_SECONDS = 86_400


class Watcher:
    """Logs progress when it changes, and tolerates AWS outages of up to ``patience_seconds``.

    A watch can last for weeks, so one failed call must not end it.

    :param waits_for_begin: also wait for a migration that the ledger does not know yet.
    :param tell: called with each observation; it must not raise.
    """

    def __init__(  # noqa: PLR0913 # all except the first have a default
        self,
        open_site: Callable[[], Site],
        log: Any = None,
        *,
        clock: Clock = Clock(),
        patience_seconds: float = PATIENCE_SECONDS,
        waits_for_begin: bool = False,
        tell: Callable[[Site, Observation], None] | None = None,
    ) -> None:
        self._open_site = open_site
        self._log = log or logging.getLogger(__name__)
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._waits_for_begin = waits_for_begin
        self._also_tell = tell
        self._silent_since: float | None = None
        self._told = ""
        self._told_at = 0.0
        self._told_state: tuple[Outcome, str, str] | None = None
        self._lines = 0
        self._pulses = Pulses()
        self._expected: PlannedWork | None = None

    @cached_property
    def site(self) -> Site:
        return self._open_site()

    def poke(self) -> Observation | None:
        """Observe and tend the migration once; return None if that was not possible.

        That is the case if AWS did not answer, or the migration has not begun yet.

        :raises MigrationError: an error that a later poll cannot fix.
        """
        try:
            seen = tend(self.site)
        except AwsRequestError as exc:
            self._tolerate(exc, self._clock.now())
            return None
        except NotBegunError as exc:
            if not self._waits_for_begin:
                raise
            self._silent_since = None
            self._tell_line(f"Waiting for it to begin. {exc}", self._clock.now())
            return None
        self._silent_since = None
        self._tell(seen, self._clock.now())
        if self._also_tell:
            self._also_tell(self.site, seen)
        return seen

    def task_ended(self, on_kill: OnKill, reason: str, *, patience_seconds: float) -> None:
        """Do what ``on_kill`` says with the running attempt when the task ends, and log it."""
        try:
            done = self._end(on_kill, reason, patience_seconds)
        except NotBegunError as exc:
            done = f"Nothing to {on_kill}. {exc}"
        self._log.info("%s", done)

    def _end(self, on_kill: OnKill, reason: str, patience_seconds: float) -> str:
        if on_kill is OnKill.STOP:
            return stop(self.site, reason=reason, patience_seconds=patience_seconds)
        if on_kill is OnKill.PAUSE:
            return self._pause(reason)
        return f"Migration {self.site.migration_id} was left as it is."

    def _pause(self, reason: str) -> str:
        try:
            return pause(self.site, by="Airflow", reason=reason)
        except (LedgerError, SteeringError) as exc:
            return f"Nothing to pause. {exc}"

    def _tolerate(self, exc: AwsRequestError, now: float) -> None:
        if self._silent_since is None:
            self._silent_since = now
        silent = now - self._silent_since
        if silent >= self._patience_seconds:
            raise AwsRequestError(
                f"AWS has not answered for {silent:.0f} s. The last error: {exc} The migration "
                "may still be running. Clear this task to continue watching.",
                exc.aws_code,
            ) from exc
        self._log.warning("AWS did not answer, trying again later: %s", exc)

    def _tell(self, seen: Observation, now: float) -> None:
        """Log what changed: a hold, a stop and the end at once, the rest every TELL_SECONDS."""
        state = (seen.verdict.outcome, seen.orders.hold_reason, seen.orders.stop_reason)
        is_due = self._lines < _FIRST_LINES or now - self._told_at >= TELL_SECONDS
        if seen.verdict.reason == self._told or not (is_due or state != self._told_state):
            return
        self._told_state = state
        self._tell_line(seen.verdict.reason, now, self._pulse(seen))

    def _tell_line(self, line: str, now: float, more: str = "") -> None:
        if line != self._told:
            self._told, self._told_at = line, now
            self._lines += 1
            self._log.info("%s%s", line, more)

    def _pulse(self, seen: Observation) -> str:
        if seen.verdict.outcome is not Outcome.RUNNING:
            return ""
        look = reading_of(self.site, seen)
        self._expected = self._expected or planned_work(self.site, seen)
        return f" {pulse_words(self._pulses.of(look, self._expected), look)}"


def time_limit(site: Site) -> float:
    """Return the seconds after which a wait gives up.

    It is three times the plan's longest time, and at least a day: anything longer is not just slow.
    Without a plan, it is the year for which an execution can run. With windows, only the time in
    them counts.
    """
    longest = float(EXECUTION_DAYS * _DAY_SECONDS)
    record = site.ledger.migration(site.migration_id)
    owner = plan_owner(site, record) if record else site.migration_id
    seconds = plan_fields(site.ledger, owner).get("seconds") or {}
    high = float(seconds.get("high", 0))
    if not high:
        return longest
    wanted = max(WAIT_SECONDS, WAIT_FACTOR * high)
    return min(longest, _with_nights(site, wanted))


def _with_nights(site: Site, work_seconds: float) -> float:
    """Return the seconds from now until that much time in the migration's hours has passed."""
    request = kept_request(site)
    if request is None or not request.hours:
        return work_seconds
    left = work_seconds
    for stretch in request.hours.stretches(now := site.clock.now()):
        if left <= stretch.seconds:
            return stretch.opens_at + left - now
        left -= stretch.seconds
    return math.inf
