"""The Lambda's entry: builds what a worker needs and lets it work one slice."""

import functools
import json
import os
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from airflow_ddb_migrate.aws.lanes import Lanes
from airflow_ddb_migrate.aws.ledger import Ledger
from airflow_ddb_migrate.core.errors import InvalidInputError, MigrationError
from airflow_ddb_migrate.core.limits import SLICE_MARGIN_SECONDS
from airflow_ddb_migrate.core.messages import WorkRequest, WorkResult, WorkStatus
from airflow_ddb_migrate.core.records import MigrationRecord
from botocore.config import Config

from ddb_transform.guard import Guard
from ddb_transform.load import load, source_hash
from ddb_transform.settle import Settler
from ddb_transform.transform import Context, Transform
from ddb_transform.worker import WRITER_THREADS, Worker
from ddb_transform.writer import ReferenceWriter

# Explicit, since botocore's defaults changed between versions. Longer waits are the child's.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=2 * WRITER_THREADS,
    parameter_validation=False,  # most of a small write's CPU; the service validates anyway
)
_MARGIN_SHARE = 0.2  # of a short time limit, where a minute's margin would leave nothing


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work one slice of a lane, or with ``{"action": "describe"}`` look at a transform.

    Expected failures are returned, so that the state machine branches on them; what nobody
    foresaw is raised, and Step Functions runs the slice again from the last checkpoint.
    """
    if event.get("action") == "describe":
        return describe(str(event.get("transform", "")))
    result = _slice(event, context).to_event()
    print(json.dumps({**event, **result}))  # noqa: T201  # Lambda's log; keys and counts only
    return result


def describe(name: str) -> dict[str, Any]:
    """Say whether a transform can be used here, and the hash of its file."""
    try:
        load(name, Context(migration_id="", started_at=""))
    except MigrationError as error:
        return {"ok": False, "error": str(error), "hash": ""}
    return {"ok": True, "error": "", "hash": source_hash(name)}


def _slice(event: dict[str, Any], context: Any) -> WorkResult:
    try:
        return _worker(WorkRequest.from_event(event), context).run()
    except MigrationError as error:
        if error.retryable:
            raise
        return _refused(error)


def _worker(request: WorkRequest, context: Any) -> Worker:
    dynamodb = _dynamodb()
    ledger = Ledger(dynamodb, os.environ["LEDGER_TABLE"])
    record = _agreed(ledger.required_migration(request.migration_id), request)
    return Worker(
        request=request,
        lanes=Lanes(ledger),
        guard=Guard(ledger, record, request.attempt, time.time),
        settler=Settler(_transform(record), ReferenceWriter(dynamodb, request.table_name)),
        dynamodb=dynamodb,
        owner=uuid.uuid4().hex,  # not the request id: a redelivered event repeats that
        clock=time.time,
        out_of_time=_deadline(context),
    )


def _agreed(record: MigrationRecord, request: WorkRequest) -> MigrationRecord:
    """Refuse an input that cuts the table otherwise than the ledger: its cursors would be wrong."""
    asked = (request.table_name, request.total_segments, request.lanes)
    known = (record.table_name, record.total_segments, record.lanes)
    if asked != known:
        raise InvalidInputError(
            f"Work was given table, segments and lanes {asked}; migration {record.migration_id} "
            f"has {known} in the ledger. Start it by StartDistributedMapMigrationOperator."
        )
    return record


@functools.cache
def _dynamodb() -> Any:
    return boto3.client("dynamodb", config=_CONFIG)


def _transform(record: MigrationRecord) -> Transform:
    context = Context(
        migration_id=record.migration_id,
        started_at=record.started_at_iso,
        params=json.loads(record.params),
        key_names=record.key_names,
    )
    return load(record.transform, context)


def _deadline(context: Any) -> Callable[[], bool]:
    """Return a function that tells when the slice has to end, well before Lambda's own limit."""
    allowed = context.get_remaining_time_in_millis() / 1000
    ends_at = time.monotonic() + allowed - min(SLICE_MARGIN_SECONDS, _MARGIN_SHARE * allowed)
    return lambda: time.monotonic() > ends_at


def _refused(error: MigrationError) -> WorkResult:
    name = type(error).__name__
    return WorkResult(status=WorkStatus.FAILED, error=name, cause=str(error))
