"""Faults of the wire: what is put into the proxy before a run. See kinds.py for what each means."""

import random
from collections.abc import Callable

from tests.faults.run import Run
from tests.faults.wire import Hits, Outage, Storm, throttled
from tests.faults.wire import partial as partial_fate
from tests.faults.wire import unwell as unwell_fate
from tests.faults.world import AIRFLOW, WORKERS
from tests.support.engines.fates import delay, lose, refuse, reset
from tests.support.engines.proxy import Fate, Request

_WRITES = ("BatchExecuteStatement", "UpdateItem", "DeleteItem")

Draw = Callable[[random.Random], Fate]


def throttled_reads(run: Run) -> None:
    _storm(run, _of_table(run, "Scan", "GetItem"), _throttled(run, "Read"), (0.2, 0.7), most=10)


def throttled_writes(run: Run) -> None:
    _storm(run, _of_table(run, *_WRITES), _throttled(run, "Write"), (0.2, 0.7), most=10)


def partial(run: Run) -> None:
    _storm(run, _of_table(run, "BatchExecuteStatement"), partial_fate, (0.3, 0.9), most=10)


def lost_answers(run: Run) -> None:
    _storm(run, _of_workers, lambda draw: lose, (0.1, 0.5), most=20)


def lost_writes(run: Run) -> None:
    _storm(run, _of_table(run, *_WRITES), lambda draw: lose, (0.3, 0.9), most=10)


def resets(run: Run) -> None:
    _storm(run, _of_workers, lambda draw: reset, (0.1, 0.5), most=20)


def airflow_lost(run: Run) -> None:
    fate = run.draw.choice((lose, reset))
    _storm(run, lambda one: one.door == AIRFLOW, lambda draw: fate, (0.1, 0.4), most=40)


def slow(run: Run) -> None:
    _storm(run, _of_workers, lambda draw: delay(draw.uniform(0.1, 1.5)), (0.2, 0.4), most=20)


def unwell(run: Run) -> None:
    _storm(run, _of_workers, unwell_fate, (0.1, 0.5), most=20)


def ledger_down(run: Run) -> None:
    ledger = run.world.stack(run.stack).ledger_table
    _outage(run, lambda request: request.table == ledger)


def bucket_down(run: Run) -> None:
    bucket = run.world.stack(run.stack).bucket
    _outage(run, lambda request: request.bucket == bucket)


def _storm(run: Run, hits: Hits, fate: Draw, share: tuple[float, float], *, most: int) -> None:
    storm = Storm(run.draw, hits, fate, share=run.draw.uniform(*share), most=most)
    run.world.proxy.faults = (storm, *run.world.proxy.faults)
    run.struck = lambda: storm.struck


def _outage(run: Run, hits: Hits) -> None:
    fate = run.draw.choice((lambda draw: reset, lambda draw: refuse(503, "ServiceUnavailable")))
    first = run.draw.randint(5, 25)
    outage = Outage(run.draw, hits, fate, first=first, seconds=run.outage_seconds)
    run.world.proxy.faults = (outage, *run.world.proxy.faults)
    run.struck = lambda: outage.struck


def _throttled(run: Run, operation: str) -> Draw:
    table = run.world.clients.dynamodb.describe_table(TableName=run.table)["Table"]
    return lambda draw: throttled(draw, table_arn=table["TableArn"], operation=operation)


def _of_table(run: Run, *operations: str) -> Hits:
    return lambda request: (
        request.door == WORKERS and request.operation in operations and request.table == run.table
    )


def _of_workers(request: Request) -> bool:
    return request.door == WORKERS
