"""A table to prewarm and restore, on a DynamoDB as strict as AWS and moto's auto scaling."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from airflow_ddb_migrate.aws.capacity.prewarm import Prewarm, prewarm
from airflow_ddb_migrate.aws.capacity.restore import RestoreResult, restore
from airflow_ddb_migrate.aws.capacity.wait import CapacityWait
from airflow_ddb_migrate.core.capacity.snapshot import CapacityUnits
from tests.support.engines.strict_tables import StrictTables
from tests.support.factories import MIGRATION, TABLE, units
from tests.support.worlds.migration_world import Clock, Proxy
from tests.support.worlds.site_world import SiteWorld

BEFORE = units(50, 25)
INDEXES = ("by_day", "by_origin", "by_size")
LIMITS = (5, 100)


@dataclass(slots=True)
class EventfulClock(Clock):
    """``when`` happens at the given times."""

    when: dict[float, Callable[[], None]] = field(default_factory=dict)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for at in [at for at in self.when if at <= self.now]:
            self.when.pop(at)()


@dataclass
class Place:
    """A table with what stands beside it."""

    world: SiteWorld
    tables: StrictTables
    autoscaling: Proxy

    def prewarm(self, wanted: CapacityUnits, **options: Any) -> Prewarm:
        """Raise and wait, as the operator does."""
        clock = self.world.clock
        asked = prewarm(self.world.site, wanted, **{"warm": False, **options})
        if asked.changes:
            wait = CapacityWait(changes=asked.changes, deadline=clock() + 600, poke_interval=5)
            wait.wait(self.world.site, tell=lambda *_: None)
        return asked

    def restore(self, by: str = "restore task", **options: Any) -> RestoreResult:
        return restore(self.world.site, by=by, **options)

    def all(self) -> tuple[dict[Any, int], dict[Any, Any]]:
        """Everything that a restore must bring back."""
        return self.tables.figures(), self.targets()

    def targets(self) -> dict[tuple[str, str], tuple[int, int, dict[str, bool]]]:
        rows = self.autoscaling.client.describe_scalable_targets(ServiceNamespace="dynamodb")
        return {
            (row["ResourceId"], row["ScalableDimension"]): (
                row["MinCapacity"],
                row["MaxCapacity"],
                {key: value for key, value in row.get("SuspendedState", {}).items() if value},
            )
            for row in rows["ScalableTargets"]
        }

    def calls(self) -> tuple[int, int]:
        """UpdateTable and RegisterScalableTarget calls of ours."""
        return (
            len(self.tables.arguments_of("update_table")),
            len(self.autoscaling.arguments_of("register_scalable_target")),
        )


def settings(mode: str, indexes: tuple[str, ...]) -> dict[str, Any]:
    throughput = {
        "ProvisionedThroughput": {
            "ReadCapacityUnits": BEFORE.read,
            "WriteCapacityUnits": BEFORE.write,
        }
    }
    units_of = {} if mode == "PAY_PER_REQUEST" else throughput
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    found: dict[str, Any] = {
        **units_of,
        "BillingMode": "PAY_PER_REQUEST" if mode == "PAY_PER_REQUEST" else "PROVISIONED",
    }
    if indexes:
        found["GlobalSecondaryIndexes"] = [
            {
                "IndexName": name,
                "KeySchema": keys,
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                **units_of,
            }
            for name in indexes
        ]
    return found


def register(service: Any, indexes: tuple[str, ...], *, suspended: bool) -> None:
    resources = [(f"table/{TABLE}", "table")]
    resources += [(f"table/{TABLE}/index/{name}", "index") for name in indexes]
    for (resource_id, kind), part in product(resources, ("Read", "Write")):
        service.register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId=resource_id,
            ScalableDimension=f"dynamodb:{kind}:{part}CapacityUnits",
            MinCapacity=LIMITS[0],
            MaxCapacity=LIMITS[1],
            SuspendedState={
                "DynamicScalingInSuspended": suspended,
                "DynamicScalingOutSuspended": suspended,
                "ScheduledScalingSuspended": False,
            },
        )


def make_place(dynamodb: Any, scaling: Any, *, mode: str, indexes: int, scaled: str) -> Place:
    """Create the table; ``scaled`` is "no", "read and write" or "suspended"."""
    autoscaling = Proxy(scaling)
    world = SiteWorld(
        dynamodb,
        table_settings=settings(mode, INDEXES[:indexes]),
        autoscaling=autoscaling,
        clock=EventfulClock(),
    )
    tables = StrictTables(dynamodb, world.clock)
    world.dynamodb = tables
    world.site = world.site_for(MIGRATION)
    if scaled != "no":
        register(scaling, INDEXES[:indexes], suspended=scaled == "suspended")
    return Place(world, tables, autoscaling)


def hide_mode(place: Place) -> None:
    """As DescribeTable answers for a table that was never switched."""

    def without(name: str, answer: Any) -> Any:
        if name == "describe_table":
            answer["Table"].pop("BillingModeSummary", None)
        return answer

    place.tables.answers = without


def deregister_all(scaling: Any) -> None:
    found = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")
    for row in found["ScalableTargets"]:
        names = ("ServiceNamespace", "ResourceId", "ScalableDimension")
        scaling.deregister_scalable_target(**{name: row[name] for name in names})
