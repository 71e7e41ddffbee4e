"""Faults of the Lambda: its processes, its invocations, its transform, its clock."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from airflow_ddb_migrate.core.execution.messages import WorkRequest
from botocore.exceptions import ClientError
from tests.faults.run import Run, Trouble
from tests.faults.wire import AtRequest
from tests.faults.world import WORKERS

_NONSENSE = ("returns-none", "returns-text", "returns-part", "changes-key")
_SKEW_SECONDS = 600


def killed(run: Run) -> None:
    """Kill one process, or all, before or after the emulator heard of a request."""
    draw, everyone = run.draw, run.draw.random() < 0.5
    at = {draw.randint(2, 90): draw.random() < 0.5 for _ in range(draw.randint(1, 3))}

    def kill() -> None:
        pids = run.world.chain.lambda_pids()
        for pid in pids if everyone else draw.sample(pids, min(1, len(pids))):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended by itself

    fault = AtRequest(WORKERS, at, kill)
    run.world.proxy.faults = (fault, *run.world.proxy.faults)
    run.struck = lambda: fault.struck


def hangs_once(run: Run) -> None:
    run.trouble = Trouble(how="hangs", bad=run.bad_keys(8), once=run.draw.randint(1, 2))


def hangs(run: Run) -> None:
    run.trouble = Trouble(how="hangs", bad=run.bad_keys(2))


def dies_once(run: Run) -> None:
    run.trouble = Trouble(how="dies", bad=run.bad_keys(8), once=run.draw.randint(1, 2))


def dies(run: Run) -> None:
    run.trouble = Trouble(how="dies", bad=run.bad_keys(2))


def raises(run: Run) -> None:
    run.trouble = Trouble(how="raises", bad=run.bad_keys(run.draw.randint(2, 5)))


def raises_too_often(run: Run) -> None:
    run.trouble = Trouble(how="raises", bad=run.bad_keys(6))


def nonsense(run: Run) -> None:
    run.trouble = Trouble(how=run.draw.choice(_NONSENSE), bad=run.bad_keys(3))


def grows(run: Run) -> None:
    run.trouble = Trouble(how="grows", bad=run.bad_keys(3))


def skewed(run: Run) -> None:
    """Set each process's clock on or back; which process gets which goes by its pid."""
    offsets = [run.draw.uniform(-_SKEW_SECONDS, _SKEW_SECONDS) for _ in range(4)]
    run.world.skew.write_text("".join(f"{offset}\n" for offset in offsets))


def invoked_twice(run: Run) -> None:
    """Invoke lanes that Step Functions works on, each twice more, at the same time."""
    if not run.until_requests(run.draw.randint(5, 60)):
        run.struck = lambda: 0
        return
    record = run.site.ledger.required_migration(run.site.migration_id)
    lanes = run.draw.sample(range(record.lanes), 2)
    requests = [
        WorkRequest(
            migration_id=record.migration_id,
            attempt=1,
            table_name=record.table_name,
            total_segments=record.total_segments,
            segment=lane,
            lanes=record.lanes,
        )
        for lane in lanes
    ]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: _invoke(run, asdict(one)), requests * 2))


def _invoke(run: Run, event: dict) -> None:
    answer = run.world.clients.lambda_.invoke(
        FunctionName=run.site.stack.function_arn, Payload=json.dumps(event).encode()
    )
    run.said.append(answer["Payload"].read().decode())


def invoke_throttled(run: Run) -> None:
    """Take the function's concurrency away for a while."""
    hit = run.until_requests(run.draw.randint(5, 50))
    run.struck = lambda: int(hit)
    lambda_, name = run.world.clients.lambda_, run.site.stack.function_name
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    try:
        time.sleep(run.draw.uniform(0.5, 3.0))  # how long it is so: there is no clock to inject
    finally:
        _give_back(lambda_, name)


def _give_back(lambda_, name: str) -> None:
    for _ in range(10):
        try:
            lambda_.delete_function_concurrency(FunctionName=name)
        except ClientError:
            time.sleep(0.1)
        else:
            return
