"""Keep answers for a few seconds, so that ten viewers cost one request and one thread."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.plugin.threads import BusyError

SECONDS = 3.0
_SHARE = 4  # a slow answer is kept this many times its duration: at most a fifth of a thread
_ENTRIES = 256
_WAIT_SECONDS = 1.0  # for a first answer that another thread is getting


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = 0.0
    value: Any = None
    error: Exception | None = None
    has_value: bool = False


class AnswerCache:
    """Gets each answer once for all threads of the process that ask for it at the same time.

    While one thread gets a new answer, the others get the last one. An error is kept too, for
    ``SECONDS``, so that not every viewer asks a service in trouble.
    """

    def __init__(
        self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, ask: Callable[[], Any]) -> Any:
        """Return the kept answer, or call ``ask`` for a new one.

        :raises BusyError: another thread has been asking for a while, and no answer is kept.
        :raises Exception: the error that ``ask`` raised.
        """
        entry = self._entry(key)
        if not entry.lock.acquire(timeout=0 if entry.has_value else _WAIT_SECONDS):
            if entry.has_value:
                return entry.value
            raise BusyError("AWS has not answered yet. Try again in a few seconds.")
        try:
            if entry.until <= self._clock():
                self._ask(entry, ask)
            if entry.error:
                raise entry.error
            return entry.value
        finally:
            entry.lock.release()

    def forget(self, key: Hashable) -> None:
        """Drop an answer, so that the next ``get`` asks again."""
        with self._lock:
            self._entries.pop(key, None)

    def _ask(self, entry: _Entry, ask: Callable[[], Any]) -> None:
        began = self._clock()
        try:
            entry.value, entry.error, entry.has_value = ask(), None, True
        except Exception as exc:  # noqa: BLE001  # get raises it
            entry.value, entry.error, entry.has_value = None, exc, False
            entry.until = self._clock() + SECONDS
        else:
            now = self._clock()
            entry.until = now + max(self._seconds, _SHARE * (now - began))

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            if len(self._entries) >= _ENTRIES and key not in self._entries:
                self._drop_old()
            return self._entries.setdefault(key, _Entry())

    def _drop_old(self) -> None:
        """Drop the entries that expire first. A thread that waits for one still gets its answer."""
        oldest = sorted(self._entries, key=lambda key: self._entries[key].until)
        for key in oldest[: _ENTRIES // 4]:
            del self._entries[key]
