"""What happens to a migration when a person ends the task that waits for it."""

from enum import StrEnum

# Airflow kills a process 5 s after asking it to end: enough to inform the workers and AWS.
KILL_PATIENCE_SECONDS = 1.0


class OnKill(StrEnum):
    """STOP the migration, PAUSE it (nothing more is written), or LEAVE it running."""

    STOP = "stop"
    PAUSE = "pause"
    LEAVE = "leave"


def on_kill_of(word: str) -> OnKill:
    """Return the choice; raises ValueError for another word when the DAG is parsed."""
    try:
        return OnKill(word)
    except ValueError:
        raise ValueError(f'on_kill is {word!r}; it must be "stop", "pause" or "leave".') from None
