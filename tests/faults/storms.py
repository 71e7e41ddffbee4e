"""Faults of the wire: what is put into the proxy before a run. See kinds.py for what each means."""

import random
from collections.abc import Callable

from tests.faults.run import Run
from tests.faults.wire import Hits, Outage, Storm, throttled
from tests.faults.wire import partial as partial_fate
from tests.faults.wire import unwell as unwell_fate
from tests.faults.world import AIRFLOW, WAIT_SCALE, WORKERS
from tests.support.engines.double.control_planes import (
    FormerDefinition,
    LateRights,
    StaleExecutions,
)
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


def ledger_throttled(run: Run) -> None:
    """Throttle it twice as long as an outage lasts, with the reasons that a table has."""
    ledger = run.world.stack(run.stack).ledger_table
    arn = run.world.clients.dynamodb.describe_table(TableName=ledger)["Table"]["TableArn"]

    def fate(draw: random.Random) -> Fate:
        return throttled(draw, table_arn=arn, operation=draw.choice(("Read", "Write")))

    _strike(
        run,
        Outage(
            run.draw,
            lambda request: request.table == ledger,
            fate,
            first=run.draw.randint(5, 25),
            seconds=2 * run.outage_seconds,
            share=run.draw.uniform(0.3, 0.9),
        ),
    )


def stale_control_plane(run: Run) -> None:
    """Let Step Functions be seen late by whoever steers."""
    draw = run.draw
    seconds = {"start_seconds": draw.uniform(1, 8), "end_seconds": draw.uniform(1, 5)}
    _strike(run, StaleExecutions(draw, share=draw.uniform(0.5, 1), **seconds))


def late_rights(run: Run) -> None:
    """Deny the workers for a while, as if their role had been made a moment ago."""
    draw = run.draw
    seconds = draw.uniform(3, 20) * WAIT_SCALE
    _strike(run, LateRights(draw, _of_workers, seconds, draw.uniform(0.3, 1)))


def former_definition(run: Run) -> None:
    """Deploy the transform anew, and let the next execution have the definition of before."""
    machines = run.world.clients.stepfunctions
    arn = run.world.stack(run.stack).state_machine_arn
    former = machines.describe_state_machine(stateMachineArn=arn)["definition"]
    run.world.deploy_anew(run.stack)
    _strike(run, FormerDefinition(arn, former))


def bucket_down(run: Run) -> None:
    bucket = run.world.stack(run.stack).bucket
    _outage(run, lambda request: request.bucket == bucket)


def _storm(run: Run, hits: Hits, fate: Draw, share: tuple[float, float], *, most: int) -> None:
    _strike(run, Storm(run.draw, hits, fate, share=run.draw.uniform(*share), most=most))


def _outage(run: Run, hits: Hits) -> None:
    fate = run.draw.choice((lambda draw: reset, lambda draw: refuse(503, "ServiceUnavailable")))
    first = run.draw.randint(5, 25)
    _strike(run, Outage(run.draw, hits, fate, first=first, seconds=run.outage_seconds))


def _strike(
    run: Run, fault: Storm | Outage | StaleExecutions | FormerDefinition | LateRights
) -> None:
    run.world.proxy.faults = (fault, *run.world.proxy.faults)
    run.struck = lambda: fault.struck


def _throttled(run: Run, operation: str) -> Draw:
    table = run.world.clients.dynamodb.describe_table(TableName=run.table)["Table"]
    return lambda draw: throttled(draw, table_arn=table["TableArn"], operation=operation)


def _of_table(run: Run, *operations: str) -> Hits:
    return lambda request: (
        request.door == WORKERS and request.operation in operations and request.table == run.table
    )


def _of_workers(request: Request) -> bool:
    return request.door == WORKERS
