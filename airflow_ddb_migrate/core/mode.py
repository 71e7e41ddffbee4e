"""What a migration is for. A module of its own, so that a DAG file imports nothing else."""

from enum import StrEnum


class Mode(StrEnum):
    """What a migration does with a changed item: write it, only report it, or undo the change.

    REPLAY is a MIGRATE of just the items in another migration's quarantine.
    """

    MIGRATE = "MIGRATE"
    DRY_RUN = "DRY_RUN"
    VERIFY = "VERIFY"
    UNDO = "UNDO"
    REPLAY = "REPLAY"

    @property
    def writes(self) -> bool:
        """Return whether the mode may change the table. Modes that do not need no lease."""
        return self not in {Mode.DRY_RUN, Mode.VERIFY}
