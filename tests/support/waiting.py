"""Waiting for what other processes do: there is no clock to inject."""

import time
from collections.abc import Callable

HANG_SECONDS = 600.0  # no machine is so slow: only a hang reaches it


def await_that(
    holds: Callable[[], object],
    what: Callable[[], object],
    *,
    seconds: float = HANG_SECONDS,
    poll_seconds: float,
) -> None:
    """Return once it holds; ``what`` says what is there instead when it is too late.

    :raises AssertionError: it did not within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(poll_seconds)
    raise AssertionError(f"not reached within {seconds:,.0f} s: {what()}")
