"""A site for the steps of a migration, on moto and fakes, with a clock that a test moves."""

from dataclasses import dataclass, field, replace
from typing import Any

from airflow_ddb_migrate.aws.clients import AUTOSCALING, Clients
from airflow_ddb_migrate.aws.execution.starting.start import StartRequest, StartResult, start
from airflow_ddb_migrate.aws.ledger.lanes import Claim
from airflow_ddb_migrate.aws.services.tables import describe_table
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.core.clock import Clock as Times
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.records import LaneState, LeaseRecord
from airflow_ddb_migrate.core.names import execution_arn, execution_name
from tests.support.engines.fakes import (
    FakeAutoscaling,
    FakeCloudFormation,
    FakeCloudWatch,
    FakeLambda,
    FakeS3,
    FakeStepFunctions,
)
from tests.support.factories import (
    MIGRATION,
    STATE_MACHINE,
    TABLE,
    data_table,
    ledger_table,
    stack,
)
from tests.support.worlds.migration_world import Clock, Proxy

OTHER = "orders-ba9876543210"


def start_request(**fields: Any) -> StartRequest:
    known = {
        "total_segments": 4,
        "transform": "add_updated_at",
        "params": {},
        "max_concurrency": None,
        "tolerated_failure_percentage": 0,
        "started_by": "tests",
    }
    return StartRequest(**{**known, **fields})


def arn_of(attempt: int, migration_id: str = MIGRATION) -> str:
    return execution_arn(STATE_MACHINE, execution_name(migration_id, attempt))


@dataclass(slots=True)
class SiteWorld:
    """A table with its site. ``service`` is moto itself, ``dynamodb`` what the code uses."""

    service: Any
    table_settings: dict[str, Any] = field(default_factory=dict)
    stepfunctions: FakeStepFunctions = field(default_factory=FakeStepFunctions)
    lambda_: FakeLambda = field(default_factory=FakeLambda)
    cloudformation: FakeCloudFormation = field(default_factory=FakeCloudFormation)
    cloudwatch: FakeCloudWatch = field(default_factory=FakeCloudWatch)
    autoscaling: Any = field(default_factory=FakeAutoscaling)
    s3: FakeS3 = field(default_factory=FakeS3)
    clock: Clock = field(default_factory=Clock)
    dynamodb: Proxy = field(init=False)
    site: Site = field(init=False)

    def __post_init__(self) -> None:
        self.dynamodb = Proxy(self.service)
        data_table(self.service, **self.table_settings)
        ledger_table(self.service)
        self.site = self.site_for(MIGRATION)

    def site_for(self, migration_id: str, **stack_fields: Any) -> Site:
        services = {
            "dynamodb": self.dynamodb,
            "stepfunctions": self.stepfunctions,
            "lambda": self.lambda_,
            "s3": self.s3,
            "cloudformation": self.cloudformation,
            "cloudwatch": self.cloudwatch,
            AUTOSCALING: self.autoscaling,
        }
        return Site(
            clients=Clients(services.__getitem__),
            table=describe_table(self.service, TABLE),
            stack=stack(**stack_fields),
            migration_id=migration_id,
            clock=Times(self._now, self._wait),
        )

    def _now(self) -> float:
        return self.clock()

    def _wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def start(self, site: Site | None = None, **fields: Any) -> StartResult:
        return start(site or self.site, start_request(**fields))

    def end(self, attempt: int = 1, status: ExecutionStatus = ExecutionStatus.FAILED) -> None:
        self.stepfunctions.end(arn_of(attempt), status, "Error", "Cause")

    def lane(
        self,
        lane: int,
        state: LaneState = LaneState.DONE,
        *,
        attempt: int = 1,
        migration_id: str = MIGRATION,
        **fields: Any,
    ) -> None:
        """Write a lane's row as a worker of this attempt would."""
        claim = Claim(migration_id=migration_id, attempt=attempt, lane=lane, owner="worker")
        row = self.site.lanes.take(claim, self.clock())
        assert row is not None
        row = replace(row, state=state, **fields)
        if state is LaneState.RUNNING:
            self.site.lanes.save(claim, row, self.clock())
        else:
            self.site.lanes.give_back(claim, row, self.clock())

    @property
    def lease(self) -> LeaseRecord:
        lease = self.site.leases.get(self.site.table.key)
        assert lease is not None
        return lease

    def provisioned(self) -> dict[str, tuple[int, int]]:
        """Read and write units of the table ("") and its indexes, past everybody."""
        found = self.service.describe_table(TableName=TABLE)["Table"]
        resources = {"": found}
        resources |= {i["IndexName"]: i for i in found.get("GlobalSecondaryIndexes") or ()}
        return {
            name: (
                resource["ProvisionedThroughput"]["ReadCapacityUnits"],
                resource["ProvisionedThroughput"]["WriteCapacityUnits"],
            )
            for name, resource in resources.items()
        }
