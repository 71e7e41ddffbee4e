"""The product's own worker, its dispatcher and writer, on the simulated table and virtual clock.

What the page model leaves out is here: guard, ledger (moto), pages, batches of 25, retries. There
is one writer thread, so that virtual time has one order.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from airflow_ddb_migrate.core.limits import READ_UNIT_BYTES, WORKER_WRITE_UNITS
from airflow_ddb_migrate.core.messages import WorkStatus
from airflow_ddb_migrate.core.records import Budget, TypedItem
from tests.factories import MIGRATION
from tests.migration_world import PROVEN, Clock, World
from tests.simulation.table import SimTable

_READ_UNITS = 1_024 / READ_UNIT_BYTES / 2  # of one item, which is written for one unit
_THROTTLED = {"Error": {"Code": "ProvisionedThroughputExceeded", "Message": "too fast"}}


@dataclass(slots=True)
class SimClient:
    """Answers for a table of so many items; all else is the ledger's client.

    A batch takes its time of the worker's processor, and then gets what the table gives.
    """

    ledger: Any
    table: SimTable
    clock: Clock
    table_name: str
    items: int
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
        begin = int(cursor["id"]["S"]) + 1 if cursor else 0
        end = min(self.items, begin + arguments["Limit"])
        units = (end - begin) * _READ_UNITS
        self.read_units += units
        items: list[TypedItem] = [{"id": {"S": str(number)}} for number in range(begin, end)]
        answer = {"Items": items, "ConsumedCapacity": {"CapacityUnits": units}}
        return answer if end == self.items else {**answer, "LastEvaluatedKey": items[-1]}

    def batch_execute_statement(self, **arguments: Any) -> dict[str, Any]:
        statements = arguments["Statements"]
        self.clock.advance(len(statements) / WORKER_WRITE_UNITS)
        responses = [self._written(statement["Parameters"]) for statement in statements]
        done = responses.count({})
        return {"Responses": responses, "ConsumedCapacity": [{"CapacityUnits": float(done)}]}

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


def work(dynamodb: Any, table: SimTable, items: int, units_per_second: float) -> SimClient:
    """Let one worker work through one lane of a table whose items all change."""
    world = World(dynamodb, proof=PROVEN)
    budget = Budget(write_units_per_second=units_per_second, sharers=1)
    assert world.ledger.begin_attempt(MIGRATION, 1, world.clock(), budget)
    client = SimClient(world.dynamodb, table, world.clock, world.table_name, items)
    with ThreadPoolExecutor(1) as threads:
        worker = world.worker()
        worker.tools.dynamodb = client
        worker.tools.threads = threads
        worker.tools.patience.jitter = random.Random(1).uniform
        assert worker.run().status is WorkStatus.DONE
    return client
