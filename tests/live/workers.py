"""Runs the product's workers, all lanes at once; the only module here that knows how.

``run`` works the whole migration and returns its lane rows as the ledger has them.
"""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.execution.messages import WorkRequest, WorkResult, WorkStatus
from airflow_ddb_migrate.core.execution.pacing import Pacer
from airflow_ddb_migrate.core.ledger.lease import TableKey, acquire
from airflow_ddb_migrate.core.ledger.records import LaneRow, MigrationRecord
from airflow_ddb_migrate.core.limits import WRITER_THREADS
from ddb_transform.assembly import Kit
from ddb_transform.botocore_probe import take_shortcuts
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.guard import Guard, Pacers
from ddb_transform.worker import Worker
from ddb_transform.writers.proof import UNPROVEN, Proof
from tests.support.engines.fakes import FakeS3
from tests.support.factories import (
    MIGRATION,
    STARTED_AT,
    ledger_table,
    migration_record,
    work_request,
)

WriterName = Literal["reference", "fast"]
TransformFunction = Callable[[Item, Context], object]

PROVEN = Proof(fast=True)

_SLICES = 50  # of one lane; far more than any run needs


def run(
    dynamodb: Any,
    table_name: str,
    transform: TransformFunction,
    *,
    writer: WriterName,
    lanes: int,
) -> list[LaneRow]:
    """Migrate the table by workers that use this client, also for their ledger."""
    take_shortcuts(dynamodb)
    ledger = Ledger(dynamodb, f"{table_name}-ledger")
    record = _begin(ledger, table_name, lanes)
    owners = itertools.count(1)
    bucket = Bucket(FakeS3(), "bucket", MIGRATION)
    proof = PROVEN if writer == "fast" else UNPROVEN
    context = Context(MIGRATION, STARTED_AT, key_names=record.key_names)

    def slice_of(lane: int) -> WorkResult:
        request = _request(record, lane)
        pacers = Pacers(Pacer(time.monotonic), Pacer(time.monotonic))
        guard = Guard(ledger, record, 1, time.time, pacers)
        kit = Kit(
            request=request,
            record=record,
            guard=guard,
            dynamodb=dynamodb,
            bucket=bucket,
            threads=writers,
            proof=proof,
        )
        kit.transform = Transform(transform, context)
        return Worker(
            request=request,
            lanes=Lanes(ledger),
            guard=guard,
            tools=kit,
            owner=f"invocation-{next(owners)}",
            clock=time.time,
            out_of_time=lambda: False,
        ).run()

    with (
        ThreadPoolExecutor(WRITER_THREADS, thread_name_prefix="writer") as writers,
        ThreadPoolExecutor(lanes, thread_name_prefix="lane") as threads,
    ):
        list(threads.map(lambda lane: _work(slice_of, lane), range(lanes)))
    return list(Lanes(ledger).all(MIGRATION))


def _work(slice_of: Callable[[int], WorkResult], lane: int) -> None:
    """Work a lane as its child would."""
    for _ in range(_SLICES):
        result = slice_of(lane)
        if result.status is WorkStatus.DONE:
            return
        assert result.status is WorkStatus.MORE, result
    raise AssertionError(f"Lane {lane} was not done after {_SLICES} slices.")


def _begin(ledger: Ledger, table_name: str, lanes: int) -> MigrationRecord:
    """Write what a worker looks for before it works: migration, attempt and lease."""
    dynamodb = ledger._dynamodb
    ledger_table(dynamodb, ledger.table_name)
    table = dynamodb.describe_table(TableName=table_name)["Table"]
    record = migration_record(
        table_name=table_name,
        table_arn=table["TableArn"],
        table_id=table.get("TableId", ""),
        total_segments=lanes,
        lanes=lanes,
    )
    key = TableKey(record.table_arn, record.table_id, table_name)
    now = time.time()
    ledger.create_migration(record)
    assert ledger.begin_attempt(MIGRATION, 1, now)
    Leases(ledger).change(
        key,
        lambda lease: acquire(lease, key, migration_id=MIGRATION, now=now, holder_is_live=False),
    )
    return record


def _request(record: MigrationRecord, lane: int) -> WorkRequest:
    return work_request(
        table_name=record.table_name,
        total_segments=record.total_segments,
        segment=lane,
        lanes=record.lanes,
    )
