"""The whole chain below Airflow: a real Distributed Map of real Lambdas on the embedded stack."""

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.site import Identity, Site, open_site
from airflow_ddb_migrate.aws.start import Started, StartRequest, start
from airflow_ddb_migrate.aws.watch import Observation, stop, tend
from airflow_ddb_migrate.core.errors import LeaseHeldError
from airflow_ddb_migrate.core.progress import Outcome
from airflow_ddb_migrate.local import emulator as emulators
from airflow_ddb_migrate.local import sample
from airflow_ddb_migrate.local.stack import deploy_to

_ITEMS = 600
_PATIENCE_SECONDS = 90

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
    if item["id"] == context.params.get("bad"):
        raise ValueError(f"a value nobody may see: {item['secret']}")
    item["done"] = True
    return item
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
class World:
    clients: Clients
    folder: Path

    def table(self, items: int) -> str:
        """Make a table of items with a number that only its exact text shows."""
        name = f"orders-{uuid.uuid4().hex[:8]}"
        self.clients.dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for number in range(items):
            self.clients.dynamodb.put_item(TableName=name, Item=source(number))
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


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An emulator of its own, deployed with a user's transforms."""
    transforms = tmp_path_factory.mktemp("transforms")
    for name, text in {"slow": SLOW, "picky": PICKY, "prune": PRUNE}.items():
        (transforms / f"{name}.py").write_text(text)
    folder = tmp_path_factory.mktemp("chain")
    with emulators.start(folder) as running:
        deploy_to(running, transforms_dir=transforms, quiet=True)
        yield World(running.clients(), folder)


def source(number: int) -> dict:
    return {
        "id": {"S": f"item-{number:05d}"},
        "number": {"N": str(number)},
        "exact": {"N": "1234567890123456789012345678.9012345678"},
        "secret": {"S": "hunter2"},
        "tags": {"SS": ["a", "b"]},
    }


def request(segments: int = 8, transform: str = "add_updated_at", **params: object) -> StartRequest:
    return StartRequest(
        total_segments=segments,
        transform=transform,
        params=params,
        max_concurrency=None,
        tolerated_failure_percentage=0,
        started_by="test",
    )


def begin(site: Site, wanted: StartRequest) -> Started:
    return start(site, wanted, time.time())


def finish(site: Site) -> Observation:
    """Tend the migration until it is over."""
    return until(site, lambda seen: seen.verdict.outcome in {Outcome.SUCCEEDED, Outcome.FAILED})


def until(site: Site, holds: Callable[[Observation], bool]) -> Observation:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        seen = tend(site, time.time())
        if holds(seen):
            return seen
        time.sleep(0.2)  # another process works: there is no clock to inject
    raise AssertionError(f"not reached: {seen}")


def test_every_item_is_migrated_and_nothing_else_changes(world):
    """After a migration every item has the new attribute and all others exactly as they were."""
    table = world.table(_ITEMS)
    site = world.site(table)
    begin(site, request())
    seen = finish(site)
    items = world.items(table)
    assert (Outcome.SUCCEEDED, _ITEMS, _ITEMS) == (
        seen.verdict.outcome,
        seen.progress.counts.seen,
        seen.progress.counts.changed,
    )
    assert all("updatedAt" in item for item in items.values())
    assert {source(n)["id"]["S"]: source(n) for n in range(_ITEMS)} == {
        name: {k: v for k, v in item.items() if k != "updatedAt"} for name, item in items.items()
    }


def test_an_empty_table_is_a_clean_success(world):
    """A table without items ends in success with zero items."""
    site = world.site(world.table(0))
    begin(site, request())
    seen = finish(site)
    assert (Outcome.SUCCEEDED, 0) == (seen.verdict.outcome, seen.progress.counts.seen)


def test_more_segments_than_items(world):
    """Segments without items are finished like any other."""
    site = world.site(world.table(3))
    begin(site, request(segments=25))
    seen = finish(site)
    assert (Outcome.SUCCEEDED, 25, 3) == (
        seen.verdict.outcome,
        seen.progress.done,
        seen.progress.counts.changed,
    )


def test_a_second_start_attaches(world):
    """Starting a migration that runs finds the same execution."""
    site = world.site(world.table(60))
    first = begin(site, request(transform="slow"))
    second = begin(site, request(transform="slow"))
    assert first.execution_arn == second.execution_arn
    assert "Attached" in second.explanation
    finish(site)


