"""Every way in which a migration is cut short loses no item, and ends where it should.

``make kills`` runs it, on a real Airflow beside the embedded stack; ``docs/kills.md`` has what came
of it. ``make kills KILLS_ONLY=triggerer`` runs one case.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.campaigns.kills import results
from tests.campaigns.kills.processes import kill, task_process
from tests.campaigns.kills.results import Result
from tests.campaigns.kills.victim import ITEM_SECONDS, ITEMS, SEGMENTS, UNITS, Victim, victim
from tests.support.worlds.airflow_site import DAG_ID

pytestmark = [
    pytest.mark.skipif("KILLS" not in os.environ, reason="make kills runs it"),
    pytest.mark.timeout(900),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``cut`` does it, and tells when it was noticed. ``goes_on`` says if AWS does."""

    killed: str
    cut: Callable[[Victim], str]
    goes_on: bool
    dag_id: str = DAG_ID
    item_seconds: float = ITEM_SECONDS


def _kill_start(it: Victim) -> str:
    pid = task_process(_queued(it, "start"))
    it.until(lambda: bool(it.watch.look()), "an execution")
    return _kill_task(it, "start", pid)


def _kill_prewarm(it: Victim) -> str:
    pid = task_process(_queued(it, "prewarm"))
    it.until(lambda: it.units() != UNITS, "raised capacity")
    return _kill_task(it, "prewarm", pid)


def _kill_wait(it: Victim) -> str:
    it.await_middle()
    return _kill_task(it, "wait", task_process(it.task_instance("wait")))


def _kill_triggerer(it: Victim) -> str:
    it.await_middle()
    it.parts.restart("triggerer")
    return _noticed_the_end(it)


def _kill_scheduler(it: Victim) -> str:
    it.await_middle()
    it.parts.restart("scheduler")
    return _noticed_the_end(it)


def _kill_airflow(it: Victim) -> str:
    it.await_middle()
    it.parts.restart_all()
    it.airflow.airflow.await_dag(DAG_ID)
    return _noticed_the_end(it)


def _kill_lambdas(it: Victim) -> str:
    it.await_middle()
    assert it.airflow.chain.kill_workers()
    return _noticed_the_end(it)


def _fail_wait(it: Victim) -> str:
    return _by_a_person(it, lambda: it.run.mark("wait", "failed"))


def _fail_wait_early(it: Victim) -> str:
    """Before its trigger watches, Airflow tells nobody that a person ended the task."""
    it.run.until("wait", "running")
    began = time.monotonic()
    it.run.mark("wait", "failed")
    return f"{it.await_ended() - began:.1f} s: execution ended"


def _succeed_wait(it: Victim) -> str:
    return _by_a_person(it, lambda: it.run.mark("wait", "success"))


def _clear_wait(it: Victim) -> str:
    return _by_a_person(it, lambda: it.run.clear("wait"))


def _fail_run(it: Victim) -> str:
    return _by_a_person(it, it.fail_run)


CASES = {
    "prewarm": Case(
        killed="the process of `prewarm`, just after it raised the capacity",
        cut=_kill_prewarm,
        goes_on=True,
    ),
    "start": Case(
        killed="the process of `start`, just after StartExecution",
        cut=_kill_start,
        goes_on=True,
        item_seconds=0.12,  # it is retried after 30 s, and shall find it running
    ),
    "worker": Case(
        killed="the process of a `wait` that is not deferred",
        cut=_kill_wait,
        goes_on=True,
        dag_id="held",
    ),
    "triggerer": Case(killed="the triggerer, restarted", cut=_kill_triggerer, goes_on=True),
    "scheduler": Case(
        killed="the scheduler with its workers, restarted", cut=_kill_scheduler, goes_on=True
    ),
    "airflow": Case(killed="all of Airflow, restarted", cut=_kill_airflow, goes_on=True),
    "lambdas": Case(killed="every Lambda worker", cut=_kill_lambdas, goes_on=True),
    "wait-failed": Case(
        killed="`wait` marked failed",
        cut=_fail_wait,
        goes_on=False,
        item_seconds=0.12,  # before Airflow 3.3 it takes restore to stop it
    ),
    "early": Case(
        killed="`wait` marked failed before its trigger watches",
        cut=_fail_wait_early,
        goes_on=False,
        item_seconds=0.12,  # it takes restore to stop it
    ),
    "wait-success": Case(killed="`wait` marked success", cut=_succeed_wait, goes_on=False),
    "wait-cleared": Case(killed="`wait` cleared", cut=_clear_wait, goes_on=False),
    "run-failed": Case(killed="the DAG run marked failed", cut=_fail_run, goes_on=False),
}


@pytest.fixture(scope="module", autouse=True)
def shown():
    """Whatever ran is shown beside what ran before."""
    yield
    print(f"\n{results.table()}")


@pytest.mark.parametrize("name", CASES)
def test_kill(airflow, parts, name, record_property):
    """What is done stays done, the rest is as it was; going on migrates each item once."""
    case = CASES[name]
    with victim(
        airflow, parts, f"kill-{name}", dag_id=case.dag_id, item_seconds=case.item_seconds
    ) as it:
        noticed = case.cut(it)
        it.half_done()
        state = it.run.finish()
        restore = it.run.tasks()["restore"]
        units = it.units()
        it.await_ended()
        done = it.half_done()
        end = "the run went on to its end" if state == "success" else _resume(it, done)
        it.check_end()
        executions = tuple(it.watch.statuses[name] for name in sorted(it.watch.statuses))
        most_live = it.watch.most_live
    result = Result(
        killed=case.killed,
        executions=executions,
        noticed=noticed,
        restore=restore,
        end=end,
    )
    results.keep(name, result)
    record_property("note", noticed)
    assert 1 == most_live
    assert UNITS == units
    assert "success" == restore
    # Workers that obey STOP may end an execution before AWS is told to: SUCCEEDED, with less done.
    assert (case.goes_on, case.goes_on) == (state == "success", done == ITEMS)


def _resume(it: Victim, done: int) -> str:
    it.run.clear("start")
    it.run.until("start", "success", "failed")
    assert "success" == it.run.finish()
    left = it.lanes_of_last_attempt()
    return f"red with {done} items done; `start` cleared: {left} of {SEGMENTS} segments, green"


def _queued(it: Victim, task_id: str) -> str:
    """Wait until a task is about to run."""
    it.run.until(task_id, "queued", "running")
    return it.task_instance(task_id)


def _kill_task(it: Victim, task_id: str, pid: int) -> str:
    kill([pid])
    began = time.monotonic()
    state = it.run.until(task_id, "up_for_retry", "failed", "success", "deferred")
    assert "up_for_retry" == state, f"{task_id} was over before it was killed"
    return f"{_since(began)}: `{task_id}` {state}"


def _noticed_the_end(it: Victim) -> str:
    """Tell how long after the execution's end ``wait`` ended."""
    ended = it.await_ended()
    it.run.until("wait", "success", "failed", "up_for_retry")
    return f"`wait` ended {_since(ended)} after the execution"


def _by_a_person(it: Victim, act: Callable[[], None]) -> str:
    it.await_middle()
    began = time.monotonic()
    act()
    return f"{it.await_ended() - began:.1f} s: execution ended"


def _since(moment: float) -> str:
    return f"{time.monotonic() - moment:.1f} s"
