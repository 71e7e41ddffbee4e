"""The migrations of a table, and whether a new one would repeat an earlier one."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.text.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One migration of a table. ``result`` is empty and ``ended_at`` 0 while it runs.

    ``transform_hash`` is the hash at the latest attempt; ``params`` is JSON; ``dollars`` is the
    measured cost at list prices. For ``of`` see MigrationRecord. If the migration is forgotten, a
    hash replaces ``params``. ``kept_until`` is when the ledger's other records of it expire (0:
    never).
    """

    migration_id: str
    table_id: str
    mode: Mode
    of: str
    transform: str
    transform_hash: str
    params: str
    started_at: float
    started_by: str
    result: str = ""
    ended_at: float = 0.0
    counts: Counts = field(default_factory=Counts)
    dollars: float = 0.0
    params_hash: str = ""
    forgotten_at: float = 0.0
    kept_until: float = 0.0

    def without_params(self, now: float) -> dict[str, str | float]:
        """Return the fields that change when the migration is forgotten. ``once`` uses the hash."""
        hashed = _params_hash(self.migration_id, self.params)
        return {"params": "", "params_hash": hashed, "forgotten_at": now}

    def had(self, params: str) -> bool:
        """Return whether these were its parameters."""
        if not self.params_hash:
            return self.params == params
        return self.params_hash == _params_hash(self.migration_id, params)

    @property
    def words(self) -> str:
        """The migration, who started it and when, as part of a sentence."""
        return (
            f"migration {self.migration_id}, started by {self.started_by} on {iso(self.started_at)}"
        )


def same_done(
    rows: Iterable[HistoryRow],
    *,
    table_id: str,
    transform: str,
    transform_hash: str,
    params: Mapping[str, Any],
) -> HistoryRow | None:
    """Return the latest successful migration that did exactly this to this table; None if none did.

    A migration does not count once an undo of it was started. ``rows`` are newest first.
    """
    wanted, text = (table_id, transform, transform_hash), params_text(params)
    undone: set[str] = set()
    for row in rows:
        if row.mode is Mode.UNDO:
            undone.add(row.of)
        found = (row.table_id, row.transform, row.transform_hash)
        succeeded = row.mode is Mode.MIGRATE and row.result == Outcome.SUCCEEDED
        is_same = found == wanted and row.had(text)
        if is_same and succeeded and row.migration_id not in undone:
            return row
    return None


def _params_hash(migration_id: str, params: str) -> str:
    """Hash them with the id: equal params of two migrations then have unequal hashes."""
    return hashlib.sha256(f"{migration_id}\n{params}".encode()).hexdigest()


def params_text(params: Mapping[str, Any]) -> str:
    """Return a transform's parameters in the form in which the ledger keeps them."""
    return json.dumps(params, sort_keys=True)


def repeat_words(row: HistoryRow) -> str:
    """Return a sentence without its full stop: a migration would repeat this one."""
    return f"the same transform with the same params already succeeded on this table: {row.words}"
