"""What to raise before a migration. Pure. Nothing is ever lowered."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    Change,
    ModeChange,
    ScalingChange,
    latest,
)
from airflow_ddb_migrate.core.capacity.snapshot import (
    NO_MAXIMUM,
    TABLE,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    Dimension,
    ScalingLimits,
    Setting,
)


@dataclass(frozen=True, slots=True)
class _Aim:
    """The least units of each resource. ``written`` are the indexes written to; None: unknown."""

    table: CapacityUnits
    written: Collection[str] | None

    def of(self, resource: str) -> CapacityUnits:
        """Return a resource's units. Only the table is read; an unwritten index needs none."""
        if resource == TABLE:
            return self.table
        is_written = self.written is None or resource in self.written
        return CapacityUnits(0, self.table.write if is_written else 0)


def plan_raise(
    snapshot: CapacitySnapshot,
    wanted: CapacityUnits,
    *,
    warm: bool,
    switch_to_on_demand: bool = False,
    written: Collection[str] | None = None,
) -> tuple[Change, ...]:
    """Return the changes, in order, that give the table the ``wanted`` units; empty if it has them.

    Of the indexes, only writes are raised, and only of those in ``written``; None: it is unknown
    which are written, so all are raised.

    PROVISIONED: first auto scaling, which would otherwise lower what is raised, then the
    provisioned units. PAY_PER_REQUEST: a maximum that is too low, and warm throughput only if
    ``warm`` says that its one-time price and its permanence are accepted. ``switch_to_on_demand``
    switches a PROVISIONED table to on-demand instead of raising its units.
    """
    aim = _Aim(wanted, written)
    if snapshot.billing_mode is BillingMode.PAY_PER_REQUEST:
        return tuple(_on_demand(snapshot, aim, warm=warm))
    if switch_to_on_demand:
        switch = ModeChange(
            BillingMode.PROVISIONED, BillingMode.PAY_PER_REQUEST, dict(snapshot.provisioned)
        )
        return (*_pauses(snapshot), switch, *_on_demand(snapshot, aim, warm=warm))
    return (*_scaling(snapshot, aim), *_units(snapshot, aim, Setting.PROVISIONED))


def unmet(now: CapacitySnapshot, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes that the table does not show yet, as changes from its current values.

    Never a decrease, whatever others have changed meanwhile. Auto scaling's limits apply at once.
    """
    left: list[Change] = []
    for change in changes:
        if isinstance(change, ModeChange) and now.billing_mode is not change.after:
            left.append(change)
        if isinstance(change, CapacityChange):
            has = now.of(change.setting).get(change.resource, CapacityUnits())
            after = _raised(has, change)
            if has != after:
                left.append(replace(change, before=has, after=after))
    return tuple(left)


def untouched(now: CapacitySnapshot, raised: Sequence[Change]) -> bool:
    """Return whether anything that should be raised still has its old value.

    A value that others have changed was raised already, or never will be.
    """
    original = {change.key: change.before for change in reversed(raised)}
    return any(change.before == original[change.key] for change in unmet(now, latest(raised)))


def _raised(has: CapacityUnits, change: CapacityChange) -> CapacityUnits:
    """Return a resource's units after a change; dimensions that it does not raise stay."""
    wanted = _at_least(has, change.after, change.setting)
    return CapacityUnits(
        *(
            has.of(dimension)
            if change.after.of(dimension) == change.before.of(dimension)
            else wanted.of(dimension)
            for dimension in Dimension
        )
    )


def _at_least(has: CapacityUnits, wanted: CapacityUnits, setting: Setting) -> CapacityUnits:
    if setting is not Setting.ON_DEMAND_MAXIMUM:
        return has.at_least(wanted)
    return CapacityUnits(_maximum(has.read, wanted.read), _maximum(has.write, wanted.write))


def _units(snapshot: CapacitySnapshot, aim: _Aim, setting: Setting) -> Iterator[CapacityChange]:
    for resource, now in snapshot.of(setting).items():
        after = _at_least(now, aim.of(resource), setting)
        if after != now:
            yield CapacityChange(resource, setting, now, after)


def _on_demand(snapshot: CapacitySnapshot, aim: _Aim, *, warm: bool) -> Iterator[CapacityChange]:
    yield from _units(snapshot, aim, Setting.ON_DEMAND_MAXIMUM)
    if warm:
        yield from _units(snapshot, aim, Setting.WARM_THROUGHPUT)


def _maximum(now: int, wanted: int) -> int:
    return NO_MAXIMUM if now == NO_MAXIMUM else max(now, wanted)


def _scaling(snapshot: CapacitySnapshot, aim: _Aim) -> Iterator[ScalingChange]:
    """Raise auto scaling's minimum, and suspend scaling in.

    A target whose minimum is high enough cannot scale in too far, so it is left as it is.
    """
    for target in snapshot.scaling:
        now, least = target.limits, aim.of(target.resource).of(target.dimension)
        if now.minimum < least:
            after = ScalingLimits(
                least, max(now.maximum, least), replace(now.suspended, scale_in=True)
            )
            yield ScalingChange(target.resource, target.dimension, now, after)


def _pauses(snapshot: CapacitySnapshot) -> Iterator[ScalingChange]:
    """Suspend auto scaling, which must not change a table while it is on-demand."""
    for target in snapshot.scaling:
        now = target.limits
        after = replace(now, suspended=replace(now.suspended, scale_in=True, scale_out=True))
        if after != now:
            yield ScalingChange(target.resource, target.dimension, now, after)
