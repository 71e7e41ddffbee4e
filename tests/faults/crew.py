"""Several processes share a campaign's runs, each with an emulator of its own."""

import multiprocessing
import os
import queue
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from pathlib import Path

from tests.faults.campaign import run_one
from tests.faults.kinds import KINDS
from tests.faults.results import Result
from tests.faults.world import fault_world

Task = tuple[str, int]  # the kind's name, the seed

_RUNS_OF_A_WORLD = 60  # each run searches all that its world has ever logged
_LOOK_SECONDS = 5.0


def crew(tasks: Sequence[Task], jobs: int, outage_seconds: float) -> Iterator[Result]:
    """Yield the results as they come.

    Raises:
        RuntimeError: a process died; its run has no result.
    """
    context = multiprocessing.get_context("spawn")
    waiting: Queue[Task | None] = context.Queue()
    done: Queue[Result] = context.Queue()
    jobs = min(jobs, len(tasks))
    for task in (*tasks, *(None for _ in range(jobs))):
        waiting.put(task)
    arguments = (waiting, done, outage_seconds)
    with _running([context.Process(target=_work, args=arguments) for _ in range(jobs)]) as workers:
        for _ in tasks:
            yield _next(done, workers)


@contextmanager
def _running(workers: list[SpawnProcess]) -> Iterator[list[SpawnProcess]]:
    for worker in workers:
        worker.start()
    try:
        yield workers
    except Exception:  # at Ctrl-C the terminal has told them itself
        for worker in workers:
            if worker.pid and worker.is_alive():
                os.kill(worker.pid, signal.SIGINT)
        raise
    finally:
        for worker in workers:
            worker.join()


def _next(done: "Queue[Result]", workers: list[SpawnProcess]) -> Result:
    while True:
        died = [worker.exitcode for worker in workers if worker.exitcode]
        try:
            return done.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            if died:
                raise RuntimeError(f"A process of the campaign ended with {died[0]}.") from None


def _work(waiting: "Queue[Task | None]", done: "Queue[Result]", outage_seconds: float) -> None:
    with suppress(KeyboardInterrupt):
        while _work_in_a_world(waiting, done, outage_seconds):
            pass


def _work_in_a_world(
    waiting: "Queue[Task | None]", done: "Queue[Result]", outage_seconds: float
) -> bool:
    """Do some runs; tell whether there may be more."""
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        fault_world(Path(folder)) as world,
    ):
        for _ in range(_RUNS_OF_A_WORLD):
            task = waiting.get()
            if task is None:
                return False
            name, seed = task
            done.put(run_one(world, KINDS[name], seed, outage_seconds))
    return True
