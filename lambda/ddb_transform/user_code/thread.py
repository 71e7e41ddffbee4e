"""The one thread in which a user's code is imported and called, one call at a time.

It lives as long as the process: what a module made at import (a sqlite3 connection, a
``threading.local``, a decimal context) works in every call. It fetches nothing and waits for no
budget. A page of items is one job; an urgent job, such as an item that lost a race, runs between
two items of a page.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Job = Callable[[], None]


class UserThread:
    """Runs jobs in its own thread and returns their results to the waiting threads.

    ``ident`` is the thread's, None before the first job. A forked process gets its own thread.
    """

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    @property
    def has_urgent(self) -> bool:
        """Whether an urgent job is waiting."""
        return bool(self._urgent)

    def call(self, job: Callable[[], T], *, urgent: bool = False) -> T:
        """Run a job and return its result, or raise what it raised; a job may call this, too."""
        if self.ident is None:
            self._start()
        if threading.get_ident() == self.ident:
            return job()
        future: Future[T] = Future()
        task = _task(job, future)
        if urgent:
            self._urgent.append(task)
            self._jobs.put(self.serve_urgent)
        else:
            self._jobs.put(task)
        return future.result()

    def serve_urgent(self) -> None:
        """Run the waiting urgent jobs. The thread itself calls this between two items of a page."""
        while self._urgent:
            self._urgent.popleft()()

    def _forget(self) -> None:
        self.ident: int | None = None
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._urgent: deque[_Job] = deque()
        self._starting = threading.Lock()

    def _start(self) -> None:
        with self._starting:
            if self.ident is None:
                thread = threading.Thread(target=self._serve, name="transforms", daemon=True)
                thread.start()
                self.ident = thread.ident

    def _serve(self) -> None:
        while True:
            self._jobs.get()()


def _task(job: Callable[[], T], future: "Future[T]") -> _Job:
    def task() -> None:
        try:
            result: Any = job()
        except BaseException as exc:  # noqa: BLE001  # raised again in the waiting thread
            future.set_exception(exc)
        else:
            future.set_result(result)

    return task


USER_THREAD = UserThread()
