"""What a migration is for, apart from what is kept of it: a DAG file names it, and no more."""

from enum import StrEnum


class Mode(StrEnum):
    """What becomes of a changed item: written, only looked at, or brought back to what it was.

    REPLAY is a MIGRATE of another migration's quarantined items alone.
    """

    MIGRATE = "MIGRATE"
    DRY_RUN = "DRY_RUN"
    VERIFY = "VERIFY"
    UNDO = "UNDO"
    REPLAY = "REPLAY"

    @property
    def writes(self) -> bool:
        """Return whether it may change the table; what does not needs no lease on it."""
        return self not in {Mode.DRY_RUN, Mode.VERIFY}
