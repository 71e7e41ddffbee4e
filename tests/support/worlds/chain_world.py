"""The whole chain below Airflow, for tests: tables, migrations of them, and how they end."""

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.execution.observe import Observation
from airflow_ddb_migrate.aws.execution.starting.start import StartRequest, StartResult, start
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.services.bucket import Bucket
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.core.inspection.findings import Findings
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from airflow_ddb_migrate.local.stack import deploy_to
from tests.support.waiting import HANG_SECONDS

ITEMS = 600

SLOW = """
import time

def transform(item, context):
    if "done" not in item:
        time.sleep(0.01)
    item["done"] = True
    return item
"""

PICKY = """
def transform(item, context):
    if item["id"] in context.params.get("bad", ()):
        raise ValueError(f"a value nobody may see: {item['secret']}")
    item["done"] = True
    return item
"""

MARK = """
def transform(item, context):
    if int(item["number"]) % 2:
        item["done"] = True
        item["tags"].add("c")
        item.pop("secret", None)
    return item

def check(item):
    return ("done" in item) == bool(int(item["number"]) % 2)
"""

PRUNE = """
from transforms import DELETE, SKIP

def transform(item, context):
    number = int(item["number"])
    if number % 3 == 0:
        return DELETE
    if number % 3 == 1:
        return SKIP
    item["done"] = True
    return item
"""


@dataclass(frozen=True, slots=True)
class ChainWorld:
    clients: Clients
    folder: Path
    stack: Stack

    def table(self, items: int, pad_bytes: int = 0) -> str:
        """Make a table of items with a number that only its exact text shows."""
        name = f"orders-{uuid.uuid4().hex[:8]}"
        self.clients.dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for number in range(items):
            pad = {"pad": {"S": "x" * pad_bytes}} if pad_bytes else {}
            self.clients.dynamodb.put_item(TableName=name, Item={**source(number), **pad})
        return name

    def site(self, table: str, run: str = "run") -> Site:
        return open_site(
            self.clients,
            table_name=table,
            stack_name="ddb-migrate",
            identity=Identity(dag_id="dag", run_id=run),
        )

    def items(self, table: str) -> dict[str, dict]:
        pages = self.clients.dynamodb.get_paginator("scan").paginate(TableName=table)
        return {item["id"]["S"]: item for page in pages for item in page["Items"]}

    def objects(self, site: Site, folder: str) -> list[dict]:
        """Return the rows of all objects of a migration's folder in the bucket."""
        bucket = Bucket(self.clients.s3, self.stack.bucket, site.migration_id)
        return [row for path in bucket.paths(folder) for row in bucket.get(path)]

    def kill_workers(self) -> int:
        """Kill every process in which the emulator runs our Lambda."""
        killed = self.lambda_pids()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return len(killed)

    def lambda_pids(self) -> list[int]:
        """Return the processes in which the emulator runs our Lambda."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = path.read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in command and "ministack-lambda" in command:
                found.append(int(path.parent.name))
        return found


@contextmanager
def chain_world(folder: Path, transforms: Path) -> Iterator[ChainWorld]:
    """An emulator of its own, deployed with a user's transforms."""
    for name, text in {"slow": SLOW, "picky": PICKY, "prune": PRUNE, "mark": MARK}.items():
        (transforms / f"{name}.py").write_text(text)
    with emulators.start_emulator(folder) as running:
        tables = ("*", "*:prune")
        stack = deploy_to(running, tables=tables, transforms_dir=transforms, quiet=True)
        yield ChainWorld(running.clients(), folder, stack)


def source(number: int) -> dict:
    return {
        "id": {"S": f"item-{number:05d}"},
        "number": {"N": str(number)},
        "exact": {"N": "1234567890123456789012345678.9012345678"},
        "secret": {"S": "hunter2"},
        "tags": {"SS": ["a", "b"]},
    }


def request(segments: int = 8, transform: str = "add_updated_at", **fields: Any) -> StartRequest:
    known = {
        "total_segments": segments,
        "transform": transform,
        "params": {},
        "max_concurrency": None,
        "tolerated_failure_percentage": 0,
        "started_by": "test",
    }
    return StartRequest(**{**known, **fields})


def begin(site: Site, wanted: StartRequest) -> StartResult:
    return start(site, wanted)


def finish(site: Site) -> Observation:
    """Tend the migration until it is over."""
    return until(site, lambda seen: seen.is_over)


def until(site: Site, holds: Callable[[Observation], bool]) -> Observation:
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        seen = tend(site)
        if holds(seen):
            return seen
        time.sleep(0.2)  # another process works: there is no clock to inject
    raise AssertionError(f"not reached: {seen}")


def migrated(
    world: ChainWorld, table: str, run: str = "run", **fields: Any
) -> tuple[Site, Observation]:
    """Run one migration to its end."""
    site = world.site(table, run=run)
    begin(site, request(**fields))
    return site, finish(site)


def found(site: Site) -> Findings:
    """Add up what a mode that only reads has found."""
    rows = site.lanes.all(site.migration_id)
    return Findings.sum(Findings.from_json(row.findings) for row in rows)
