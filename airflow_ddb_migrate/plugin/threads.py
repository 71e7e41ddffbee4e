"""The plugin's own threads, so that a slow AWS does not block Airflow's API server.

A plain route of FastAPI runs in one of 40 threads, which all routes of Airflow share. The routes
here wait without a thread, and work in a few threads of their own.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from airflow_ddb_migrate.core.errors import MigrationError

_WAITING = 4  # waiting requests for each thread; further ones get BusyError

T = TypeVar("T")


class BusyError(MigrationError):
    """Too many requests wait for AWS, or AWS does not answer. Nothing was changed."""

    retryable = True


class OwnThreads:
    """``most`` threads, with a limited number of waiting requests."""

    def __init__(self, most: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=f"ddb-migrate-{name}")
        self._room = most * (1 + _WAITING)
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in one of the threads and return its result; raises BusyError if full."""
        return await asyncio.wrap_future(self.submit(work))

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Start ``work`` in one of the threads without waiting; raises BusyError if full."""
        with self._lock:
            if self._room == 0:
                raise BusyError(
                    "AWS answers slowly, and too many requests are waiting for it. Try again in a "
                    "few seconds."
                )
            self._room -= 1
        future = self._pool.submit(work)
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: "Future[T]") -> None:
        with self._lock:
            self._room += 1
