"""The words for how a migration stands, or has ended."""

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    RUNNING = "RUNNING"
    DRAINING = "DRAINING"
    WAITING = "WAITING"  # outside its hours, for its next window
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_over(self) -> bool:
        """Return whether there is nothing left to wait for."""
        return self in {Outcome.SUCCEEDED, Outcome.FAILED}


STOPPED: Final = "STOPPED"  # a person, or whoever took the table, ended it
CANARY: Final = "CANARY"  # some segments are done for real, and the others not begun


class NotBegun(StrEnum):
    """The status of what was never started, beside those of Outcome and CANARY."""

    PLANNED = "PLANNED"
    NOT_STARTED = "NOT_STARTED"
