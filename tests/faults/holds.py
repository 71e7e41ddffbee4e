"""Faults outside of the migration, which hold it: alarms, and a person beside them.

Time is set on for workers and Airflow alike, so that a run waits for no minutes.
"""

import random
import time
from collections.abc import Callable

from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from airflow_ddb_migrate.aws.execution.steering.retune import retune
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.health.spending import Rates, spent_by
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.limits import SHARERS_SECONDS, UNKNOWN_SECONDS
from tests.faults.checker import Rule
from tests.faults.run import Run
from tests.faults.wire import Storm, unwell
from tests.faults.world import WORKERS
from tests.support.factories import at, put_alarm
from tests.support.waiting import HANG_SECONDS

HEALTHY_SECONDS = 90.0
_READING = SHARERS_SECONDS + 1.0  # a reading is due after it
_LOOK_SECONDS = 40.0  # a tenth of a held child's longest wait, on a machine that is busy


def alarm_of(run: Run) -> str:
    return f"live-{run.name}-{run.seed}"


def make_alarm(run: Run) -> None:
    """Make the alarm that holds this run, in OK."""
    _set(run, "OK")
    run.options = {
        **run.options,
        "hold_while": (alarm_of(run),),
        "healthy_for": HEALTHY_SECONDS,
    }


def flaps(run: Run) -> None:
    """Let the alarm come and go: the hold lasts until it is OK for long enough."""
    if not _held_by_alarm(run):
        return
    for _ in range(run.draw.randint(1, 3)):
        _set(run, "OK")
        _pass(run, _READING)
        _set(run, "ALARM")
        _pass(run, _READING)
        _require_held(run, {HoldKind.HEALTH})
    _set(run, "OK")
    _until(run, lambda: not _kinds(run))


def unreadable(run: Run) -> None:
    """Let CloudWatch fail for over three minutes of the workers' time."""
    if not run.until_requests(run.draw.randint(5, 40)):
        run.struck = lambda: 0
        return
    storm = Storm(
        draw=random.Random(run.seed),
        hits=lambda asked: asked.door == WORKERS and asked.operation == "DescribeAlarms",
        fate=unwell,
        share=1.0,
        most=10**6,
    )
    run.world.proxy.faults = (storm, *run.world.proxy.faults)
    run.struck = lambda: storm.struck
    until = run.waited + UNKNOWN_SECONDS + 4 * _READING
    _until(run, lambda: bool(_kinds(run)) or run.is_over() or run.waited > until)
    run.world.proxy.faults = tuple(one for one in run.world.proxy.faults if one is not storm)
    if run.is_over():
        return
    _require_held(run, {HoldKind.HEALTH})
    _until(run, lambda: not _kinds(run))


def person_and_health(run: Run) -> None:
    """Let a person pause it beside the alarm: each hold outlasts the other's end."""
    if not _held_by_alarm(run):
        return
    run.said.append(pause(at(run.site, run.now()), by="a person"))
    _require_held(run, {HoldKind.PERSON, HoldKind.HEALTH})
    if run.draw.random() < 0.5:
        run.said.append(resume(at(run.site, run.now()), by="a person"))
        _pass(run, _READING)
        _require_held(run, {HoldKind.HEALTH})
        _set(run, "OK")
    else:
        _set(run, "OK")
        _until(run, lambda: HoldKind.HEALTH not in _kinds(run))
        _require_held(run, {HoldKind.PERSON})
        run.said.append(resume(at(run.site, run.now()), by="a person"))
    _until(run, lambda: not _kinds(run))


def money_runs_out(run: Run) -> None:
    """Let a person set a limit that is soon spent, and raise it."""
    hit = run.until_requests(run.draw.randint(5, 40))
    # Twice at least: laps are added up the moment they begin, also while the limit is being set.
    struck = hit and _limited(run, 2.0 + run.draw.random())
    deadline = time.monotonic() + HANG_SECONDS
    while struck and not _kinds(run) and not run.is_over() and time.monotonic() < deadline:
        time.sleep(0.3)  # workers add up when they do: there is no clock to inject
    struck = struck and bool(_kinds(run))
    run.struck = lambda: int(struck)
    if not struck:
        return
    _require_held(run, {HoldKind.MONEY})
    if not _limited(run, 1_000.0):
        run.violate(Rule.END, "The limit could not be raised")
    if _kinds(run):
        run.violate(Rule.END, f"It stays on hold for {sorted(_kinds(run))}")


def _limited(run: Run, times: float) -> bool:
    """Set the limit to so many times of what is spent; tell whether it was not over yet."""
    control = run.site.ledger.control(run.site.migration_id)
    assert control is not None
    spent = spent_by(_rows(run), Rates.from_dict(control.rates), run.now())
    try:
        run.said.append(
            retune(at(run.site, run.now()), by="a person", max_cost_usd=times * spent + 1e-6)
        )
    except MigrationError as exc:
        run.said.append(str(exc))
        return False
    return True


def _held_by_alarm(run: Run) -> bool:
    """Let the alarm go off in the middle; tell whether it came before the end."""
    hit = run.until_requests(run.draw.randint(5, 40))
    _set(run, "ALARM")
    _until(run, lambda: bool(_kinds(run)) or run.is_over())
    struck = hit and not run.is_over() and bool(_kinds(run))
    run.struck = lambda: int(struck)
    return struck


def _set(run: Run, state: str) -> None:
    put_alarm(run.world.cloudwatch, alarm_of(run), state)


def _kinds(run: Run) -> set[str]:
    control = run.site.ledger.control(run.site.migration_id)
    return {hold.kind for hold in control.in_force(run.now())} if control else set()


def _require_held(run: Run, kinds: set[HoldKind]) -> None:
    """Nothing is settled while it is on hold, and it is for no other reasons."""
    if _kinds(run) != kinds:
        run.violate(Rule.END, f"It is on hold for {sorted(_kinds(run))}, not {sorted(kinds)}")
    before = _wait_until_still(run)
    _pass(run, _READING)
    if before != _seen(run):
        run.violate(Rule.END, "It went on while it was on hold")


def _wait_until_still(run: Run) -> int:
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        if not any(row.is_live(run.now()) for row in _rows(run)):
            return _seen(run)
        time.sleep(0.2)  # other processes work: there is no clock to inject
    raise TimeoutError("Workers do not obey a hold.")


def _read_at(run: Run) -> float:
    control = run.site.ledger.control(run.site.migration_id)
    return control.alarms_at if control else 0.0


def _rows(run: Run) -> list:
    return list(run.site.lanes.all(run.site.migration_id))


def _seen(run: Run) -> int:
    return sum(row.counts.seen for row in _rows(run))


def _pass(run: Run, seconds: float) -> None:
    """Set everybody's clock on, and wait for the next reading, if anybody is there to read."""
    run.waited += seconds
    run.world.skew.write_text(f"{run.waited}\n")
    before, deadline = _read_at(run), time.monotonic() + _LOOK_SECONDS
    while _read_at(run) == before and time.monotonic() < deadline and not run.is_over():
        time.sleep(0.5)  # held children look when they do: there is no clock to inject


def _until(run: Run, holds: Callable[[], bool]) -> None:
    """Set the clock on, reading after reading, until something holds."""
    for _ in range(20):
        if holds():
            return
        _pass(run, _READING)
    raise TimeoutError(f"It stays on hold for {sorted(_kinds(run))}.")
