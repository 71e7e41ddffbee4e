"""What is erased of a migration, on request or because it ended long ago. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.text.times import iso

_DAY_SECONDS = 86_400


class ErasureState(StrEnum):
    """ASKED: nothing is deleted yet. ERASING: some may be deleted. DONE: all is deleted."""

    ASKED = "ASKED"
    ERASING = "ERASING"
    DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRecord:
    """The record that a migration was forgotten: who did it, when, and how much was deleted.

    It is kept, and the migration cannot be started again. ``by`` is the name that the person gave,
    ``caller`` the ARN that AWS knew. ``objects`` counts object versions, ``records`` the ledger's
    records. If a run was killed, both may lack what that run had deleted.
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
        """Who forgot the migration, when, and how much was deleted, as the rest of a sentence."""
        who = f"{self.by} ({self.caller})"
        if self.state is not ErasureState.DONE:
            return f"{who} began to delete it on {iso(self.asked_at)}, and has not finished"
        return (
            f"{who} deleted {self.objects:,} objects and versions and {self.records:,} records of "
            f"the ledger on {iso(self.ended_at)}"
        )


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row of a table's history, with its key in the ledger."""

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
    """A migration, its dry runs and checks, and the migrations that were started because of it.

    ``mine`` are the rows of the history of the migration, its dry runs and its checks. ``about``
    are those of its undos and replays, which are migrations of their own. A migration that was only
    planned has neither.
    """

    migration_id: str
    mine: tuple[KeptRow, ...] = ()
    about: tuple[KeptRow, ...] = ()

    @property
    def rows(self) -> tuple[KeptRow, ...]:
        return (*self.mine, *self.about)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the migration, which is first, and of its dry runs and checks."""
        return tuple(dict.fromkeys((self.migration_id, *(row.migration_id for row in self.mine))))

    @classmethod
    def find(cls, migration_id: str, rows: Iterable[KeptRow]) -> "Family":
        """Find a migration's family among rows of the history."""
        mine: list[KeptRow] = []
        about: list[KeptRow] = []
        for kept in rows:
            if kept.migration_id == migration_id:
                mine.append(kept)
            elif kept.row.of == migration_id:
                (about if kept.row.mode.writes else mine).append(kept)
        return cls(migration_id, tuple(mine), tuple(about))

    def is_over_for_good(self, held: AbstractSet[str]) -> bool:
        """Return whether the migration is over and cannot be continued in any way.

        That is so if it and its undos and replays have succeeded as a whole, its checks have ended,
        and none of them holds a table or still has capacity to restore. A migration that failed,
        was stopped or is a canary can be continued, however long ago it ended.
        """
        done = [kept for kept in (*self.mine, *self.about) if kept.row.mode.writes]
        return (
            all(kept.row.result == Outcome.SUCCEEDED for kept in done)
            and all(kept.row.ended_at for kept in self.mine)
            and held.isdisjoint(self.ids)
            and not any(kept.row.forgotten_at for kept in self.mine)
        )


def expiring(
    rows: Sequence[KeptRow], *, held: AbstractSet[str], days: int
) -> Iterator[tuple[Family, int]]:
    """Yield each migration that is over for good, with the time at which its records expire.

    They expire ``days`` days after the last of its members ended, whenever this is asked. The
    bucket's objects are older, so they never outlive the records. A dry run or check expires with
    its migration, or by itself if that migration was never started or got its time before the dry
    run or check began.

    :param held: the migrations that hold a table or still have capacity to restore.
    """
    members: defaultdict[str, list[KeptRow]] = defaultdict(list)
    for kept in rows:
        for name in {kept.migration_id, kept.row.of} - {""}:
            members[name].append(kept)
    known = {kept.migration_id for kept in rows if not kept.row.kept_until}
    for kept in rows:
        is_part = not kept.row.mode.writes and kept.row.of in known
        if is_part or kept.row.kept_until:
            continue
        family = Family.find(kept.migration_id, members[kept.migration_id])
        if family.is_over_for_good(held):
            yield family, int(max(one.row.ended_at for one in family.mine) + days * _DAY_SECONDS)
