"""Threads of the plugin's own: an AWS that hangs must not take those of Airflow's API server.

A plain route of FastAPI runs in one of 40 threads that it shares with all of Airflow's own. The
routes here wait without a thread, and work in few.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from airflow_ddb_migrate.core.errors import MigrationError

_WAITING = 4  # for each thread; more are told to come again

T = TypeVar("T")


class BusyError(MigrationError):
    """Too much is asked of AWS just now, or it does not answer; nothing was changed."""

    retryable = True


class OwnThreads:
    """``most`` threads, and so many requests that wait for one."""

    def __init__(self, most: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=f"ddb-migrate-{name}")
        self._room = most * (1 + _WAITING)
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, from one of the threads; raises BusyError beyond them."""
        return await asyncio.wrap_future(self.submit(work))

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Begin it, and do not wait; raises BusyError."""
        with self._lock:
            if self._room == 0:
                raise BusyError(
                    "AWS answers slowly, and too many requests wait for it already. Try again in "
                    "a few seconds."
                )
            self._room -= 1
        future = self._pool.submit(work)
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: "Future[T]") -> None:
        with self._lock:
            self._room += 1
