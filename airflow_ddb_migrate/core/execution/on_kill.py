"""What becomes of a migration when a person ends the task that waits for it."""

from enum import StrEnum

# Airflow kills a process 5 s after it was asked to end: long enough to tell workers and AWS.
KILL_PATIENCE_SECONDS = 1.0


class OnKill(StrEnum):
    """STOP it, PAUSE it (nothing is stopped, nothing more is written), or LEAVE it running."""

    STOP = "stop"
    PAUSE = "pause"
    LEAVE = "leave"


def on_kill_of(word: str) -> OnKill:
    """Return the choice; raises ValueError, when the DAG is parsed, for a word that is none."""
    try:
        return OnKill(word)
    except ValueError:
        raise ValueError(f'on_kill is {word!r}; it must be "stop", "pause" or "leave".') from None
