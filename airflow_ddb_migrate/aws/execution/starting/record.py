"""Writes the migration's record, once, at its first attempt."""

import json

from airflow_ddb_migrate.aws.preflight.table_lease import require_its_table
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.execution.request import StartRequest
from airflow_ddb_migrate.core.execution.segments import lane_count
from airflow_ddb_migrate.core.ledger.records import MigrationRecord
from airflow_ddb_migrate.core.text.times import iso


def written_record(site: Site, request: StartRequest, scope: tuple[int, ...]) -> MigrationRecord:
    """Return the migration's record: an earlier attempt's, or a new one of this request.

    :raises InvalidInputError: the migration belongs to another table.
    """
    now = site.clock.now()
    table = site.table
    assert request.total_segments is not None  # resolved
    wanted = MigrationRecord(
        migration_id=site.migration_id,
        table_name=table.name,
        table_arn=table.key.arn,
        table_id=table.key.table_id,
        key_names=table.key_names,
        total_segments=request.total_segments,
        lanes=lane_count(request.total_segments),
        transform=request.transform,
        params=json.dumps(request.params, sort_keys=True),
        started_at=now,
        started_at_iso=request.started_at_iso or iso(now),
        started_by=request.started_by,
        mode=request.mode,
        of=request.of,
        context_id=request.context_id,
        scope=scope,
        max_quarantined=request.max_quarantined,
        max_quarantined_percentage=request.max_quarantined_percentage,
        slice_seconds=request.slice_seconds,
        show_values=request.show_values,
        is_multi_region_strong=table.is_multi_region_strong,
        limits=request.limits.to_json(),
    )
    record = site.ledger.create_migration(wanted)
    require_its_table(site, record)
    site.ledger.keep_limits(record, wanted.limits)
    return record
