"""Answers kept for a few seconds, so that ten viewers cost one look."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

SECONDS = 3.0
_SHARE = 4  # a look that took long is kept that many times as long: at most a fifth of a thread
_ENTRIES = 256


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = 0.0
    value: Any = None
    error: Exception | None = None


class AnswerCache:
    """Asks once for all who want to know the same at the same time; for threads of one process.

    What failed is kept as well, for ``SECONDS``: a service in trouble is not asked by each viewer.
    """

    def __init__(
        self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, ask: Callable[[], Any]) -> Any:
        """Return the answer that is kept, or ask; raises what asking raised."""
        entry = self._entry(key)
        with entry.lock:
            if entry.until <= self._clock():
                self._ask(entry, ask)
            if entry.error:
                raise entry.error
            return entry.value

    def forget(self, key: Hashable) -> None:
        """Ask anew the next time."""
        with self._lock:
            self._entries.pop(key, None)

    def _ask(self, entry: _Entry, ask: Callable[[], Any]) -> None:
        began = self._clock()
        try:
            entry.value, entry.error = ask(), None
            seconds = self._seconds
        except Exception as exc:  # noqa: BLE001  # raised by whoever asks
            entry.value, entry.error = None, exc
            seconds = SECONDS
        now = self._clock()
        entry.until = now + max(seconds, _SHARE * (now - began))

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            if len(self._entries) >= _ENTRIES and key not in self._entries:
                self._drop_old()
            return self._entries.setdefault(key, _Entry())

    def _drop_old(self) -> None:
        """Drop what is out of date; whoever holds such an entry still gets its answer."""
        now = self._clock()
        self._entries = {k: entry for k, entry in self._entries.items() if entry.until > now}
