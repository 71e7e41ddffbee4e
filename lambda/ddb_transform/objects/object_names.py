"""The names of a slice's objects in the bucket. No two invocations share a name."""

from dataclasses import dataclass

from airflow_ddb_migrate.core.ledger.records import LaneRow

_VOID = ".void"
_SUFFIX = ".jsonl.gz"
_LAST = ".~"  # sorts after every suffix


@dataclass(slots=True)
class Place:
    """Names of one slice: ``<folder>/<lane>/<attempt>-<lap>-<number>``, ascending in time.

    A lap is counted each time the lane is taken, so a repeated invocation or a zombie has its own
    names.
    """

    lane: int
    attempt: int
    lap: int
    number: int = 0

    @classmethod
    def of(cls, row: LaneRow) -> "Place":
        return cls(row.lane, row.attempt, row.laps)

    def next(self, folder: str) -> str:
        """Return a stem that was never used."""
        self.number += 1
        return f"{folder_of(folder, self.lane)}{self.attempt:03d}-{self.lap:05d}-{self.number:06d}"


def folder_of(folder: str, lane: int) -> str:
    return f"{folder}/{lane:06d}/"


def path_of(stem: str) -> str:
    return stem + _SUFFIX


def void_of(stem: str) -> str:
    """Return the path of the record of intents that did not land."""
    return stem + _VOID + _SUFFIX


def behind(stem: str) -> str:
    """Return a name that sorts after everything of this stem."""
    return stem + _LAST


def stem_of(path: str) -> str:
    return path.removesuffix(_SUFFIX).removesuffix(_VOID)


def is_void(path: str) -> bool:
    return path.endswith(_VOID + _SUFFIX)
