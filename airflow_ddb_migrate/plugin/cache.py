"""Answers kept for a few seconds, so that ten viewers cost one look, and one thread."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.plugin.threads import BusyError

SECONDS = 3.0
_SHARE = 4  # a look that took long is kept that many times as long: at most a fifth of a thread
_ENTRIES = 256
_WAIT_SECONDS = 1.0  # for a first answer that somebody else asks for


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = 0.0
    value: Any = None
    error: Exception | None = None
    has_value: bool = False


class AnswerCache:
    """Asks once for all who want to know the same at the same time; for threads of one process.

    Who comes while somebody asks gets the last answer. What failed is kept as well, for
    ``SECONDS`` and no longer: a service in trouble is not asked by each viewer.
    """

    def __init__(
        self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, ask: Callable[[], Any]) -> Any:
        """Return the answer that is kept, or ask.

        :raises BusyError: somebody else has been asking for a while, and nothing is kept.
        :raises Exception: what asking raised.
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
        """Ask anew the next time."""
        with self._lock:
            self._entries.pop(key, None)

    def _ask(self, entry: _Entry, ask: Callable[[], Any]) -> None:
        began = self._clock()
        try:
            entry.value, entry.error, entry.has_value = ask(), None, True
        except Exception as exc:  # noqa: BLE001  # raised by whoever asks
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
        """Drop what is out of date soonest; whoever holds such an entry still gets its answer."""
        oldest = sorted(self._entries, key=lambda key: self._entries[key].until)
        for key in oldest[: _ENTRIES // 4]:
            del self._entries[key]
