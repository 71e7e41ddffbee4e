"""Fills in what a request leaves open: from the plan, and from the migration it is about."""

import dataclasses
import json
from dataclasses import asdict, replace
from typing import Any

from airflow_ddb_migrate.aws.ledger.notes import plan_fields
from airflow_ddb_migrate.aws.services.bucket import QUARANTINE
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.approval.author_rules import AuthorRules
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.execution.segments import lane_count, sample_lanes
from airflow_ddb_migrate.core.ledger.notes import REQUEST
from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.limits import DEFAULT_SEGMENTS
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.text.words import word_of

_PLANNED = {
    "total_segments": DEFAULT_SEGMENTS,
    "max_concurrency": None,
    "read_units_per_second": 0,
    "write_units_per_second": 0,
}
_UNDOABLE = {Mode.MIGRATE, Mode.REPLAY}


def resolve(site: Site, request: StartRequest) -> StartRequest:
    """Return the request with everything filled in.

    A person's values come first, then the plan's, then the defaults. A request about another
    migration (an undo, a replay, a check) takes that one's segments, and its transform unless one
    is given. The transform sees that migration's id and start, so that it writes the same values
    into items.

    :raises LedgerError: the migration that it is about is unknown.
    :raises InvalidInputError: that migration belongs to another table, or its mode does not fit.
    """
    about = _about(site, request)
    if about:
        request = _like(request, about)
    elif request.of:
        request = replace(request, context_id=request.of)
    return _as_planned(request, plan_fields(site.ledger, plan_owner(site, request)))


def scope_of(site: Site, request: StartRequest) -> tuple[int, ...]:
    """Return the lanes to which a resolved request is limited; empty: all of them.

    The sample is the same for everything that belongs to one migration: its dry run, its canary and
    the canary's check read the same segments.

    :raises InvalidInputError: there is nothing to replay.
    """
    if request.mode is Mode.REPLAY:
        return _quarantined(site, request.of)
    assert request.total_segments is not None  # resolved
    lanes = lane_count(request.total_segments)
    if not 0 < request.sample_lanes < lanes:
        return ()
    return sample_lanes(lanes, request.sample_lanes, seed=request.of or site.migration_id)


def keep_request(site: Site, request: StartRequest) -> None:
    """Save a resolved request, with which the next attempt begins by itself."""
    fields = {**asdict(request), "limits": request.limits.to_json()}
    site.ledger.note(site.migration_id, REQUEST, json.dumps(fields))


def kept_request(site: Site) -> StartRequest | None:
    """Return the request of the latest attempt; None if it is unknown."""
    text = site.ledger.read_note(site.migration_id, REQUEST)
    if not text:
        return None
    fields = json.loads(text)
    known = {field.name for field in dataclasses.fields(StartRequest)}
    return StartRequest(
        **{
            **{name: value for name, value in fields.items() if name in known},
            "mode": word_of(Mode, fields["mode"]),
            "windows": tuple(fields["windows"]),
            "asked": tuple(fields["asked"]),
            "limits": AuthorRules.from_json(fields["limits"]),
        }
    )


def _as_planned(request: StartRequest, plan: dict[str, Any]) -> StartRequest:
    left_open = [name for name in _PLANNED if getattr(request, name) is None]
    values: dict[str, Any] = {name: plan.get(name, _PLANNED[name]) for name in left_open}
    return replace(request, **values)


def plan_owner(site: Site, what: StartRequest | MigrationRecord) -> str:
    """Return the id of the migration whose plan counts: of a dry run or check, its migration's."""
    return what.of if what.of and not what.mode.writes else site.migration_id


def _about(site: Site, request: StartRequest) -> MigrationRecord | None:
    """Return the record of the migration that the request is about; None for a first dry run."""
    if not request.of or request.mode is Mode.DRY_RUN:
        return None
    record = site.ledger.required_migration(request.of)
    table = site.table
    is_its_own = (record.table_name, record.table_id) == (table.name, table.key.table_id)
    if not is_its_own or record.mode not in _UNDOABLE:
        raise InvalidInputError(
            f"of is {request.of}, a {record.mode} of table {record.table_name} (id "
            f"{record.table_id}); a {request.mode} of table {table.name} (id "
            f"{table.key.table_id}) needs the id of a MIGRATE or REPLAY of the same table."
        )
    return record


def _like(request: StartRequest, about: MigrationRecord) -> StartRequest:
    """Return the request with the lanes of that migration: undo log and quarantine are by lane."""
    is_mine = bool(request.transform) and request.mode is not Mode.UNDO
    return replace(
        request,
        total_segments=about.total_segments,
        transform=request.transform if is_mine else about.transform,
        params=request.params if is_mine else json.loads(about.params),
        started_at_iso=about.started_at_iso,
        context_id=about.context_id or about.migration_id,
    )


def _quarantined(site: Site, migration_id: str) -> tuple[int, ...]:
    lanes = site.bucket.of(migration_id).lanes(QUARANTINE)
    if not lanes:
        raise InvalidInputError(
            f"Migration {migration_id} has no quarantined items: there is nothing to replay. "
            f"(Quarantined items expire after {site.stack.undo_log_days:,} days.)"
        )
    return tuple(sorted(lanes))
