"""A change of capacity, with the values before and after.

Prewarm plans changes, the ledger keeps them, and restore reverts them. ``key`` says what a change
is about, so that repeated raises of one setting can be told from raises of different settings.
``step`` is its kind: AWS accepts one kind of change at a time.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from itertools import takewhile
from typing import Any, assert_never

from airflow_ddb_migrate.core.capacity.snapshot import (
    BillingMode,
    CapacityUnits,
    Dimension,
    ScalingLimits,
    Setting,
    limits_from,
    resource_words,
    units_by_resource,
)


class Step(IntEnum):
    """Kinds of change, in the order of raising. AWS accepts one kind in a call."""

    SCALING = 0
    BILLING_MODE = 1
    PROVISIONED = 2
    ON_DEMAND_MAXIMUM = 3
    WARM_THROUGHPUT = 4


@dataclass(frozen=True, slots=True)
class CapacityChange:
    """One setting of one resource."""

    resource: str
    setting: Setting
    before: CapacityUnits
    after: CapacityUnits

    @property
    def key(self) -> tuple[str, ...]:
        return ("units", self.resource, self.setting)

    @property
    def step(self) -> Step:
        return {
            Setting.PROVISIONED: Step.PROVISIONED,
            Setting.ON_DEMAND_MAXIMUM: Step.ON_DEMAND_MAXIMUM,
            Setting.WARM_THROUGHPUT: Step.WARM_THROUGHPUT,
        }[self.setting]

    @property
    def is_reversible(self) -> bool:
        """AWS never lowers warm throughput again."""
        return self.setting is not Setting.WARM_THROUGHPUT

    def __str__(self) -> str:
        return (
            f"{resource_words(self.resource)}: {self.setting} {self.before} -> {self.after} "
            "units per second"
        )


@dataclass(frozen=True, slots=True)
class ScalingChange:
    """The auto scaling limits of one dimension of a resource."""

    resource: str
    dimension: Dimension
    before: ScalingLimits
    after: ScalingLimits

    @property
    def key(self) -> tuple[str, ...]:
        return ("scaling", self.resource, self.dimension)

    @property
    def step(self) -> Step:
        return Step.SCALING

    @property
    def is_reversible(self) -> bool:
        return True

    def __str__(self) -> str:
        return (
            f"{resource_words(self.resource)}: auto scaling of {self.dimension} capacity "
            f"{self.before} -> {self.after}"
        )


@dataclass(frozen=True, slots=True)
class ModeChange:
    """The billing mode. ``provisioned`` are the units of the PROVISIONED mode."""

    before: BillingMode
    after: BillingMode
    provisioned: Mapping[str, CapacityUnits]

    @property
    def key(self) -> tuple[str, ...]:
        return ("mode",)

    @property
    def step(self) -> Step:
        return Step.BILLING_MODE

    @property
    def is_reversible(self) -> bool:
        return True

    def __str__(self) -> str:
        words = f"table: billing mode {self.before} -> {self.after}"
        if self.after is BillingMode.PAY_PER_REQUEST:
            return words
        units = (f"{resource_words(name)} {value}" for name, value in self.provisioned.items())
        return f"{words} with {', '.join(units)} units per second"


Change = CapacityChange | ScalingChange | ModeChange


def first_step(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes that are made together: the first ones that are of the same kind."""
    changes = tuple(changes)
    return tuple(takewhile(lambda change: change.step is changes[0].step, changes))


def joined(earlier: Iterable[Change], later: Iterable[Change]) -> tuple[Change, ...]:
    """Return every change that was ever asked for, each once: AWS may have refused the latest."""
    known: dict[tuple[Any, ...], Change] = {}
    for change in (*earlier, *later):
        known.setdefault((change.key, str(change)), change)
    return tuple(known.values())


def latest(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the latest change of each setting."""
    return tuple({change.key: change for change in changes}.values())


def changes_to_json(changes: Iterable[Change]) -> str:
    return json.dumps([_to_row(change) for change in changes], sort_keys=True)


def changes_from_json(text: str) -> tuple[Change, ...]:
    """Read changes. Rows without ``kind``, written before it existed, are changes of units."""
    return tuple(_from_row(row) for row in json.loads(text or "[]"))


def _to_row(change: Change) -> dict[str, Any]:
    row = asdict(change)
    match change:
        case CapacityChange():
            return {"kind": "units", **row}
        case ScalingChange():
            return {"kind": "scaling", **row}
        case ModeChange():
            return {"kind": "mode", **row}
    assert_never(change)


def _from_row(row: Mapping[str, Any]) -> Change:
    match row.get("kind", "units"):
        case "scaling":
            return ScalingChange(
                row["resource"],
                Dimension(row["dimension"]),
                limits_from(row["before"]),
                limits_from(row["after"]),
            )
        case "mode":
            return ModeChange(
                BillingMode(row["before"]),
                BillingMode(row["after"]),
                units_by_resource(row["provisioned"]),
            )
    return CapacityChange(
        row["resource"],
        Setting(row["setting"]),
        CapacityUnits(**row["before"]),
        CapacityUnits(**row["after"]),
    )