def test_a_second_migration_of_the_table_is_refused(world):
    """While one migration of a table runs another one is refused, with the holder's name."""
    table = world.table(60)
    site = world.site(table)
    begin(site, request(transform="slow"))
    with pytest.raises(LeaseHeldError, match=site.migration_id):
        begin(world.site(table, run="other"), request())
    finish(site)


def test_workers_killed_in_the_middle_lose_nothing(world):
    """Lambdas that are killed are run again from their last checkpoint, and every item is done."""
    table = world.table(_ITEMS)
    site = world.site(table)
    begin(site, request(segments=4, transform="slow"))
    until(site, lambda seen: seen.progress.running > 0)
    killed = world.lambda_pids()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    seen = finish(site)
    assert killed
    assert (Outcome.SUCCEEDED, _ITEMS) == (seen.verdict.outcome, seen.progress.counts.seen)
    assert {True} == {item["done"]["BOOL"] for item in world.items(table).values()}


def test_stop_and_resume(world):
    """A stopped migration goes on in a new attempt with the unfinished segments only."""
    table = world.table(_ITEMS)
    site = world.site(table)
    first = begin(site, request(segments=30, transform="slow"))
    until(site, lambda seen: seen.progress.done >= 4)
    stop(site, reason="a test")
    assert Outcome.FAILED is finish(site).verdict.outcome
    second = begin(site, request(segments=30, transform="slow"))
    seen = finish(site)
    assert (1, 30, 2, True) == (first.attempt, first.lanes, second.attempt, second.lanes <= 26)
    assert (Outcome.SUCCEEDED, _ITEMS) == (seen.verdict.outcome, seen.progress.counts.seen)


def test_an_item_that_cannot_be_migrated(world):
    """Its segment fails with key and error class, no value is told, and nothing else is lost."""
    table = world.table(40)
    site = world.site(table)
    begin(site, request(segments=2, transform="picky", bad="item-00007"))
    seen = finish(site)
    (failed,) = seen.progress.failed
    assert (Outcome.FAILED, "ValueError") == (seen.verdict.outcome, failed.error)
    assert "item-00007" in seen.verdict.reason
    assert "hunter2" not in seen.verdict.reason + failed.cause
    assert 40 == len(world.items(table))


def test_delete_and_skip(world):
    """A transform deletes, skips and changes items by its answers."""
    table = world.table(30)
    site = world.site(table)
    begin(site, request(transform="prune"))
    counts = finish(site).progress.counts
    done = [item for item in world.items(table).values() if "done" in item]
    assert (30, 10, 10, 10) == (counts.seen, counts.deleted, counts.skipped, counts.changed)
    assert (20, 10) == (len(world.items(table)), len(done))


def test_a_new_attempt_works_only_on_what_failed(world):
    """Once the bad item is mended a new attempt runs its segment and no finished one."""
    table = world.table(40)
    site = world.site(table)
    wanted = request(segments=4, transform="picky", bad="item-00007")
    begin(site, wanted)
    (failed,) = finish(site).progress.failed
    world.clients.dynamodb.delete_item(TableName=table, Key={"id": {"S": "item-00007"}})
    again = begin(site, wanted)
    seen = finish(site)
    rows = {row.lane: row.attempt for row in site.lanes.all(site.migration_id)}
    assert (2, 1, Outcome.SUCCEEDED) == (again.attempt, again.lanes, seen.verdict.outcome)
    assert {lane: 2 if lane == failed.lane else 1 for lane in range(4)} == rows
    assert {True} == {item["done"]["BOOL"] for item in world.items(table).values()}


def test_real_flights_under_a_composite_key_and_an_index(world):
    """Two thousand flights get the attribute; key, index and every other attribute stay."""
    dynamodb, table = world.clients.dynamodb, f"flights-{uuid.uuid4().hex[:8]}"
    sample.create_table(dynamodb, table)
    sample.load(dynamodb, 2_000, table)
    site = world.site(table)
    begin(site, request(segments=16))
    seen = finish(site)
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    flights = [item for page in pages for item in page["Items"]]
    stamps = {item.pop("updatedAt")["S"] for item in flights}
    assert (Outcome.SUCCEEDED, 2_000) == (seen.verdict.outcome, seen.progress.counts.changed)
    assert {site.ledger.required_migration(site.migration_id).started_at_iso} == stamps
    assert by_key(sample.items(2_000)) == by_key(flights)


def by_key(flights: Iterable[dict]) -> dict[tuple[str, str], dict]:
    return {(item["carrier_flight"]["S"], item["time_hour_origin"]["S"]): item for item in flights}
