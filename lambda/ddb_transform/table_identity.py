"""Checks that the table is still the migration's table, and reads the keys of its indexes.

A table that is deleted and recreated under its name has another id. A worker that makes requests in
between notices the deletion. One that is on hold or slow does not, and would continue in the new
table, for which no migration was started.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.limits import SAME_TABLE_SECONDS
from ddb_transform.contract.index_keys import IndexKeys, index_keys
from ddb_transform.failures import FatalError, Kind, fatal_of, kind_of_exception


@dataclass(slots=True, eq=False, repr=False)
class SameTable:
    """Describes the table, at most every ``SAME_TABLE_SECONDS``.

    ``index_keys`` are empty until it was described, and if that is not allowed.
    """

    dynamodb: Any
    record: MigrationRecord
    clock: Callable[[], float] = time.monotonic
    index_keys: IndexKeys = field(default_factory=dict, init=False)
    _asked_at: float = field(default=float("-inf"), init=False)

    def check(self) -> None:
        """Check that it is the same table; if it cannot be described, the worker continues.

        :raises FatalError: it is gone, or another table has its name.
        """
        if self.clock() - self._asked_at < SAME_TABLE_SECONDS:
            return
        self._asked_at = self.clock()
        table_id = self._table_id()
        if table_id not in {None, self.record.table_id}:
            raise FatalError(
                "TableMadeAgain",
                f"Table {self.record.table_name} was deleted and recreated, so it is not the one "
                "that this migration was started for. Nothing more is written. Start a new "
                "migration if the new table needs one.",
                final=False,
            )

    def _table_id(self) -> str | None:
        try:
            answer = self.dynamodb.describe_table(TableName=self.record.table_name)
        except (ClientError, BotoCoreError) as exc:
            if isinstance(exc, ClientError) and _is_gone(exc):
                raise fatal_of(exc) from exc
            return None
        self.index_keys = index_keys(answer["Table"])
        return str(answer["Table"].get("TableId", ""))


def _is_gone(exc: ClientError) -> bool:
    code = exc.response["Error"]["Code"]
    return kind_of_exception(exc) is Kind.FATAL and not code.startswith("AccessDenied")
