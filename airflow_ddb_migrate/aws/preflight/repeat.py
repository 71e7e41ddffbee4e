"""Whether a migration would repeat an earlier one of the table."""

from collections.abc import Mapping
from typing import Any

from airflow_ddb_migrate.aws.ledger.history import list_history
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import InvalidInputError, NotBegunError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.history import HistoryRow, repeat_words, same_done
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.text.times import iso


def succeeded_before(
    ledger: Ledger,
    key: TableKey,
    *,
    transform: str,
    transform_hash: str,
    params: Mapping[str, Any],
) -> HistoryRow | None:
    """Return the migration that did exactly this to this table, unless it was undone."""
    return same_done(
        list_history(ledger, key.arn),
        table_id=key.table_id,
        transform=transform,
        transform_hash=transform_hash,
        params=params,
    )


def repeat_of(site: Site, request: StartRequest, transform_hash: str) -> str:
    """Return, for the plan, which migration this would repeat; empty if none."""
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


def require_kept(site: Site, request: StartRequest) -> None:
    """Raise NotBegunError for a migration of which the ledger only has the history.

    Without its progress, starting it would do all of its work again.
    """
    ledger, name = site.ledger, site.migration_id
    for each in filter(None, (name, request.of)):
        ledger.refuse_forgotten(each)
    if ledger.migration(name):
        return
    rows = list_history(ledger, site.table.key.arn)
    row = next((row for row in rows if row.migration_id == name), None)
    if row:
        raise NotBegunError(
            f"Migration {name} of table {site.table.name} {row.result or 'began'} on "
            f"{iso(row.ended_at or row.started_at)}, and its records in the ledger have expired. "
            "Nothing was started. A new DAG run starts a new migration."
        )


def refuse_repeat(site: Site, request: StartRequest, transform_hash: str) -> None:
    """Raise InvalidInputError if ``once`` is true and the request would repeat a migration."""
    if request.once and (words := repeat_of(site, request, transform_hash)):
        raise InvalidInputError(
            f"once is true, and {words}. Nothing was started. To run it again, set once to false. "
            "It then changes only items that the transform still changes."
        )
