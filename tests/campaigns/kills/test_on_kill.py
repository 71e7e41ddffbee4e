"""A ``wait`` that pauses or leaves its migration when a person ends it: nothing is stopped.

``make kills`` runs it, and the table of ``docs/kills.md`` has what came of it.
"""

import os
import time
from collections.abc import Callable

import pytest
from airflow_ddb_migrate.aws.execution.steering.pause import resume
from tests.campaigns.kills import results
from tests.campaigns.kills.results import Result
from tests.campaigns.kills.victim import ITEMS, UNITS, Victim, victim

pytestmark = [
    pytest.mark.skipif("KILLS" not in os.environ, reason="make kills runs it"),
    pytest.mark.timeout(900),
]

SECONDS = 0.12  # of an item: it shall outlast its DAG run


@pytest.fixture(autouse=True)
def shown():
    """Whatever ran is shown beside what ran before."""
    yield
    print(f"\n{results.table()}")


def test_pause(airflow, parts):
    """It is on hold when the run has ended red; resumed it goes on, and a cleared ``wait`` sees."""
    with victim(airflow, parts, "kill-pause", dag_id="paused", item_seconds=SECONDS) as it:
        noticed = _mark_failed(it, lambda: it.command() == "HOLD", "on hold")
        restore, units = _ended_red(it)
        it.until(lambda: not it.live_workers(), "workers that wait")
        done = it.half_done()
        resume(it.site, by="a test")
        _watch_on(it)
        _keep("pause", it, noticed, restore, f"red with {done} items done; resumed, `wait` cleared")
    assert UNITS == units
    assert 0 < done < ITEMS


def test_leave(airflow, parts):
    """It goes on when the run has ended red, at its old capacity; a cleared ``wait`` sees it."""
    with victim(airflow, parts, "kill-leave", dag_id="left", item_seconds=SECONDS) as it:
        noticed = _mark_failed(it, lambda: it.run.state() == "failed", "run ended")
        restore, units = _ended_red(it)
        done = it.half_done()
        _watch_on(it)
        _keep("leave", it, noticed, restore, f"red with {done} items done; `wait` cleared")
    assert UNITS == units
    assert 0 < done < ITEMS


def _mark_failed(it: Victim, is_noticed: Callable[[], bool], what: str) -> str:
    it.await_middle()
    began = time.monotonic()
    it.run.mark("wait", "failed")
    it.until(is_noticed, what)
    return f"{time.monotonic() - began:.1f} s: {what}"


def _ended_red(it: Victim) -> tuple[str, dict[str, int]]:
    """Return how restore ended, and the units that the table had then."""
    assert "failed" == it.run.finish()
    assert ["RUNNING"] == list(it.watch.look().values())
    return it.run.tasks()["restore"], it.units()


def _watch_on(it: Victim) -> None:
    it.run.clear("wait")
    it.run.until("wait", "deferred", "success")
    assert "success" == it.run.finish()
    it.check_end()


def _keep(case: str, it: Victim, noticed: str, restore: str, end: str) -> None:
    """Note the row; one execution did all of it."""
    result = Result(
        killed=f'`wait` marked failed, with `on_kill="{case}"`',
        executions=tuple(it.watch.look().values()),
        noticed=noticed,
        restore=restore,
        end=f"{end}, green",
    )
    results.keep(case, result)
    assert (("SUCCEEDED",), "success") == (result.executions, restore)
