"""The parts of a report, each looked up separately."""

from dataclasses import asdict
from typing import Any

from airflow_ddb_migrate.aws.ledger.events import events
from airflow_ddb_migrate.aws.ledger.history import list_related
from airflow_ddb_migrate.aws.preflight.backup_gate import known_backup
from airflow_ddb_migrate.aws.services.bucket import QUARANTINE
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.events import What
from airflow_ddb_migrate.core.ledger.history import HistoryRow
from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.report.migration_report import (
    Links,
    Part,
    QuarantineReport,
    Steered,
    Try,
    UndoReport,
)
from airflow_ddb_migrate.core.text.console_urls import execution_url
from airflow_ddb_migrate.core.text.times import iso

_STEERED = {
    What.PAUSED,
    What.RESUMED,
    What.RETUNED,
    What.STOPPED,
    What.HELD,
    What.RELEASED,
}


def tries(site: Site) -> list[Try]:
    """Return every attempt, the oldest first."""
    return [
        {
            "number": one.number,
            "canary": bool(one.scope),
            "segments": one.lanes,
            "started_at": iso(one.started_at) if one.started_at else "",
            "ended_at": iso(one.ended_at) if one.ended_at else "",
            "result": one.result,
        }
        for one in site.ledger.attempts(site.migration_id)
    ]


def parts(related: list[HistoryRow]) -> list[Part]:
    """Return the dry runs and checks of the migration."""
    return [_from_history(row) for row in related if not row.mode.writes]


def about(site: Site, table_arn: str) -> list[Part]:
    """Return its dry runs, checks, replays and undos, the oldest first."""
    return [_from_history(row) for row in related_to(site, table_arn)]


def quarantine(site: Site, counts: Counts, related: list[HistoryRow]) -> QuarantineReport:
    """Return how many items are quarantined, where, how to retry them, and the retries."""
    count = counts.quarantined
    replay = (
        "Fix the transform or the items, then trigger the DAG ddb_migration_replay with "
        f'{{"migration_id": "{site.migration_id}"}} (ReplayQuarantineOperator): it migrates these '
        "items only."
    )
    return {
        "count": count,
        "where": site.bucket.uri(f"{QUARANTINE}/") if count else "",
        "replay": replay if count else "",
        "replays": [_from_history(row) for row in related if row.mode is Mode.REPLAY],
    }


def undo(
    site: Site, record: MigrationRecord, counts: Counts, related: list[HistoryRow]
) -> UndoReport:
    """Return how to undo the changes, and the undos."""
    is_undoable = record.mode in {Mode.MIGRATE, Mode.REPLAY} and counts.changed + counts.deleted
    how = (
        f'trigger the DAG ddb_migration_undo with {{"migration_id": "{site.migration_id}"}}: it '
        "reverts every change, except in items that were changed again since."
    )
    return {
        "how": how if is_undoable else "",
        "undos": [_from_history(row) for row in related if row.mode is Mode.UNDO],
    }


def steered(site: Site) -> list[Steered]:
    """Return the commands of people, and the holds, among its latest hundred events."""
    return [
        {
            "at": iso(event.at),
            "what": event.what.value,
            "by": event.by,
            "caller": event.caller,
            "words": event.words,
        }
        for event in events(site.ledger, site.migration_id)
        if event.what in _STEERED
    ]


def related_to(site: Site, table_arn: str) -> list[HistoryRow]:
    """Return the migrations that are about this one, the oldest first."""
    return list_related(site.ledger, table_arn, site.migration_id)


def links(site: Site, execution_arn: str) -> Links:
    """Return where to find more. A place that cannot be read is unknown, which is not an error."""
    return {
        "execution": execution_url(execution_arn),
        "map_run_arn": _map_run_arn(site, execution_arn) if execution_arn else "",
        "bucket": site.bucket.uri(""),
        "log_group": site.stack.log_group,
    }


def backup(site: Site) -> dict[str, Any] | None:
    """Return what the backup gate found; None if it did not run."""
    found = known_backup(site)
    return asdict(found) if found else None


def _map_run_arn(site: Site, execution_arn: str) -> str:
    try:
        return site.executions.map_run_arn(execution_arn)
    except MigrationError as error:
        return f"unknown: {error}"


def _from_history(row: HistoryRow) -> Part:
    return {
        "migration_id": row.migration_id,
        "mode": row.mode.value,
        "status": row.result or "NOT ENDED",
        "reason": "",
        "counts": row.counts.to_dict(),
        "started_by": row.started_by,
        "started_at": iso(row.started_at),
    }
