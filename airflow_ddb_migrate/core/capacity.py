"""What to raise before a migration and what to bring back after it: pure, never lowers to raise.

A *resource* is the table (named ``""``) or one of its global secondary indexes (by name). Units
are DynamoDB capacity units per second.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Self

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import DEFAULT_TABLE_UNITS

TABLE = ""


class BillingMode(StrEnum):
    PROVISIONED = "PROVISIONED"
    PAY_PER_REQUEST = "PAY_PER_REQUEST"


class Setting(StrEnum):
    """The two different things that "capacity" can mean."""

    PROVISIONED = "provisioned capacity"
    WARM_THROUGHPUT = "warm throughput"


@dataclass(frozen=True, slots=True)
class CapacityUnits:
    read: int = 0
    write: int = 0

    def at_least(self, other: Self) -> Self:
        """Return the larger of each figure."""
        return type(self)(max(self.read, other.read), max(self.write, other.write))

    def __str__(self) -> str:
        return f"{self.read:,} read / {self.write:,} write"


@dataclass(frozen=True, slots=True)
class CapacitySnapshot:
    """The capacity of a table and every index, as DescribeTable shows it."""

    billing_mode: BillingMode
    provisioned: Mapping[str, CapacityUnits]
    warm_throughput: Mapping[str, CapacityUnits]

    def of(self, setting: Setting) -> Mapping[str, CapacityUnits]:
        return self.provisioned if setting is Setting.PROVISIONED else self.warm_throughput

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        data = json.loads(text)
        return cls(
            BillingMode(data["billing_mode"]),
            _units_from(data["provisioned"]),
            _units_from(data["warm_throughput"]),
        )


@dataclass(frozen=True, slots=True)
class CapacityChange:
    """One setting of one resource, before and after."""

    resource: str
    setting: Setting
    before: CapacityUnits
    after: CapacityUnits

    @property
    def is_reversible(self) -> bool:
        """AWS never lowers warm throughput again."""
        return self.setting is Setting.PROVISIONED

    def __str__(self) -> str:
        name = f"index {self.resource}" if self.resource else "table"
        return f"{name}: {self.setting} {self.before} -> {self.after} units per second"


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What to change back, and in prose what stays as it is and why."""

    changes: tuple[CapacityChange, ...]
    kept: tuple[str, ...]


def validate_units(name: str, value: object) -> int:
    """Return a wanted capacity in units per second: 1 up to the default quota of a table."""
    if isinstance(value, bool) or not isinstance(value, int) or not value >= 1:
        raise InvalidInputError(
            f"{name} is {value!r}; it must be a whole number of capacity units per second, from 1. "
            f"The default quota of a table is {DEFAULT_TABLE_UNITS:,}."
        )
    return value


def plan_raise(
    snapshot: CapacitySnapshot, wanted: CapacityUnits, *, warm: bool
) -> tuple[CapacityChange, ...]:
    """Return what to raise so that the table and every index have at least ``wanted``.

    PROVISIONED tables get provisioned capacity; PAY_PER_REQUEST tables warm throughput, and only
    when ``warm`` says that its one-time price and permanence are accepted. Empty: nothing to do.
    """
    if snapshot.billing_mode is BillingMode.PROVISIONED:
        setting = Setting.PROVISIONED
    elif warm:
        setting = Setting.WARM_THROUGHPUT
    else:
        return ()
    changes = (
        CapacityChange(resource, setting, now, now.at_least(wanted))
        for resource, now in snapshot.of(setting).items()
    )
    return tuple(change for change in changes if change.after != change.before)


def merge_raises(
    earlier: Iterable[CapacityChange], later: Iterable[CapacityChange]
) -> tuple[CapacityChange, ...]:
    """Join two rounds of raising: the first ``before`` and the last ``after`` of each setting."""
    merged = {(c.resource, c.setting): c for c in earlier}
    for change in later:
        known = merged.get((change.resource, change.setting))
        merged[change.resource, change.setting] = (
            replace(known, after=change.after) if known else change
        )
    return tuple(merged.values())


def plan_restore(now: CapacitySnapshot, raised: Iterable[CapacityChange]) -> RestorePlan:
    """Return what to change back: only what we raised and nobody changed since."""
    changes: list[CapacityChange] = []
    kept: list[str] = []
    for change in raised:
        current = now.of(change.setting).get(change.resource)
        if current is None or now.billing_mode is not _mode_of(change.setting):
            kept.append(f"{change}: no longer there (billing mode {now.billing_mode})")
        elif not change.is_reversible:
            kept.append(f"{change}: permanent, AWS does not lower it")
        else:
            changes += _changes_back(change, current)
            kept += _changed_by_others(change, current)
    return RestorePlan(tuple(changes), tuple(kept))


def changes_to_json(changes: Iterable[CapacityChange]) -> str:
    return json.dumps([asdict(change) for change in changes], sort_keys=True)


def changes_from_json(text: str) -> tuple[CapacityChange, ...]:
    return tuple(
        CapacityChange(
            row["resource"],
            Setting(row["setting"]),
            CapacityUnits(**row["before"]),
            CapacityUnits(**row["after"]),
        )
        for row in json.loads(text or "[]")
    )


def _changes_back(change: CapacityChange, current: CapacityUnits) -> list[CapacityChange]:
    target = CapacityUnits(
        change.before.read if current.read == change.after.read else current.read,
        change.before.write if current.write == change.after.write else current.write,
    )
    if target == current:
        return []
    return [CapacityChange(change.resource, change.setting, current, target)]


def _changed_by_others(change: CapacityChange, current: CapacityUnits) -> list[str]:
    name = f"index {change.resource}" if change.resource else "table"
    return [
        f"{name}: {kind} capacity is {value:,}, neither the raised {after:,} nor the original "
        f"{before:,}; somebody changed it, so it stays"
        for kind, value, before, after in (
            ("read", current.read, change.before.read, change.after.read),
            ("write", current.write, change.before.write, change.after.write),
        )
        if value not in {before, after}
    ]


def _mode_of(setting: Setting) -> BillingMode:
    return (
        BillingMode.PROVISIONED if setting is Setting.PROVISIONED else BillingMode.PAY_PER_REQUEST
    )


def _units_from(data: Mapping[str, Mapping[str, int]]) -> dict[str, CapacityUnits]:
    return {resource: CapacityUnits(**units) for resource, units in data.items()}
