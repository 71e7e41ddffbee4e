"""The clock of a migration's steps. Tests replace it."""

import time
from collections.abc import Callable
from dataclasses import dataclass


def _now() -> float:
    return time.time()


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Clock:
    """``now`` returns seconds since the epoch; ``sleep`` waits for a number of seconds."""

    now: Callable[[], float] = _now
    sleep: Callable[[float], None] = _sleep
