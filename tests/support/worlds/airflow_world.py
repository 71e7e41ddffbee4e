"""A small world for tests of the Airflow classes: moto's DynamoDB, the rest by hand."""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow_ddb_migrate import StartDistributedMapMigrationOperator
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.aws.ledger.lanes import Claim
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LaneState
from moto import mock_aws
from tests.support.engines.fakes import (
    FakeAutoscaling,
    FakeCloudWatch,
    FakeLambda,
    FakeStepFunctions,
)
from tests.support.factories import LEDGER, REGION, TABLE, client_error, ledger_table, stack

# A parameter is refused when the DAG is parsed, or, where a template made it, by the task.
REFUSED = (AirflowFailException, InvalidInputError)

# on_kill, and status of the execution and command to its workers after the task was ended.
KILLED = [
    ("stop", ("ABORTED", "STOP")),
    ("pause", ("RUNNING", "HOLD")),
    ("leave", ("RUNNING", "RUN")),
]


def make_stack(**changes: Any) -> Stack:
    """A stack that may migrate TABLE alone."""
    return stack(**{"tables": (TABLE,), **changes})


@dataclass
class AirflowWorld:
    """``monkeypatch`` it into SiteAddress and find_stack, inside moto's mock_aws."""

    stack: Stack = field(default_factory=make_stack)
    stepfunctions: FakeStepFunctions = field(default_factory=FakeStepFunctions)
    lambda_: FakeLambda = field(default_factory=FakeLambda)
    updates: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb", region_name=REGION)
        self.s3 = boto3.client("s3", region_name=REGION)
        self.s3.create_bucket(Bucket=self.stack.bucket)
        self.autoscaling = FakeAutoscaling()
        # Unlike moto, which does not have it, AWS answers or refuses.
        self.dynamodb.describe_kinesis_streaming_destination = _refuse
        self.dynamodb.meta.events.register(
            "provide-client-params.dynamodb.UpdateTable",
            lambda params, **_: self.updates.append(params),
        )
        ledger_table(self.dynamodb)

    def install(self, monkeypatch: Any) -> None:
        from airflow_ddb_migrate.aws import site
        from airflow_ddb_migrate.hooks.migration import SiteAddress

        clients = {
            "dynamodb": self.dynamodb,
            "stepfunctions": self.stepfunctions,
            "lambda": self.lambda_,
            "s3": self.s3,
            "cloudwatch": FakeCloudWatch(),
            "cloudformation": boto3.client("cloudformation", region_name=REGION),
            "application-autoscaling": self.autoscaling,
        }
        monkeypatch.setattr(SiteAddress, "_client", lambda _self, service: clients[service])
        monkeypatch.setattr(site, "find_stack", lambda _client, _name: self.stack)

    def create_table(
        self, name: str = TABLE, *, units: tuple[int, int] | None = (5, 5), index: bool = True
    ) -> None:
        """``units`` None: on-demand."""
        throughput = _throughput(units)
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
        indexes = [
            {
                "IndexName": "by_pk",
                "KeySchema": keys,
                "Projection": {"ProjectionType": "ALL"},
                **throughput,
            }
        ]
        self.dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=keys,
            **({"GlobalSecondaryIndexes": indexes} if index else {}),
            **(throughput or {"BillingMode": "PAY_PER_REQUEST"}),
        )

    def set_units(self, read: int, write: int, name: str = TABLE) -> None:
        """Somebody else changes the table."""
        self.dynamodb.update_table(TableName=name, **_throughput((read, write)))

    def units(self, name: str = TABLE) -> dict[str, tuple[int, int]]:
        table = self.dynamodb.describe_table(TableName=name)["Table"]
        resources = {"": table}
        resources |= {i["IndexName"]: i for i in table.get("GlobalSecondaryIndexes", [])}
        return {
            key: (
                resource["ProvisionedThroughput"]["ReadCapacityUnits"],
                resource["ProvisionedThroughput"]["WriteCapacityUnits"],
            )
            for key, resource in resources.items()
        }

    @property
    def command(self) -> str:
        """What the workers of the only migration are told."""
        rows = self.dynamodb.scan(TableName=LEDGER)["Items"]
        return next(row["command"]["S"] for row in rows if row["sk"]["S"] == "control")


