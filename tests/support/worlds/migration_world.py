"""A migration without Step Functions: a table, a ledger and workers, on moto in this process."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
from airflow_ddb_migrate.aws.ledger.lanes import Lanes
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.core.execution.messages import WorkRequest, WorkResult, WorkStatus
from airflow_ddb_migrate.core.execution.pacing import Pacer
from airflow_ddb_migrate.core.execution.segments import lane_count
from airflow_ddb_migrate.core.ledger.holds import HoldKind
from airflow_ddb_migrate.core.ledger.lease import TableKey, acquire, release
from airflow_ddb_migrate.core.ledger.records import Command, LaneRow, MigrationRecord, TypedItem
from airflow_ddb_migrate.core.mode import Mode
from botocore.paginate import Paginator
from ddb_transform.assembly import Kit
from ddb_transform.contract.item import Item
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.guard import Guard, Pacers
from ddb_transform.patience import Patience
from ddb_transform.worker import Worker
from ddb_transform.writers.proof import UNPROVEN, Proof
from moto import mock_aws
from tests.support.engines.fakes import FakeS3
from tests.support.engines.statements import StatementEngine
from tests.support.factories import (
    MIGRATION,
    NOW,
    STARTED_AT,
    data_table,
    hold,
    ledger_table,
    migration_record,
)

_names = itertools.count()
_THREADS = ThreadPoolExecutor(4)
PROVEN = Proof(fast=True)
_LEDGER = "-ledger"


def mark(item: Item, context: Context) -> Item:
    """The simplest transform: every item gets ``done``."""
    item["done"] = True
    return item


@dataclass(slots=True)
class Clock:
    """Stands still unless it is told to go on."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Proxy:
    """Stands in front of a boto3 client; ``before`` and ``after`` see every call.

    Writes of items come one at a time, so that a test knows their order; all else runs as it is,
    so that a whole second worker can run within a page's ``scan``, and the main thread can save
    its row while a write takes its time.
    """

    def __init__(self, client: Any, *, has_partiql: bool = False) -> None:
        self.client = client
        self.has_partiql = has_partiql
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.before: Callable[[str, dict[str, Any]], None] = _nothing
        self.after: Callable[[str, dict[str, Any]], None] = _nothing
        self.answers: Callable[[str, Any], Any] = lambda _, answer: answer
        self.returns_items = True
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        if name == "batch_execute_statement" and not self.has_partiql:
            return self._batch
        attribute = getattr(self.client, name)
        if name in {"exceptions", "meta"}:
            return attribute

        def call(**arguments: Any) -> Any:
            is_write = name in {"update_item", "delete_item", "put_item"}
            is_item = is_write and not arguments["TableName"].endswith(_LEDGER)
            with self._lock if is_item else nullcontext():
                self.calls.append((name, arguments))
                self.before(name, arguments)
                # Here moto goes through a table's items, which must not change meanwhile.
                with self._lock if name in {"describe_table", "scan"} else nullcontext():
                    answer = attribute(**arguments)
                self.after(name, arguments)
                return self.answers(name, answer)

        return call

    def get_paginator(self, operation: str) -> Any:
        """Return boto3's paginator, whose calls are seen like all others."""
        paginator = self.client.get_paginator(operation)
        if isinstance(paginator, Paginator):  # a fake has its own, and its own way to be watched
            paginator._method = getattr(self, operation)
        return paginator

    def _batch(self, **arguments: Any) -> Any:
        """A batch becomes single writes, which are seen one by one like any others."""
        return StatementEngine(self, returns_items=self.returns_items).batch_execute_statement(
            **arguments
        )

    def arguments_of(self, name: str) -> list[dict[str, Any]]:
        return [arguments for called, arguments in self.calls if called == name]


def _nothing(name: str, arguments: dict[str, Any]) -> None:
    pass


