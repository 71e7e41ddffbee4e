"""Faults of the clock: it passes the end of a window while workers are in the middle of a page."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from airflow_ddb_migrate.aws.capacity.between import note_wanted
from airflow_ddb_migrate.aws.execution import tend
from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.core.ledger.results import Outcome
from tests.faults.checker import Rule
from tests.faults.run import RAISED, Run
from tests.faults.world import WORKERS
from tests.support.engines.proxy import Fate, Request
from tests.support.factories import at
from tests.support.waiting import HANG_SECONDS

_POLL_SECONDS = 0.7
_OBEY_SECONDS = 3.0  # to see that the window is over
_QUIET_SECONDS = 4.0  # in which nobody may write any more
_NIGHTS = 6  # more than any run takes


@dataclass(frozen=True, slots=True)
class Night:
    """When a run begins, with which windows."""

    begins_at: float
    windows: tuple[str, ...]


def window_ends(run: Run, during: Callable[[Run], None]) -> None:
    """Half an hour before the end of today's window; then whenever workers are at work."""
    now = datetime.fromtimestamp(time.time(), UTC).replace(second=0, microsecond=0)
    hours = [now + timedelta(hours=hour) for hour in (-2, 1)]
    window = f"{hours[0]:%H:%M}-{hours[1]:%H:%M} UTC"
    _through(run, Night(time.time(), (window,)))


def dst_night(run: Run, during: Callable[[Run], None]) -> None:
    """The night in which the clock on the wall skips an hour, or shows one twice."""
    nights = (
        Night(_utc("2026-10-25T00:16"), ("02:15-02:45 Europe/Berlin",)),  # open twice
        Night(_utc("2027-03-28T00:40"), ("01:00-02:30 Europe/Berlin",)),  # ends at two
        Night(_utc("2026-11-01T05:20"), ("22:00-01:30 America/New_York",)),  # ends a second time
    )
    _through(run, run.draw.choice(nights))


def _utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _through(run: Run, night: Night) -> None:
    """Migrate, and set the clock to the end of each window as soon as workers are at work."""
    _set_clock(run, night.begins_at)
    run.open()
    note_wanted(run.site, RAISED, warm=False, switch_to_on_demand=False, written=None)
    run.prewarm()
    run.start(windows=night.windows)
    ends = 0
    while ends < _NIGHTS:
        hit = run.until_requests(_requests(run) + run.draw.randint(5, 40)) if ends < 2 else False
        control = run.site.ledger.control(run.site.migration_id)
        assert control is not None
        if not hit:
            break
        _set_clock(run, control.closes_at + run.draw.uniform(0, 5))
        _check_quiet(run)
        seen = _until(run, lambda seen: seen.is_over or seen.is_between_windows)
        if seen.is_over:
            break
        ends += 1
        _check_night(run)
        _set_clock(run, control.opens_at + run.draw.uniform(0, 60))
        _until(run, lambda seen: seen.is_over or seen.verdict.outcome is Outcome.RUNNING)
    run.struck = lambda: ends
    run.settle(run.finish())
    run.restore()


def _check_night(run: Run) -> None:
    """Between two windows capacity is back, and the table is kept."""
    if run.capacity() != run.before:
        run.violate(Rule.CAPACITY, f"outside its hours it has {run.capacity()}")
    lease = run.site.leases.get(run.site.table.key)
    if lease is None or lease.migration_id != run.site.migration_id or lease.owes_capacity:
        run.violate(Rule.LEASE, f"outside its hours the lease is {lease}")


def _check_quiet(run: Run) -> None:
    """Workers settle what they have in hand, and do nothing more, whether Airflow looks or not."""
    time.sleep(_OBEY_SECONDS)  # other processes obey a file: there is no clock to inject
    asked = _asked_of_the_table(run)
    if asked:
        run.violate(Rule.WRITTEN, f"outside the hours its workers asked for {asked}")


def _asked_of_the_table(run: Run) -> list[str]:
    """Return what workers ask of the table; the safety net, which looks at leases, does not."""
    asked: list[str] = []

    def note(request: Request) -> Fate | None:
        if request.door == WORKERS and request.table == run.table:
            asked.append(request.operation)
        return None

    faults = run.world.proxy.faults
    run.world.proxy.faults = (note, *faults)
    time.sleep(_QUIET_SECONDS)  # other processes would work: there is no clock to inject
    run.world.proxy.faults = faults
    return asked


def _requests(run: Run) -> int:
    return run.world.proxy.counts.get(WORKERS, 0) - run.base


def _until(run: Run, holds: Callable[[Observation], bool]) -> Observation:
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        seen = run.as_airflow(lambda: tend.tend(at(run.site, run.now)))
        if holds(seen):
            return seen
        time.sleep(_POLL_SECONDS)  # other processes work: there is no clock to inject
    raise TimeoutError(f"It stays as it is: {seen.verdict.reason}")


def _set_clock(run: Run, to: float) -> None:
    """Set the clocks of all workers, and of whoever steers, to the same time."""
    run.waited = to - time.time()
    file = run.world.skew.with_suffix(".new")
    file.write_text(f"{run.waited}\n")
    file.replace(run.world.skew)
