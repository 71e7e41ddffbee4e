"""Auto scaling of a table and its indexes: its targets, and changes of their limits.

Only PROVISIONED tables are scaled, so it is only read for these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.core.capacity.changes import ScalingChange
from airflow_ddb_migrate.core.capacity.snapshot import (
    TABLE,
    BillingMode,
    CapacitySnapshot,
    Dimension,
    ScalingLimits,
    ScalingTarget,
    SuspendedScaling,
)

_DYNAMODB: Final = {"ServiceNamespace": "dynamodb"}
_RESOURCES_PER_CALL: Final = 50  # [API] DescribeScalableTargets
_CAPACITY: Final = {Dimension.READ: "ReadCapacityUnits", Dimension.WRITE: "WriteCapacityUnits"}


def with_scaling(autoscaling: Any, table_name: str, snapshot: CapacitySnapshot) -> CapacitySnapshot:
    """Return the snapshot with the scalable targets, which are not read for an on-demand table."""
    if snapshot.billing_mode is not BillingMode.PROVISIONED:
        return snapshot
    targets = scaling_targets(autoscaling, table_name, list(snapshot.provisioned))
    return replace(snapshot, scaling=targets)


def scaling_targets(
    autoscaling: Any, table_name: str, resources: Sequence[str], *, with_names: bool = True
) -> tuple[ScalingTarget, ...]:
    """Return the scalable targets of a table (``""``) and its indexes.

    :param with_names: also return the names of policies and scheduled actions, which needs two more
        permissions.
    :raises AccessDeniedError: a Describe action is not allowed.
    """
    by_id = {_resource_id(table_name, resource): resource for resource in resources}
    rows = list(_target_rows(autoscaling, table_name, list(by_id)))
    named = {row["ResourceId"] for row in rows} if with_names else set()
    policies = _names(autoscaling, "describe_scaling_policies", table_name, named)
    scheduled = _names(autoscaling, "describe_scheduled_actions", table_name, named)
    found = []
    for row in rows:
        key = (row["ResourceId"], row["ScalableDimension"])
        found.append(
            ScalingTarget(
                by_id[row["ResourceId"]],
                _dimension(row["ScalableDimension"]),
                _limits(row),
                policies.get(key, ()),
                scheduled.get(key, ()),
            )
        )
    return tuple(sorted(found, key=lambda target: (target.resource, target.dimension)))


def change_scaling(autoscaling: Any, table_name: str, change: ScalingChange) -> None:
    """Set the limits of an existing target; its policies and role stay as they are."""
    arguments: dict[str, Any] = {
        "ResourceId": _resource_id(table_name, change.resource),
        "ScalableDimension": _scalable_dimension(change),
        "MinCapacity": change.after.minimum,
        "MaxCapacity": change.after.maximum,
    }
    if change.after.suspended != change.before.suspended:
        arguments["SuspendedState"] = _suspended_state(change.after.suspended)
    with aws_call("application-autoscaling:RegisterScalableTarget", f"table {table_name}"):
        autoscaling.register_scalable_target(**_DYNAMODB, **arguments)


def _target_rows(
    autoscaling: Any, table_name: str, ids: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(ids), _RESOURCES_PER_CALL):
        wanted = list(ids[start : start + _RESOURCES_PER_CALL])
        yield from _all(
            autoscaling,
            "describe_scalable_targets",
            table_name,
            answered_as="ScalableTargets",
            ResourceIds=wanted,
        )


def _names(
    autoscaling: Any, operation: str, table_name: str, resource_ids: set[str]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the names of policies or scheduled actions by resource id and dimension."""
    answered_as, name = {
        "describe_scaling_policies": ("ScalingPolicies", "PolicyName"),
        "describe_scheduled_actions": ("ScheduledActions", "ScheduledActionName"),
    }[operation]
    names: dict[tuple[str, str], tuple[str, ...]] = {}
    for resource_id in sorted(resource_ids):
        rows = _all(
            autoscaling, operation, table_name, answered_as=answered_as, ResourceId=resource_id
        )
        for row in rows:
            if row["ResourceId"] != resource_id:
                continue  # moto matches by prefix
            key = (resource_id, row["ScalableDimension"])
            names[key] = (*names.get(key, ()), row[name])
    return names


def _all(
    autoscaling: Any, operation: str, table_name: str, *, answered_as: str, **filters: Any
) -> Iterator[Mapping[str, Any]]:
    """Return the rows of every page. An empty page need not be the last."""
    action = "".join(word.capitalize() for word in operation.split("_"))
    pages = autoscaling.get_paginator(operation).paginate(**_DYNAMODB, **filters)
    with aws_call(f"application-autoscaling:{action}", f"table {table_name}"):
        for page in pages:
            yield from page[answered_as]


def _resource_id(table_name: str, resource: str) -> str:
    return f"table/{table_name}" if resource == TABLE else f"table/{table_name}/index/{resource}"


def _scalable_dimension(change: ScalingChange) -> str:
    kind = "table" if change.resource == TABLE else "index"
    return f"dynamodb:{kind}:{_CAPACITY[change.dimension]}"


def _dimension(text: str) -> Dimension:
    return Dimension.READ if text.endswith(_CAPACITY[Dimension.READ]) else Dimension.WRITE


def _limits(row: Mapping[str, Any]) -> ScalingLimits:
    state = row.get("SuspendedState") or {}
    return ScalingLimits(
        row["MinCapacity"],
        row["MaxCapacity"],
        SuspendedScaling(
            scale_in=state.get("DynamicScalingInSuspended", False),
            scale_out=state.get("DynamicScalingOutSuspended", False),
            scheduled=state.get("ScheduledScalingSuspended", False),
        ),
    )


def _suspended_state(suspended: SuspendedScaling) -> dict[str, bool]:
    return {
        "DynamicScalingInSuspended": suspended.scale_in,
        "DynamicScalingOutSuspended": suspended.scale_out,
        "ScheduledScalingSuspended": suspended.scheduled,
    }