@dataclass(slots=True)
class MigrationWorld:
    """One table, its migration in the ledger, and workers of it.

    ``dynamodb`` is what the workers use; ``service`` reaches the table past them. Its PartiQL is
    used if it has one, and our own in its place else.
    """

    service: Any
    total_segments: int = 1
    lanes: int = 1
    key_type: str = "S"
    transform: Callable[[Item, Context], object] = mark
    table_name: str = field(default_factory=lambda: f"orders-{next(_names)}")
    clock: Clock = field(default_factory=Clock)
    dynamodb: Proxy = field(init=False)
    record: MigrationRecord = field(init=False)
    attempt: int = 1
    proof: Proof = UNPROVEN
    s3: FakeS3 = field(default_factory=FakeS3)
    options: dict[str, Any] = field(default_factory=dict)
    has_partiql: bool = False
    bucket_name: str = "bucket"
    _owners: Iterator[int] = field(default_factory=lambda: itertools.count(1), init=False)

    def __post_init__(self) -> None:
        self.dynamodb = Proxy(self.service, has_partiql=self.has_partiql)
        description = data_table(self.service, self.table_name, key_type=self.key_type)
        ledger_table(self.service, self.table_name + _LEDGER)
        self.record = migration_record(
            table_name=self.table_name,
            table_arn=description["TableArn"],
            table_id=description.get("TableId", ""),
            total_segments=self.total_segments,
            lanes=self.lanes,
            **self.options,
        )
        self.ledger.create_migration(self.record)
        self.begin_attempt(1)
        self.take_table(MIGRATION)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.dynamodb, self.table_name + _LEDGER)

    @property
    def table_key(self) -> TableKey:
        return TableKey(self.record.table_arn, self.record.table_id, self.table_name)

    def begin_attempt(self, number: int) -> None:
        self.attempt = number
        assert self.ledger.begin_attempt(self.record.migration_id, number, self.clock())

    def command(self, command: Command) -> None:
        """Let the attempt run, be held by a person, or be stopped."""
        name, attempt, now = self.record.migration_id, self.attempt, self.clock()
        if command is Command.STOP:
            self.ledger.stop(name, attempt=attempt, reason="a test", now=now)
        elif command is Command.HOLD:
            self.ledger.hold(name, hold(reason="a test", since=now), attempt=attempt)
        else:
            self.ledger.end_holds(name, {*HoldKind}, attempt=attempt, reason="a test", now=now)

    def follow_with(self, mode: Mode) -> None:
        """Begin another migration of the same table; an undo or a replay is of the former one."""
        former = self.record.migration_id
        of = former if mode in {Mode.UNDO, Mode.REPLAY} else ""
        name = f"{former}-{mode.lower()}"
        self.record = replace(self.record, migration_id=name, mode=mode, of=of)
        self.ledger.create_migration(self.record)
        self.begin_attempt(1)
        Leases(self.ledger).change(self.table_key, lambda lease: release(lease, former))
        self.take_table(name)

    def take_table(self, migration_id: str) -> None:
        Leases(self.ledger).change(
            self.table_key,
            lambda lease: acquire(
                lease,
                self.table_key,
                migration_id=migration_id,
                now=self.clock(),
                holder_is_live=False,
            ),
        )

    def put(self, *items: TypedItem) -> None:
        for item in items:
            self.service.put_item(TableName=self.table_name, Item=item)

    def put_many(self, count: int) -> None:
        self.put(*({"id": {"S": f"item-{i:04d}"}} for i in range(count)))

    def items(self) -> dict[str, TypedItem]:
        """Every item as it is now, by its key's value as text."""
        pages = self.service.get_paginator("scan").paginate(TableName=self.table_name)
        found = [item for page in pages for item in page["Items"]]
        return {str(next(iter(item["id"].values()))): item for item in found}

    def row(self, lane: int = 0) -> LaneRow:
        row = self.row_or_none(lane)
        assert row is not None
        return row

    def row_or_none(self, lane: int = 0) -> LaneRow | None:
        return Lanes(Ledger(self.service, self.ledger.table_name)).get(
            self.record.migration_id, lane
        )

    def ledger_rows(self) -> list[TypedItem]:
        """Everything the ledger holds, to look for what it must not."""
        return list(self.service.scan(TableName=self.ledger.table_name)["Items"])

    def worker(
        self,
        *,
        lane: int = 0,
        attempt: int | None = None,
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> Worker:
        """One invocation: an owner of its own, as in Lambda."""
        attempt = self.attempt if attempt is None else attempt
        request = WorkRequest(
            migration_id=self.record.migration_id,
            attempt=attempt,
            table_name=self.table_name,
            total_segments=self.total_segments,
            segment=lane,
            lanes=self.lanes,
        )
        guard = Guard(self.ledger, self.record, attempt, self.clock, self.pacers())
        return Worker(
            request=request,
            lanes=Lanes(self.ledger),
            guard=guard,
            tools=self._kit(request, guard),
            owner=f"invocation-{next(self._owners)}",
            clock=self.clock,
            out_of_time=out_of_time,
            sleep=self.clock.advance,
        )

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.s3, self.bucket_name, self.record.migration_id)

    def pacers(self) -> Pacers:
        return Pacers(Pacer(self.clock), Pacer(self.clock))

    def _kit(self, request: WorkRequest, guard: Guard) -> Kit:
        kit = Kit(
            request=request,
            record=self.record,
            guard=guard,
            dynamodb=self.dynamodb,
            bucket=self.bucket,
            threads=_THREADS,
            proof=self.proof,
            patience=Patience(sleep=self.clock.advance, jitter=lambda least, most: most),
        )
        context = Context(self.record.migration_id, STARTED_AT, key_names=self.record.key_names)
        kit.transform = Transform(self.transform, context)
        return kit

    def work(self, **options: Any) -> WorkResult:
        return self.worker(**options).run()

    def work_all(self) -> list[WorkResult]:
        """Work every lane as its child would, until it is done or failed."""
        return [self._child(lane) for lane in range(lane_count(self.lanes))]

    def _child(self, lane: int) -> WorkResult:
        while (result := self.work(lane=lane)).status is WorkStatus.MORE:
            pass
        return result

    @property
    def table_writes(self) -> int:
        """How many writes of items the workers asked for."""
        single = sum(
            arguments["TableName"] == self.table_name
            for name in ("update_item", "delete_item", "put_item")
            for arguments in self.dynamodb.arguments_of(name)
        )
        batches = self.dynamodb.arguments_of("batch_execute_statement")
        return single + sum(len(arguments["Statements"]) for arguments in batches)


@contextmanager
def moto_dynamodb() -> Iterator[Any]:
    """A DynamoDB client of an empty account."""
    with mock_aws():
        yield boto3.client("dynamodb", region_name="us-east-1")
