"""Reading and changing scalable targets."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.services.autoscaling import (
    change_scaling,
    scaling_targets,
    with_scaling,
)
from airflow_ddb_migrate.core.capacity.changes import ScalingChange
from airflow_ddb_migrate.core.capacity.snapshot import (
    BillingMode,
    Dimension,
    ScalingLimits,
    ScalingTarget,
    SuspendedScaling,
)
from airflow_ddb_migrate.core.errors import AccessDeniedError
from tests.support.engines.fakes import FakeAutoscaling
from tests.support.factories import client_error, snapshot

TABLE_READ = ("table/orders", "dynamodb:table:ReadCapacityUnits")
TABLE_WRITE = ("table/orders", "dynamodb:table:WriteCapacityUnits")
INDEX_WRITE = ("table/orders/index/by_day", "dynamodb:index:WriteCapacityUnits")
PAUSED = {"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": True}


def fake(*targets: tuple[str, str], **extra: Any) -> FakeAutoscaling:
    service = FakeAutoscaling()
    for resource_id, dimension in targets:
        service.targets[resource_id, dimension] = {
            "ResourceId": resource_id,
            "ScalableDimension": dimension,
            "MinCapacity": 5,
            "MaxCapacity": 100,
            **extra,
        }
    return service


def named(key: tuple[str, str], **name: str) -> dict[str, str]:
    return {"ResourceId": key[0], "ScalableDimension": key[1], **name}


def test_every_page_is_read() -> None:
    """Targets of table and index, in order, with the names of what drives them."""
    service = fake(INDEX_WRITE, TABLE_WRITE, TABLE_READ, SuspendedState=PAUSED)
    service.policies = [named(TABLE_READ, PolicyName=name) for name in ("a", "b")]
    service.scheduled = [named(INDEX_WRITE, ScheduledActionName="nightly")]

    limits = ScalingLimits(5, 100, SuspendedScaling(scale_in=True, scheduled=True))
    assert (
        ScalingTarget("", Dimension.READ, limits, ("a", "b")),
        ScalingTarget("", Dimension.WRITE, limits),
        ScalingTarget("by_day", Dimension.WRITE, limits, (), ("nightly",)),
    ) == scaling_targets(service, "orders", ["", "by_day"])


def test_a_table_without_auto_scaling_costs_one_question() -> None:
    """Policies and schedules are asked for only where there is a target."""
    service = fake()
    asked: list[str] = []
    service.before = lambda name, arguments: asked.append(name)

    assert () == scaling_targets(service, "orders", [""])
    assert ["describe_scalable_targets"] == asked


def test_many_indexes_are_asked_for_in_several_calls() -> None:
    """AWS takes 50 resources in a call."""
    service = fake(TABLE_READ)
    asked: list[int] = []
    service.before = lambda name, arguments: asked.append(len(arguments.get("ResourceIds", ())))

    scaling_targets(service, "orders", ["", *(f"index-{i}" for i in range(60))])

    assert {50, 11} == set(asked) - {0}


def test_an_on_demand_table_is_not_asked_for() -> None:
    """Nothing scales it, and no permission is needed."""
    service = fake()
    service.before = lambda name, arguments: pytest.fail(name)
    seen = snapshot(BillingMode.PAY_PER_REQUEST)

    assert seen == with_scaling(service, "orders", seen)


def test_only_what_changes_is_registered() -> None:
    """The suspended state is left out unless it changes; role and policies always."""
    service = fake()
    before = ScalingLimits(5, 100)
    change_scaling(
        service,
        "orders",
        ScalingChange("by_day", Dimension.WRITE, before, ScalingLimits(50, 100)),
    )
    change_scaling(
        service,
        "orders",
        ScalingChange(
            "", Dimension.READ, before, ScalingLimits(5, 100, SuspendedScaling(scale_in=True))
        ),
    )

    assert [
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/orders/index/by_day",
            "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
            "MinCapacity": 50,
            "MaxCapacity": 100,
        },
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/orders",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
            "MinCapacity": 5,
            "MaxCapacity": 100,
            "SuspendedState": {
                "DynamicScalingInSuspended": True,
                "DynamicScalingOutSuspended": False,
                "ScheduledScalingSuspended": False,
            },
        },
    ] == service.registered


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("describe_scalable_targets", "DescribeScalableTargets"),
        ("describe_scaling_policies", "DescribeScalingPolicies"),
        ("describe_scheduled_actions", "DescribeScheduledActions"),
    ],
)
def test_a_missing_permission_is_named_as_in_a_policy(operation: str, action: str) -> None:
    """Action and table."""
    service = fake(TABLE_READ)

    def deny(name: str, arguments: dict[str, Any]) -> None:
        if name == operation:
            raise client_error("AccessDeniedException", name)

    service.before = deny
    with pytest.raises(
        AccessDeniedError, match=f"application-autoscaling:{action} on table orders"
    ):
        scaling_targets(service, "orders", [""])
