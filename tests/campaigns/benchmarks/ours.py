"""Our side of the benchmark: the one module that knows how the worker is put together.

As in contenders.py, each function prepares and returns what is timed. The undo log goes to the same
server: what it costs is part of our price.
"""

import functools
import itertools
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.bindings import bindings_of
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.execution.pacing import Pacer
from airflow_ddb_migrate.core.items.sizes import item_bytes
from airflow_ddb_migrate.core.ledger.lease import TableKey, acquire, release
from airflow_ddb_migrate.core.ledger.records import LeaseRecord, MigrationRecord
from airflow_ddb_migrate.core.limits import WRITER_THREADS
from botocore.config import Config
from botocore.exceptions import ClientError
from ddb_transform import handler
from ddb_transform.assembly import Kit
from ddb_transform.botocore_probe import take_shortcuts
from ddb_transform.contract.intent import Change, Intent
from ddb_transform.guard import Guard, Pacers
from ddb_transform.patience import Patience
from ddb_transform.worker import Worker
from ddb_transform.writers.dispatch import Dispatcher
from ddb_transform.writers.interface import WriteVerdict
from ddb_transform.writers.partiql import PartiqlWriter
from ddb_transform.writers.proof import Proof
from ddb_transform.writers.reference import ReferenceWriter
from tests.campaigns.benchmarks.contenders import Run
from tests.campaigns.benchmarks.items import ATTRIBUTE, KEY_NAMES, Prepared
from tests.support.factories import LEDGER, migration_record, work_request

PROVEN = Proof(fast=True)

_numbers = itertools.count()


@functools.cache
def make_client(endpoint: str) -> Any:
    """Return the client that the Lambda would have, for this endpoint."""
    client = boto3.client("dynamodb", endpoint_url=endpoint, config=handler._PLAIN)
    take_shortcuts(client)
    return client


@functools.cache
def _bucket_client(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        config=handler._PATIENT.merge(Config(s3={"addressing_style": "path"})),
    )


def write(endpoint: str, table_name: str, changes: Sequence[Prepared]) -> Run:
    """The writing of prepared changes alone, with as many threads as the worker has."""
    client = make_client(endpoint)
    intents = [Intent(one.key, _change(one), one.item) for one in changes]

    def run() -> int:
        with ThreadPoolExecutor(WRITER_THREADS) as threads:
            dispatcher = Dispatcher(
                fast=PartiqlWriter(client, table_name, KEY_NAMES),
                reference=ReferenceWriter(client, table_name),
                proof=PROVEN,
                pacer=Pacer(time.monotonic),
                threads=threads,
                patience=Patience(),
            )
            outcome = dispatcher.write(intents, lambda: None)
        return sum(one.verdict is WriteVerdict.APPLIED for one in outcome.written)

    return run


def loop(endpoint: str, table_name: str, stamp: str) -> Run:
    """A whole slice of a worker that has the table for itself, ledger, undo log and all."""
    worker = _worker(endpoint, _begun(endpoint, table_name, stamp))

    def run() -> int:
        result = worker.run()
        assert result.status is WorkStatus.DONE, result
        return result.counts.changed

    return run


def _change(prepared: Prepared) -> Change:
    size = item_bytes(prepared.item)
    return Change("changed", {ATTRIBUTE: prepared.after}, {ATTRIBUTE: prepared.before}, size, size)


def _begun(endpoint: str, table_name: str, stamp: str) -> MigrationRecord:
    """Write a new migration of the table into the ledger, as the start task does."""
    name = f"bench-{next(_numbers)}"
    record = migration_record(
        migration_id=name,
        table_name=table_name,
        table_id=_table_id(endpoint, table_name) or name,
        key_names=KEY_NAMES,
        started_at_iso=stamp,
    )
    ledger, now = _ledger(endpoint), time.time()
    ledger.create_migration(record)
    assert ledger.begin_attempt(name, 1, now)
    table = TableKey(record.table_arn, record.table_id, table_name)
    Leases(ledger).change(table, lambda lease: _taken(lease, table, name, now))
    return record


def _table_id(endpoint: str, table_name: str) -> str:
    """Return the id that workers compare; canned answers have none."""
    try:
        table = make_client(endpoint).describe_table(TableName=table_name)["Table"]
    except ClientError:
        return ""
    return str(table.get("TableId", ""))


def _taken(
    lease: LeaseRecord | None, table: TableKey, migration_id: str, now: float
) -> LeaseRecord:
    """The run before has ended; nobody restores anything here."""
    free = release(lease, lease.migration_id) if lease else None
    return acquire(free, table, migration_id=migration_id, now=now, holder_is_live=False)


def _worker(endpoint: str, record: MigrationRecord) -> Worker:
    """Put a worker together as the handler does."""
    ledger = _ledger(endpoint)
    request = work_request(migration_id=record.migration_id, table_name=record.table_name)
    pacers = Pacers(Pacer(time.monotonic), Pacer(time.monotonic))
    guard = Guard(ledger, record, 1, time.time, pacers)
    return Worker(
        request=request,
        lanes=Lanes(ledger),
        guard=guard,
        tools=Kit(
            request=request,
            record=record,
            guard=guard,
            dynamodb=make_client(endpoint),
            bucket=Bucket(_bucket_client(endpoint), "bucket", record.migration_id),
            threads=_threads(),
            proof=PROVEN,
            bindings=bindings_of(["*"]),
        ),
        owner=record.migration_id,
        clock=time.time,
        out_of_time=lambda: False,
    )


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WRITER_THREADS)


def _ledger(endpoint: str) -> Ledger:
    return Ledger(make_client(endpoint), LEDGER)
