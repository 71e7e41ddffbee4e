"""The capacity of a table and its indexes, read before anything is changed.

A *resource* is the table (named ``""``) or one of its global secondary indexes (by name). Units are
DynamoDB capacity units per second.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

TABLE = ""
NO_MAXIMUM = -1  # AWS's own value for an on-demand table without a maximum


class BillingMode(StrEnum):
    PROVISIONED = "PROVISIONED"
    PAY_PER_REQUEST = "PAY_PER_REQUEST"


class TableClass(StrEnum):
    """A table's class, on which prices of storage and capacity depend."""

    STANDARD = "STANDARD"
    INFREQUENT_ACCESS = "STANDARD_INFREQUENT_ACCESS"


class Setting(StrEnum):
    """The different settings that "capacity" can mean."""

    PROVISIONED = "provisioned capacity"
    WARM_THROUGHPUT = "warm throughput"
    ON_DEMAND_MAXIMUM = "on-demand maximum"


class Dimension(StrEnum):
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class CapacityUnits:
    read: int = 0
    write: int = 0

    def of(self, dimension: Dimension) -> int:
        return self.read if dimension is Dimension.READ else self.write

    def at_least(self, other: Self) -> Self:
        """Return the larger of each figure."""
        return type(self)(max(self.read, other.read), max(self.write, other.write))

    def __str__(self) -> str:
        return f"{figure_words(self.read)} read / {figure_words(self.write)} write"


@dataclass(frozen=True, slots=True)
class SuspendedScaling:
    """The activities of auto scaling that are suspended."""

    scale_in: bool = False
    scale_out: bool = False
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class ScalingLimits:
    """The limits between which auto scaling moves a capacity, and what is suspended."""

    minimum: int
    maximum: int
    suspended: SuspendedScaling = field(default_factory=SuspendedScaling)

    def __str__(self) -> str:
        off = [name.replace("_", "-") for name, is_off in asdict(self.suspended).items() if is_off]
        words = f", {' and '.join(off)} suspended" if off else ""
        return f"{self.minimum:,} to {self.maximum:,}{words}"


@dataclass(frozen=True, slots=True)
class ScalingTarget:
    """Auto scaling of one dimension of a resource, with names of policies and actions."""

    resource: str
    dimension: Dimension
    limits: ScalingLimits
    policies: tuple[str, ...] = ()
    scheduled_actions: tuple[str, ...] = ()


ScaledFigure = tuple[str, Dimension]  # a resource and one of its dimensions


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaCapacity:
    """What DescribeTable shows of a table's replica in another region.

    Its write capacity is the table's. ``provisioned_read`` and ``on_demand_read`` are the replica's
    own read units and maximums, by resource.
    """

    region: str
    table_class: TableClass = TableClass.STANDARD
    provisioned_read: Mapping[str, int] = field(default_factory=dict)
    on_demand_read: Mapping[str, int] = field(default_factory=dict)
    warm_throughput: Mapping[str, CapacityUnits] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CapacitySnapshot:
    """The capacity of a table and every index, as AWS shows it.

    In ``on_demand_maximum`` -1 means that there is no maximum. ``scaling`` are the scalable
    targets; they are not read, and so empty, for an on-demand table. ``replicas`` are the other
    regions of a global table.
    """

    billing_mode: BillingMode
    provisioned: Mapping[str, CapacityUnits]
    warm_throughput: Mapping[str, CapacityUnits]
    on_demand_maximum: Mapping[str, CapacityUnits] = field(default_factory=dict)
    scaling: tuple[ScalingTarget, ...] = ()
    replicas: tuple[ReplicaCapacity, ...] = ()

    def of(self, setting: Setting) -> Mapping[str, CapacityUnits]:
        return {
            Setting.PROVISIONED: self.provisioned,
            Setting.WARM_THROUGHPUT: self.warm_throughput,
            Setting.ON_DEMAND_MAXIMUM: self.on_demand_maximum,
        }[setting]

    @property
    def targets(self) -> Mapping[ScaledFigure, ScalingTarget]:
        return {(target.resource, target.dimension): target for target in self.scaling}

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a snapshot. Fields that an older version did not have are empty."""
        data = json.loads(text)
        return cls(
            BillingMode(data["billing_mode"]),
            units_by_resource(data["provisioned"]),
            units_by_resource(data["warm_throughput"]),
            units_by_resource(data.get("on_demand_maximum", {})),
            tuple(_target_from(row) for row in data.get("scaling", ())),
            tuple(_replica_from(row) for row in data.get("replicas", ())),
        )


def resource_words(resource: str) -> str:
    return f"index {resource}" if resource else "table"


def units_by_resource(data: Mapping[str, Mapping[str, int]]) -> dict[str, CapacityUnits]:
    return {resource: CapacityUnits(**units) for resource, units in data.items()}


def limits_from(data: Mapping[str, Any]) -> ScalingLimits:
    return ScalingLimits(data["minimum"], data["maximum"], SuspendedScaling(**data["suspended"]))


def _target_from(row: Mapping[str, Any]) -> ScalingTarget:
    return ScalingTarget(
        row["resource"],
        Dimension(row["dimension"]),
        limits_from(row["limits"]),
        tuple(row["policies"]),
        tuple(row["scheduled_actions"]),
    )


def _replica_from(row: Mapping[str, Any]) -> ReplicaCapacity:
    return ReplicaCapacity(
        **{
            **row,
            "table_class": TableClass(row["table_class"]),
            "warm_throughput": units_by_resource(row["warm_throughput"]),
        }
    )


def figure_words(figure: int) -> str:
    return "unlimited" if figure == NO_MAXIMUM else f"{figure:,}"
