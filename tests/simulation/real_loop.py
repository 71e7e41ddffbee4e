"""The product's own worker, its dispatcher and writer, on the simulated table and virtual clock.

What the page model leaves out is here: guard, ledger (moto), pages, batches of 25, retries. There
is one writer thread, so that virtual time has one order.
"""

import itertools
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.records import Budget, TypedItem
from airflow_ddb_migrate.core.limits import READ_UNIT_BYTES
from tests.simulation.latency import PROCESSOR_WRITE_UNITS, Latency
from tests.simulation.table import KEY_RANGE, SimTable
from tests.support.factories import MIGRATION, client_error
from tests.support.worlds.migration_world import PROVEN, Clock, MigrationWorld

_READ_UNITS = 1_024 / READ_UNIT_BYTES / 2  # of one item, which is written for one unit
_THROTTLED = {"Error": {"Code": "ProvisionedThroughputExceeded", "Message": "too fast"}}


@dataclass(slots=True)
class SimClient:
    """Answers for a table of so many items; all else is the ledger's client.

    A batch takes its time of the worker's processor and its latency, and then gets what the table
    gives. That of a page is hidden by the page before it.
    """

    ledger: Any
    table: SimTable
    clock: Clock
    table_name: str
    items: int
    latency: Latency
    draw: random.Random
    read_units: float = 0.0
    written: int = 0
    throttled: int = 0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock.now

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def scan(self, **arguments: Any) -> dict[str, Any]:
        cursor = arguments.get("ExclusiveStartKey")
        segment, segments = arguments["Segment"], arguments["TotalSegments"]
        begin = int(cursor["id"]["S"]) + 1 if cursor else segment * self.items // segments
        last = (segment + 1) * self.items // segments
        end = min(last, begin + arguments["Limit"])
        units = (end - begin) * _READ_UNITS
        self.read_units += units
        items: list[TypedItem] = [{"id": {"S": str(number)}} for number in range(begin, end)]
        answer = {"Items": items, "ConsumedCapacity": {"CapacityUnits": units}}
        return answer if end == last else {**answer, "LastEvaluatedKey": items[-1]}

    def batch_execute_statement(self, **arguments: Any) -> dict[str, Any]:
        statements = arguments["Statements"]
        seconds = self.latency.request(self.latency.batch, self.draw)
        self.clock.advance(len(statements) / PROCESSOR_WRITE_UNITS + seconds)
        responses = [self._written(statement["Parameters"]) for statement in statements]
        done = responses.count({})
        return {"Responses": responses, "ConsumedCapacity": [{"CapacityUnits": float(done)}]}

    def update_item(self, **arguments: Any) -> dict[str, Any]:
        """Write one item, or tell why not; one of a throttled batch is tried so."""
        if arguments["TableName"] != self.table_name:
            return self.ledger.update_item(**arguments)  # type: ignore[no-any-return]
        seconds = self.latency.request(self.latency.batch, self.draw)
        self.clock.advance(1 / PROCESSOR_WRITE_UNITS + seconds)
        if self._written([arguments["Key"]["id"]]):
            reasons = [{"reason": KEY_RANGE, "resource": "arn:t"}]
            code = "ProvisionedThroughputExceededException"
            raise client_error(code, "UpdateItem", ThrottlingReasons=reasons)
        return {"ConsumedCapacity": {"CapacityUnits": 1.0}}

    def _written(self, parameters: list[dict[str, str]]) -> dict[str, Any]:
        (number,) = (int(one["S"]) for one in parameters if "S" in one)  # the key
        partition = self.table.partition_at(number / self.items)
        bucket = self.table.partition_writes[partition]
        if bucket.available(self.clock.now - self.began) < 1:
            self.throttled += 1
            return _THROTTLED
        bucket.take(1)
        self.written += 1
        return {}


@dataclass(slots=True)
class RealRun:
    """What the worker loop came to; ``seconds`` are virtual."""

    client: SimClient
    slices: int
    seconds: float
    real_seconds: float


def work(
    dynamodb: Any,
    table: SimTable,
    *,
    items: int,
    units_per_second: float,
    latency: Latency,
    lanes: Sequence[int] = (0,),
    slice_seconds: float = 840.0,
) -> RealRun:
    """Let one worker after the other work through the lanes of a table whose items all change."""
    began, count = time.perf_counter(), len(lanes)
    world = MigrationWorld(dynamodb, total_segments=count, lanes=count, proof=PROVEN)
    budget = Budget(write_units_per_second=units_per_second, sharers=1)
    assert world.ledger.begin_attempt(MIGRATION, 1, world.clock(), budget)
    client = SimClient(
        world.dynamodb, table, world.clock, world.table_name, items, latency, random.Random(1)
    )
    with ThreadPoolExecutor(1) as threads:
        slices = sum(_work_lane(world, client, threads, lane, slice_seconds) for lane in lanes)
    seconds = world.clock.now - client.began
    return RealRun(client, slices, seconds, time.perf_counter() - began)


def _work_lane(
    world: MigrationWorld,
    client: SimClient,
    threads: ThreadPoolExecutor,
    lane: int,
    slice_seconds: float,
) -> int:
    """Work slice after slice until the lane is done; return how many that took."""
    jitter = random.Random(lane).uniform
    for number in itertools.count(1):
        ends_at = world.clock.now + slice_seconds
        worker = world.worker(
            lane=lane, out_of_time=lambda ends_at=ends_at: world.clock.now > ends_at
        )
        worker.tools.dynamodb = client
        worker.tools.threads = threads
        worker.tools.patience.jitter = jitter
        result = worker.run()
        if result.status is WorkStatus.DONE:
            return number
        assert result.status in {WorkStatus.MORE, WorkStatus.HOLD}
        world.clock.advance(result.wait_seconds)
    raise AssertionError
