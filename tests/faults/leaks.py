"""Is a value of an item anywhere where none may be? Searches what every component leaves behind."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.faults.run import Run
from tests.faults.world import FaultWorld


def leaks(run: Run) -> list[str]:
    """Name every place in which the run's planted value is to be read."""
    places = [
        *_files(run.world),
        *_lambda_logs(run.world, run.began_at),
        *_ledgers(run.world),
        *_executions(run.world, run.migrations),
        *_quarantine(run),
        *((f"message {i} to a person", text) for i, text in enumerate(run.said)),
    ]
    return sorted({where for where, text in places if run.canary in text})


def _files(world: FaultWorld) -> Iterator[tuple[str, str]]:
    """Files that the emulator's processes write, the emulator's own words among them."""
    for path in (world.folder / "logs").iterdir():
        yield f"file {path.name}", path.read_text(errors="replace")


def _lambda_logs(world: FaultWorld, since: float) -> Iterator[tuple[str, str]]:
    logs = world.logs
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=name, startTime=int(since * 1_000)
        )
        for page in pages:
            for event in page["events"]:
                yield f"log group {name}", event["message"]


def _ledgers(world: FaultWorld) -> Iterator[tuple[str, str]]:
    for stack in world.stacks.values():
        pages = world.clients.dynamodb.get_paginator("scan").paginate(TableName=stack.ledger_table)
        for page in pages:
            for item in page["Items"]:
                yield (
                    f"ledger {item['pk'].get('S')} {item['sk'].get('S')}",
                    json.dumps(item, default=str),
                )


def _executions(world: FaultWorld, migrations: set[str]) -> Iterator[tuple[str, str]]:
    """Descriptions and histories of these migrations' executions, the children's, too."""
    client = world.clients.stepfunctions
    for stack in world.stacks.values():
        pages = client.get_paginator("list_executions").paginate(
            stateMachineArn=stack.state_machine_arn
        )
        for row in (row for page in pages for row in page["executions"]):
            if row["name"].rpartition("-")[0] in migrations:
                yield from _execution(client, row["executionArn"])


def _execution(client: Any, arn: str) -> Iterator[tuple[str, str]]:
    yield f"execution {arn}", json.dumps(client.describe_execution(executionArn=arn), default=str)
    history = client.get_execution_history(executionArn=arn, includeExecutionData=True)
    yield f"history of {arn}", json.dumps(history["events"], default=str)
    for run in client.list_map_runs(executionArn=arn)["mapRuns"]:
        children = client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        for child in children:
            yield from _execution(client, child["executionArn"])


def _quarantine(run: Run) -> Iterable[tuple[str, str]]:
    """Its rows name keys and error classes; without show_values no value."""
    for site in run.sites:
        for path in site.bucket.paths("quarantine/"):
            yield f"quarantine {path}", json.dumps(site.bucket.get(path))
