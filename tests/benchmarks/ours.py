"""Our side of the benchmark: the one module that knows how the worker is put together.

As in contenders.py, each function prepares and returns what is timed.
"""

import functools
import itertools
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from airflow_ddb_migrate.aws.lanes import Lanes
from airflow_ddb_migrate.aws.leases import Leases
from airflow_ddb_migrate.aws.ledger import Ledger
from airflow_ddb_migrate.core.lease import TableKey, acquire
from airflow_ddb_migrate.core.messages import WorkStatus
from airflow_ddb_migrate.core.records import MigrationRecord
from ddb_transform import handler
from ddb_transform.guard import Guard
from ddb_transform.settle import Settler
from ddb_transform.transform import Change, Context, load
from ddb_transform.worker import WRITER_THREADS, Worker
from ddb_transform.writer import ReferenceWriter
from tests.benchmarks.contenders import Run
from tests.benchmarks.items import ATTRIBUTE, KEY_NAMES, Prepared
from tests.factories import LEDGER, migration_record, work_request

_numbers = itertools.count()


@functools.cache
def make_client(endpoint: str) -> Any:
    """Return the client that the Lambda would have, for this endpoint."""
    return boto3.client("dynamodb", endpoint_url=endpoint, config=handler._CONFIG)


def write(endpoint: str, table_name: str, changes: Sequence[Prepared]) -> Run:
    """The writing of prepared changes alone, with as many threads as the worker has."""
    writer = ReferenceWriter(make_client(endpoint), table_name)
    wanted = [(change.key, _change(change)) for change in changes]

    def run() -> int:
        with ThreadPoolExecutor(WRITER_THREADS) as threads:
            return sum(w.applied for w in threads.map(lambda pair: writer.write(*pair), wanted))

    return run


def loop(endpoint: str, table_name: str, stamp: str) -> Run:
    """A whole slice of a worker that has the table for itself, ledger and all."""
    worker = _worker(endpoint, _begun(endpoint, table_name, stamp))

    def run() -> int:
        result = worker.run()
        assert result.status is WorkStatus.DONE, result
        return result.counts.changed

    return run


def _change(prepared: Prepared) -> Change:
    return Change("changed", {ATTRIBUTE: prepared.after}, {ATTRIBUTE: prepared.before})


def _begun(endpoint: str, table_name: str, stamp: str) -> MigrationRecord:
    """Write a new migration of the table into the ledger, as the start task does."""
    name = f"bench-{next(_numbers)}"
    record = migration_record(
        migration_id=name,
        table_name=table_name,
        table_id=name,  # a lease of its own
        key_names=KEY_NAMES,
        started_at_iso=stamp,
    )
    ledger, now = _ledger(endpoint), time.time()
    ledger.create_migration(record)
    assert ledger.begin_attempt(name, 1, now)
    table = TableKey(record.table_arn, record.table_id, table_name)
    Leases(ledger).change(
        table,
        lambda lease: acquire(lease, table, migration_id=name, now=now, holder_is_live=False),
    )
    return record


def _worker(endpoint: str, record: MigrationRecord) -> Worker:
    """Put a worker together as the handler does."""
    dynamodb, ledger = make_client(endpoint), _ledger(endpoint)
    context = Context(record.migration_id, record.started_at_iso, key_names=record.key_names)
    return Worker(
        request=work_request(migration_id=record.migration_id, table_name=record.table_name),
        lanes=Lanes(ledger),
        guard=Guard(ledger, record, 1, time.time),
        settler=Settler(
            load(record.transform, context), ReferenceWriter(dynamodb, record.table_name)
        ),
        dynamodb=dynamodb,
        owner=record.migration_id,
        clock=time.time,
        out_of_time=lambda: False,
    )


def _ledger(endpoint: str) -> Ledger:
    return Ledger(make_client(endpoint), LEDGER)
