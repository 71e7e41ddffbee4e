"""The output of ``history`` and ``report``."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.report.compose import compose
from airflow_ddb_migrate.aws.site import history_of, open_known_site
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.report.page import report_markdown
from airflow_ddb_migrate.core.text.figures import dollars_words
from airflow_ddb_migrate.core.text.times import iso


def history(
    clients: Clients, *, stack_name: str, table_name: str, limit: int | None, as_json: bool
) -> str:
    """Return the migrations of a table, the newest first.

    :raises TableNotFoundError: the table does not exist and has no history.
    """
    rows = history_of(clients, stack_name=stack_name, table_name=table_name, limit=limit)
    if as_json:
        return json.dumps([_plain(row) for row in rows], indent=2)
    return _lines(rows) if rows else f"This stack has never migrated table {table_name}."


def report(clients: Clients, *, stack_name: str, migration_id: str, as_json: bool) -> str:
    """Return the current report of a migration.

    :raises LedgerError: the ledger does not know the migration.
    """
    site = open_known_site(clients, stack_name, migration_id)
    found = compose(site)
    if as_json:
        return json.dumps(found, indent=2)
    state = "; ".join(site.table.not_active)
    return report_markdown(found) + (f"\nNow {state}.\n" if state else "")


def _plain(row: HistoryRow) -> dict[str, object]:
    times = {"started_at": iso(row.started_at), "ended_at": _ended(row, "")}
    return {**asdict(row), "params": json.loads(row.params or "null"), **times}


def _lines(rows: Iterable[HistoryRow]) -> str:
    return "\n".join(
        f"{iso(row.started_at)}  {row.result or 'NOT ENDED':<10} {_aim(row)}\n"
        f"    {row.migration_id}, transform {row.transform} ({row.transform_hash[:12] or 'none'}), "
        f"params {row.params or f'forgotten on {iso(row.forgotten_at)}'}\n"
        f"    {row.counts.seen:,} items seen, {row.counts.changed:,} changed, "
        f"{row.counts.deleted:,} deleted, {row.counts.quarantined:,} quarantined; "
        f"{dollars_words(row.dollars)}; {_ended(row, 'not ended')}\n"
        f"    by {row.started_by}"
        for row in rows
    )


def _aim(row: HistoryRow) -> str:
    return f"{row.mode} of {row.of}" if row.of else str(row.mode)


def _ended(row: HistoryRow, otherwise: str) -> str:
    return iso(row.ended_at) if row.ended_at else otherwise
