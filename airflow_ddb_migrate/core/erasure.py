"""What is erased of a migration: on purpose, or because it ended long ago. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.text.times import iso


class ErasureState(StrEnum):
    """ASKED: nothing is deleted yet. ERASING: some of it may be. DONE: all is."""

    ASKED = "ASKED"
    ERASING = "ERASING"
    DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRecord:
    """That a migration was forgotten: who, when, and how much. It stays; nothing starts again.

    ``by`` is who said so, ``caller`` the ARN that AWS knew. ``objects`` counts versions,
    ``records`` those of the ledger; what a run deleted that was killed may be missing in both.
    """

    migration_id: str
    state: ErasureState
    by: str
    caller: str
    asked_at: float
    ended_at: float = 0.0
    objects: int = 0
    records: int = 0

    @property
    def words(self) -> str:
        """Say it: by whom, when, how much."""
        who = f"{self.by} ({self.caller})"
        if self.state is not ErasureState.DONE:
            return f"{who} began that on {iso(self.asked_at)}, and it has not ended"
        return (
            f"{who} did that on {iso(self.ended_at)}, and {self.objects:,} objects and versions "
            f"and {self.records:,} records of the ledger were deleted"
        )


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row of a table's history, with the key that it has in the ledger."""

    key: TypedItem
    row: HistoryRow

    @property
    def table_arn(self) -> str:
        return str(self.key["pk"]["S"]).partition("#")[2]

    @property
    def table_id(self) -> str:
        return self.row.table_id

    @property
    def migration_id(self) -> str:
        return self.row.migration_id


@dataclass(frozen=True, slots=True)
class Family:
    """A migration with the dry runs and checks that belong to it, and what was begun because of it.

    ``mine`` are their rows of the history; ``about`` those of its undos and replays, which are
    migrations of their own. A migration that was only planned has neither.
    """

    migration_id: str
    mine: tuple[KeptRow, ...] = ()
    about: tuple[KeptRow, ...] = ()

    @property
    def rows(self) -> tuple[KeptRow, ...]:
        return (*self.mine, *self.about)

    @property
    def ids(self) -> tuple[str, ...]:
        """The migration first."""
        return tuple(dict.fromkeys((self.migration_id, *(row.migration_id for row in self.mine))))

    @classmethod
    def find(cls, migration_id: str, rows: Iterable[KeptRow]) -> "Family":
        """Find it among rows of the history."""
        mine: list[KeptRow] = []
        about: list[KeptRow] = []
        for kept in rows:
            if kept.migration_id == migration_id:
                mine.append(kept)
            elif kept.row.of == migration_id:
                (about if kept.row.mode.writes else mine).append(kept)
        return cls(migration_id, tuple(mine), tuple(about))
