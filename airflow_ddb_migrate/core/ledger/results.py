"""The words for a migration's state and result."""

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    RUNNING = "RUNNING"
    DRAINING = "DRAINING"
    WAITING = "WAITING"  # outside its hours, until the next window
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_over(self) -> bool:
        """Whether the migration has ended, so that nothing is left to wait for."""
        return self in {Outcome.SUCCEEDED, Outcome.FAILED}


STOPPED: Final = "STOPPED"  # ended by a person, or by the migration that took the table
CANARY: Final = "CANARY"  # some segments are migrated, the others not begun


class NotBegun(StrEnum):
    """States of a migration that was never started, beside Outcome and CANARY."""

    PLANNED = "PLANNED"
    NOT_STARTED = "NOT_STARTED"
