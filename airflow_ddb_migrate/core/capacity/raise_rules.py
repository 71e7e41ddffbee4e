"""What to raise before a migration: pure, and never lowers anything."""

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
    """What each resource should have at least. ``written`` of the indexes; None: not known."""

    table: CapacityUnits
    written: Collection[str] | None

    def of(self, resource: str) -> CapacityUnits:
        """A migration reads the table alone; an index that it does not write needs nothing."""
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
    """Return what to raise so that the table has ``wanted``, in the order to do it.

    Of indexes only the writes are raised, and only of those that are ``written``; None: it is not
    known which are, so all of them. PROVISIONED: auto scaling is told first, or it would lower what
    is raised; then provisioned capacity. PAY_PER_REQUEST: a maximum that is too low; warm
    throughput only when ``warm`` says that its one-time price and permanence are accepted.
    ``switch_to_on_demand`` makes a PROVISIONED table an on-demand one instead of raising it.
    Empty: nothing to do.
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
    """Return which changes of a table it does not show yet, as changes from what it shows.

    Never a decrease, whatever somebody made of it meanwhile. Auto scaling's limits hold at once.
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
    """Return whether anything that was raised is just as it was before: asked for, or not yet.

    What somebody else made something of has been raised, or never will be.
    """
    original = {change.key: change.before for change in reversed(raised)}
    return any(change.before == original[change.key] for change in unmet(now, latest(raised)))


def _raised(has: CapacityUnits, change: CapacityChange) -> CapacityUnits:
    """Return what a resource should have by a change; what that does not raise is not its own."""
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
    """Raise the minimum, and let nobody scale in.

    A target whose minimum is enough cannot scale in too far: it is left alone.
    """
    for target in snapshot.scaling:
        now, least = target.limits, aim.of(target.resource).of(target.dimension)
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
