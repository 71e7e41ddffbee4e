"""Whether a migration would do again what was done to the table before."""

from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.aws.ledger.history import list_history
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.history import HistoryRow, repeat_words, same_done
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.mode import Mode


def succeeded_before(
    ledger: Ledger,
    key: TableKey,
    *,
    transform: str,
    transform_hash: str,
    params: Mapping[str, Any],
) -> HistoryRow | None:
    """Return the migration that did exactly this to this table, if its work still stands."""
    return same_done(
        list_history(ledger, key.arn),
        table_id=key.table_id,
        transform=transform,
        transform_hash=transform_hash,
        params=params,
    )


def repeat_of(site: Site, request: StartRequest, transform_hash: str) -> str:
    """Say, for the plan, which migration this would repeat; empty: none, or it goes on with one."""
    if request.mode is not Mode.MIGRATE or site.ledger.migration(site.migration_id):
        return ""
    row = succeeded_before(
        site.ledger,
        site.table.key,
        transform=request.transform,
        transform_hash=transform_hash,
        params=request.params,
    )
    return repeat_words(row) if row else ""


def refuse_repeat(site: Site, request: StartRequest, transform_hash: str) -> None:
    """Raise InvalidInputError for a request of ``once`` that would repeat a migration."""
    if request.once and (words := repeat_of(site, request, transform_hash)):
        raise InvalidInputError(
            f"once is true, and {words}. Nothing was started. To run it again, set once to false; "
            f"it changes only what is not as the transform wants it."
        )