def finish_lanes(
    site: Site, lanes: Iterable[int], *, now: float = 1_000.0, attempt: int = 1, **outcomes: int
) -> None:
    """Do what the workers would: every lane done, ten items each, all changed unless said so."""
    counts = Counts(seen=10, **(outcomes or {"changed": 10}))
    for lane in lanes:
        claim = Claim(migration_id=site.migration_id, attempt=attempt, lane=lane, owner="worker")
        row = site.lanes.take(claim, now)
        assert row is not None
        done = replace(row, state=LaneState.DONE, counts=counts)
        assert site.lanes.give_back(claim, done, now)


@contextmanager
def table_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowWorld]:
    """A world with a table, which the hooks of operators lead to."""
    with mock_aws():
        world = AirflowWorld()
        world.install(monkeypatch)
        world.create_table()
        yield world


@contextmanager
def started_world(monkeypatch: pytest.MonkeyPatch, segments: int) -> Iterator[AirflowWorld]:
    """A world in which a migration of so many segments has just been started, at its ``site``."""
    with table_world(monkeypatch) as world:
        start = StartDistributedMapMigrationOperator(
            task_id="start", table_name=TABLE, total_segments=segments
        )
        start.execute(make_context())
        world.site = start.open_site(make_context())
        yield world


class FakeTaskInstance(SimpleNamespace):
    """What operators use of a task instance; ``pushed`` are its XComs, ``states`` the run's."""

    def __init__(self, **changes: Any) -> None:
        known = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1, "try_number": 1}
        super().__init__(**{**known, **changes}, pushed={}, states={}, told={})

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.pushed[key] = value

    def xcom_pull(self, *, task_ids: list[str], key: str) -> list[Any]:
        """Return what ``told`` has of these tasks, as Airflow does: None where there is nothing."""
        return [value for name in task_ids for value in self.told.get((name, key), [None])]

    def get_task_states(
        self, *, dag_id: str, task_ids: list[str], run_ids: list[str]
    ) -> dict[str, dict[str, str]]:
        """Return states as Airflow does: of a mapped task under ``<task id>_<map index>``."""
        assert (self.dag_id, [self.run_id]) == (dag_id, run_ids)
        found = {
            name: state
            for name, state in self.states.items()
            if any(re.fullmatch(rf"{task_id}(_\d+)?", name) for task_id in task_ids)
        }
        return {self.run_id: found} if found else {}


def make_context(**changes: Any) -> dict[str, Any]:
    return {"ti": FakeTaskInstance(**changes)}


def run_deferred(operator: Any, *meanwhile: Callable[[], Any], **context: Any) -> Any:
    """Run a deferrable task to its end; ``meanwhile`` happens while it is deferred, in turn."""
    around = make_context(task_id=operator.task_id, **context)
    step = partial(operator.execute, around)
    for happens in meanwhile:
        try:
            return step()
        except TaskDeferred as deferred:
            happens()
            event = first_event(deferred.trigger)
            step = partial(
                operator.resume_execution, deferred.method_name, {"event": event}, around
            )
    return step()


def first_event(trigger: Any) -> dict[str, Any]:
    """Run a trigger until it fires."""

    async def first() -> Any:
        return await anext(trigger.run())

    return asyncio.run(first()).payload


def _refuse(**_: Any) -> None:
    raise client_error("AccessDeniedException")


def _throughput(units: tuple[int, int] | None) -> dict[str, Any]:
    if units is None:
        return {}
    return {
        "ProvisionedThroughput": {"ReadCapacityUnits": units[0], "WriteCapacityUnits": units[1]}
    }
