"""What to raise before a migration: pure, and never lowers anything."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    Change,
    ModeChange,
    ScalingChange,
)
from airflow_ddb_migrate.core.capacity.snapshot import (
    NO_MAXIMUM,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    ScalingLimits,
    Setting,
)


def plan_raise(
    snapshot: CapacitySnapshot,
    wanted: CapacityUnits,
    *,
    warm: bool,
    switch_to_on_demand: bool = False,
) -> tuple[Change, ...]:
    """Return what to raise so that table and indexes have ``wanted``, in the order to do it.

    PROVISIONED: auto scaling is told first, or it would lower what is raised; then provisioned
    capacity. PAY_PER_REQUEST: a maximum that is too low; warm throughput only when ``warm`` says
    that its one-time price and permanence are accepted. ``switch_to_on_demand`` makes a
    PROVISIONED table an on-demand one instead of raising it. Empty: nothing to do.
    """
    if snapshot.billing_mode is BillingMode.PAY_PER_REQUEST:
        return tuple(_on_demand(snapshot, wanted, warm=warm))
    if switch_to_on_demand:
        switch = ModeChange(
            BillingMode.PROVISIONED, BillingMode.PAY_PER_REQUEST, dict(snapshot.provisioned)
        )
        return (*_pauses(snapshot), switch, *_on_demand(snapshot, wanted, warm=warm))
    return (*_scaling(snapshot, wanted), *_units(snapshot, wanted, Setting.PROVISIONED))


def unmet(now: CapacitySnapshot, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return which changes of a table it does not show yet, as changes from what it shows.

    Never a decrease, whatever somebody made of it meanwhile. Auto scaling's limits hold at once.
    """
    left: list[Change] = []
    for change in changes:
        if isinstance(change, ModeChange) and now.billing_mode is not change.after:
            left.append(change)
        if isinstance(change, CapacityChange):
            has = now.of(change.setting).get(change.resource, CapacityUnits())
            after = _at_least(has, change.after, change.setting)
            if has != after:
                left.append(replace(change, before=has, after=after))
    return tuple(left)


def _at_least(has: CapacityUnits, wanted: CapacityUnits, setting: Setting) -> CapacityUnits:
    if setting is not Setting.ON_DEMAND_MAXIMUM:
        return has.at_least(wanted)
    return CapacityUnits(_maximum(has.read, wanted.read), _maximum(has.write, wanted.write))


def _units(
    snapshot: CapacitySnapshot, wanted: CapacityUnits, setting: Setting
) -> Iterator[CapacityChange]:
    for resource, now in snapshot.of(setting).items():
        after = now.at_least(wanted)
        if after != now:
            yield CapacityChange(resource, setting, now, after)


def _on_demand(
    snapshot: CapacitySnapshot, wanted: CapacityUnits, *, warm: bool
) -> Iterator[CapacityChange]:
    for resource, now in snapshot.on_demand_maximum.items():
        after = _at_least(now, wanted, Setting.ON_DEMAND_MAXIMUM)
        if after != now:
            yield CapacityChange(resource, Setting.ON_DEMAND_MAXIMUM, now, after)
    if warm:
        yield from _units(snapshot, wanted, Setting.WARM_THROUGHPUT)


def _maximum(now: int, wanted: int) -> int:
    return NO_MAXIMUM if now == NO_MAXIMUM else max(now, wanted)


def _scaling(snapshot: CapacitySnapshot, wanted: CapacityUnits) -> Iterator[ScalingChange]:
    """Raise the minimum, and let nobody scale in.

    A target whose minimum is enough cannot scale in too far: it is left alone.
    """
    for target in snapshot.scaling:
        now, least = target.limits, wanted.of(target.dimension)
        if now.minimum < least:
            after = ScalingLimits(
                least, max(now.maximum, least), replace(now.suspended, scale_in=True)
            )
            yield ScalingChange(target.resource, target.dimension, now, after)


def _pauses(snapshot: CapacitySnapshot) -> Iterator[ScalingChange]:
    """An on-demand table has nothing to scale, and scaling has to keep its hands off it."""
    for target in snapshot.scaling:
        now = target.limits
        after = replace(now, suspended=replace(now.suspended, scale_in=True, scale_out=True))
        if after != now:
            yield ScalingChange(target.resource, target.dimension, now, after)
