"""A migration through Airflow that something is about to happen to, and what must hold of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from airflow_ddb_migrate.aws.execution.observe import observe
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.ledger.records import LeaseState
from tests.campaigns.kills.processes import Parts
from tests.campaigns.kills.watching import Watch
from tests.support.waiting import await_that
from tests.support.worlds.airflow_site import DAG_ID, AirflowSite, DagRun
from tests.support.worlds.chain_world import source

ITEMS = 600
SEGMENTS = 16
CONCURRENCY = 2
ITEM_SECONDS = 0.05
UNITS = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 25}
BEFORE = {f"item-{number:05d}": source(number) for number in range(ITEMS)}
AFTER = {key: {**item, "done": {"BOOL": True}} for key, item in BEFORE.items()}

_BATCH = 25
_PATIENCE_SECONDS = 240.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Victim:
    airflow: AirflowSite
    parts: Parts
    run: DagRun
    table: str
    site: Site
    watch: Watch

    def await_middle(self) -> None:
        """Wait until some segments are done, some are not, and ``wait`` waits."""
        self.run.until("start", "success")
        self.until(lambda: self._done() >= 2, "two segments done")
        is_deferred = self.run.dag_id != "held"
        self.run.until("wait", "deferred" if is_deferred else "running")
        if is_deferred:
            self.until(self._is_watched, "a trigger that watches")
        assert self._done() < SEGMENTS, "over before it could be killed: make ITEM_SECONDS longer"

    def await_ended(self) -> float:
        """Wait until no execution is live; return when the last one ended."""
        self.until(self._all_ended, "the end of the execution")
        return max(self.watch.ended.values())

    def lanes_of_last_attempt(self) -> int:
        """Return how many segments the last attempt was given."""
        attempt = self.site.ledger.latest_attempt(self.site.migration_id)
        assert attempt
        return attempt.lanes

    def until(self, holds: Callable[[], bool], what: str) -> None:
        await_that(
            holds,
            lambda: (what, self.run.tasks(), self.watch.statuses),
            seconds=_PATIENCE_SECONDS,
            poll_seconds=_POLL_SECONDS,
        )

    def task_instance(self, task_id: str) -> str:
        path = f"dags/{self.run.dag_id}/dagRuns/{self.run.run_id}/taskInstances/{task_id}"
        return str(self.airflow.airflow.call("GET", path)["id"])

    def fail_run(self) -> None:
        """Mark the DAG run failed, as a person does."""
        path = f"dags/{self.run.dag_id}/dagRuns/{self.run.run_id}"
        self.airflow.airflow.call("PATCH", path, {"state": "failed"})

    def command(self) -> str:
        """What the workers are told."""
        control = self.site.ledger.control(self.site.migration_id)
        return control.command if control else ""

    def live_workers(self) -> int:
        return observe(self.site).progress.live

    def units(self) -> dict[str, int]:
        found = self._describe()["ProvisionedThroughput"]
        return {name: found[name] for name in UNITS}

    def half_done(self) -> int:
        """Return how many items are migrated; every other one must be as it was."""
        items = self.airflow.chain.items(self.table)
        assert BEFORE.keys() == items.keys()
        done = [key for key, item in items.items() if item == AFTER[key]]
        assert BEFORE == {**items, **{key: BEFORE[key] for key in done}}
        return len(done)

    def check_end(self) -> None:
        """Every item is migrated and counted once, capacity and table are given back."""
        counts = self.run.result("report")["counts"]
        lease = self.site.leases.get(self.site.table.key)
        assert AFTER == self.airflow.chain.items(self.table)
        assert (ITEMS, ITEMS) == (counts["seen"], sum(counts.values()) - counts["seen"])
        assert UNITS == self.units()
        assert lease
        assert (LeaseState.FREE, False) == (lease.state, lease.owes_capacity)

    def _is_watched(self) -> bool:
        """Tell whether the triggerer has begun: until then nobody hears of an end by a person."""
        logs = self.airflow.airflow.home / "logs" / f"dag_id={self.run.dag_id}"
        found = (logs / f"run_id={self.run.run_id}" / "task_id=wait").glob("*.trigger.*")
        return any("segments done" in path.read_text() for path in found)

    def _done(self) -> int:
        return observe(self.site).progress.done

    def _all_ended(self) -> bool:
        statuses = self.watch.statuses
        return bool(statuses) and "RUNNING" not in statuses.values()

    def _describe(self) -> dict[str, Any]:
        return self.airflow.chain.clients.dynamodb.describe_table(TableName=self.table)["Table"]


@contextmanager
def victim(
    airflow: AirflowSite, parts: Parts, table: str, *, dag_id: str, item_seconds: float
) -> Iterator[Victim]:
    """Trigger a migration of a new table with provisioned capacity, and watch it."""
    _make_table(airflow.chain.clients.dynamodb, table)
    conf = {
        "table": table,
        "segments": SEGMENTS,
        "transform": "steady",
        "params": {"seconds": item_seconds},
        "max_concurrency": CONCURRENCY,
        "prewarm": True,  # the plan's budgets are the raised units then
    }
    run = airflow.trigger({**conf, "backup": "skip"} if dag_id == DAG_ID else conf, dag_id)
    site = run.migration(table)
    arn = site.stack.state_machine_arn
    with Watch(airflow.chain.clients.stepfunctions, arn, site.migration_id) as watch:
        yield Victim(airflow, parts, run, table, site, watch)


def _make_table(dynamodb: Any, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PROVISIONED",
        ProvisionedThroughput=UNITS,
    )
    items = list(BEFORE.values())
    for begin in range(0, ITEMS, _BATCH):
        puts = [{"PutRequest": {"Item": item}} for item in items[begin : begin + _BATCH]]
        assert not dynamodb.batch_write_item(RequestItems={name: puts})["UnprocessedItems"]
