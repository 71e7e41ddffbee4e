"""Waits that end when the slice must end."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from airflow_ddb_migrate.core.limits import RETRY_SECONDS

_STEP_SECONDS = 0.2


class StoppedError(Exception):
    """The slice is ending: nothing new may begin."""


@dataclass(slots=True, eq=False, repr=False)
class Patience:
    """Sleeps in small steps, in any thread, until it is stopped."""

    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)

    def stop(self) -> None:
        self._stopped.set()

    def wait(self, seconds: float, stretch: Callable[[], float] = lambda: 1.0) -> None:
        """Wait; raises StoppedError if the slice ends meanwhile, or has ended.

        ``stretch`` returns the factor by which the rest of the wait has grown since its last call.
        """
        while seconds > 0:
            self.check()
            self.sleep(min(seconds, _STEP_SECONDS))
            seconds = (seconds - _STEP_SECONDS) * stretch()
        self.check()

    def back_off(self, tries: int) -> float:
        """Return the seconds before the next try after ``tries`` + 1 failures, with full jitter."""
        first, longest = RETRY_SECONDS
        return self.jitter(0.0, min(longest, first * 2.0**tries))

    def check(self) -> None:
        if self._stopped.is_set():
            raise StoppedError
