"""The history of a table in the ledger: one row for each migration of it, in order.

``pk = table#<arn>``, as the table's lease; ``sk = history#<start>#<migration id>``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from airflow_ddb_migrate.aws.ledger import typed_values
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.plan.measured_cost import spent
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.progress import Progress, summarize
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.history import HistoryRow, repeat_words, same_done
from airflow_ddb_migrate.core.ledger.lease import TableKey
from airflow_ddb_migrate.core.ledger.records import MigrationRecord, TypedItem
from airflow_ddb_migrate.core.ledger.results import STOPPED, Outcome
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.text.times import iso

PREFIX = "history#"


def begin(ledger: Ledger, record: MigrationRecord, transform_hash: str) -> None:
    """Note that a migration begins, or goes on with the transform as it is now."""
    row = HistoryRow(
        migration_id=record.migration_id,
        table_id=record.table_id,
        mode=record.mode,
        of=record.of,
        transform=record.transform,
        transform_hash=transform_hash,
        params=record.params,
        started_at=record.started_at,
        started_by=record.started_by,
    )
    values = asdict(row) | {"counts": row.counts.to_dict()}
    if not ledger.put_new({**_key(record), **typed_values.encode_all(values)}):
        again: dict[str, typed_values.Plain] = {
            "transform_hash": transform_hash,
            "result": "",
            "ended_at": 0,
        }
        ledger.update(_key(record), again)


def end(
    site: Site, record: MigrationRecord, progress: Progress, *, result: str, now: float
) -> None:
    """Note how the latest attempt ended. The first to say so is right, but for late successes.

    Counts and cost are brought up to date each time: workers may end after their execution.
    """
    dollars = sum(spent(site, progress).values())
    site.ledger.update(
        _key(record),
        {"counts": progress.counts.to_dict(), "dollars": dollars},
        condition="attribute_exists(pk)",
    )
    site.ledger.update(
        _key(record),
        {"result": result, "ended_at": now},
        condition="#ended_at = :never OR (#result = :stopped AND :result = :succeeded)",
        extra={":never": 0, ":stopped": STOPPED, ":succeeded": Outcome.SUCCEEDED},
    )


def end_stopped(site: Site, now: float) -> None:
    """Note that the site's migration was stopped, with what it had done by then."""
    record = site.ledger.required_migration(site.migration_id)
    progress = summarize(site.lanes.all(site.migration_id), record.lanes_in_scope, now)
    end(site, record, progress, result=STOPPED, now=now)


def list_history(ledger: Ledger, table_arn: str) -> Iterator[HistoryRow]:
    """Yield what was done to a table, the newest first."""
    pk = _pk(table_arn)["S"]
    yield from map(row_from, ledger.query_all(pk, prefix=PREFIX, newest_first=True))


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


def _pk(table_arn: str) -> dict[str, str]:
    return {"S": f"table#{table_arn}"}


def _key(record: MigrationRecord) -> TypedItem:
    sk = f"{PREFIX}{iso(record.started_at)}#{record.migration_id}"
    return {"pk": _pk(record.table_arn), "sk": {"S": sk}}


def row_from(item: TypedItem) -> HistoryRow:
    return HistoryRow(
        migration_id=typed_values.text(item, "migration_id"),
        table_id=typed_values.text(item, "table_id"),
        mode=Mode(typed_values.text(item, "mode")),
        of=typed_values.text(item, "of"),
        transform=typed_values.text(item, "transform"),
        transform_hash=typed_values.text(item, "transform_hash"),
        params=typed_values.text(item, "params"),
        started_at=typed_values.number(item, "started_at"),
        started_by=typed_values.text(item, "started_by"),
        result=typed_values.text(item, "result"),
        ended_at=typed_values.number(item, "ended_at"),
        counts=Counts.from_dict(
            {k: int(v) for k, v in typed_values.numbers(item, "counts").items()}
        ),
        dollars=typed_values.number(item, "dollars"),
    )
