"""What to restore after a migration. Pure. Only values that we raised and others left alone."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import groupby

from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    Change,
    ModeChange,
    ScalingChange,
)
from airflow_ddb_migrate.core.capacity.snapshot import (
    TABLE,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    Dimension,
    ScaledFigure,
    ScalingLimits,
    Setting,
    SuspendedScaling,
    figure_words,
    resource_words,
)

_HOW_TO_FORCE = "it was changed by others, so it stays (force=True restores the original)"


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """The changes that restore, in order, and sentences on what stays and why."""

    changes: tuple[Change, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRules:
    """What to do with a value that is neither the raised nor the original one.

    Others set it, so it stays, unless ``force``. A value in ``scaled`` may be due to auto scaling,
    so the original is restored. Once auto scaling's own limits are restored (``lowered``), a value
    that auto scaling chose is right.
    """

    force: bool = False
    scaled: AbstractSet[ScaledFigure] = frozenset()
    lowered: bool = False


@dataclass(slots=True)
class _Draft:
    now: CapacitySnapshot
    rules: RestoreRules
    changes: list[Change] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def plan_restore(
    now: CapacitySnapshot, raised: Iterable[Change], rules: RestoreRules | None = None
) -> RestorePlan:
    """Return the changes that restore; ``raised`` may have several changes of the same setting.

    An on-demand maximum is restored before the billing mode. Auto scaling is restored before the
    capacity that it scales; otherwise it would raise again what is lowered.
    """
    draft = _Draft(now, rules or RestoreRules())
    rounds = _rounds(raised)
    scaling = [[c for c in group if isinstance(c, ScalingChange)] for group in rounds]
    units = [[c for c in group if isinstance(c, CapacityChange)] for group in rounds]
    switch = next((group[0] for group in rounds if isinstance(group[0], ModeChange)), None)
    for group in filter(None, units):
        if group[0].setting is not Setting.PROVISIONED:
            _units_back(draft, group)
    if isinstance(switch, ModeChange):
        _switch_back(draft, switch, _originals(switch, units))
    for targets in filter(None, scaling):
        _scaling_back(draft, targets)
    is_switching = any(isinstance(change, ModeChange) for change in draft.changes)
    for group in filter(None, units):
        if group[0].setting is Setting.PROVISIONED and not is_switching:
            _units_back(draft, group)
    return RestorePlan(tuple(draft.changes), tuple(draft.kept))


def _rounds(raised: Iterable[Change]) -> list[list[Change]]:
    """Group the changes by setting, in the order in which they were asked for."""
    ordered = sorted(raised, key=lambda change: change.step)
    keys = list(dict.fromkeys(change.key for change in ordered))
    by_key = sorted(ordered, key=lambda change: keys.index(change.key))
    return [list(group) for _, group in groupby(by_key, key=lambda change: change.key)]


def _originals(
    switch: ModeChange, units: Iterable[list[CapacityChange]]
) -> Mapping[str, CapacityUnits]:
    """Return the units before the first change; a later switch saw raised units."""
    first = {
        group[0].resource: group[0].before
        for group in units
        if group and group[0].setting is Setting.PROVISIONED
    }
    return {**switch.provisioned, **first}


def _switch_back(draft: _Draft, switch: ModeChange, originals: Mapping[str, CapacityUnits]) -> None:
    if draft.now.billing_mode is switch.before:
        _switched_by_others(draft, switch)
        return
    # An index that was added later needs units, too: AWS switches all resources or none.
    table = originals[TABLE]
    units = {name: originals.get(name, table) for name in draft.now.provisioned}
    draft.kept += [
        f"index {name}: it was added later and gets the table's original {table} units per second"
        for name in units
        if name not in originals
    ]
    draft.kept += [
        f"billing mode: it is switched in {replica.region}, too; check the read capacity there"
        for replica in draft.now.replicas
    ]
    draft.changes.append(ModeChange(switch.after, switch.before, units))


def _switched_by_others(draft: _Draft, switch: ModeChange) -> None:
    """The mode was never switched, or is already restored: by an earlier try, or by others."""
    for name, units in switch.provisioned.items():
        has = draft.now.provisioned.get(name, units)
        if has != units and draft.rules.force:
            draft.changes.append(CapacityChange(name, Setting.PROVISIONED, has, units))
        elif has != units:
            draft.kept.append(
                f"{resource_words(name)}: {Setting.PROVISIONED} is {has}, the original was "
                f"{units}; {_HOW_TO_FORCE}"
            )


def _scaling_back(draft: _Draft, group: list[ScalingChange]) -> None:
    first = group[0]
    before = first.before
    target = draft.now.targets.get((first.resource, first.dimension))
    if target is None:
        draft.kept.append(f"{first}: it no longer exists")
        return
    now, ours = target.limits, [change.after for change in group]
    judge = _Judge(draft, f"{resource_words(first.resource)}: auto scaling's {first.dimension}")
    minimum = judge.number("minimum", now.minimum, before.minimum, {a.minimum for a in ours})
    maximum = judge.number("maximum", now.maximum, before.maximum, {a.maximum for a in ours})
    back = ScalingLimits(
        minimum,
        max(maximum, minimum),
        _resumed(now.suspended, before.suspended, [after.suspended for after in ours]),
    )
    if back != now:
        draft.changes.append(ScalingChange(first.resource, first.dimension, now, back))


def _resumed(
    now: SuspendedScaling, before: SuspendedScaling, ours: list[SuspendedScaling]
) -> SuspendedScaling:
    """Restore what we suspended; what others have resumed is as it was."""
    return SuspendedScaling(
        before.scale_in if any(after.scale_in for after in ours) else now.scale_in,
        before.scale_out if any(after.scale_out for after in ours) else now.scale_out,
        now.scheduled,
    )


def _units_back(draft: _Draft, group: list[CapacityChange]) -> None:
    first = group[0]
    whole = replace(group[-1], before=first.before)
    current = draft.now.of(first.setting).get(first.resource)
    if current == first.before:
        return
    if current is None or not _is_in_force(first.setting, draft.now.billing_mode):
        draft.kept.append(f"{whole}: it no longer exists (billing mode {draft.now.billing_mode})")
    elif not first.is_reversible:
        regions = [replica.region for replica in draft.now.replicas]
        also = f", also in {', '.join(regions)}" if regions else ""
        draft.kept.append(f"{whole}: permanent; AWS does not lower it{also}")
    else:
        target = CapacityUnits(
            *(_figure(draft, group, current, dimension) for dimension in Dimension)
        )
        if target != current:
            draft.changes.append(CapacityChange(first.resource, first.setting, current, target))


def _figure(
    draft: _Draft, group: list[CapacityChange], current: CapacityUnits, dimension: Dimension
) -> int:
    now, rules = current.of(dimension), draft.rules
    raised = [one for one in group if one.after.of(dimension) != one.before.of(dimension)]
    if not raised:
        return now  # only the other dimension was raised
    first = raised[0]
    before, ours = first.before.of(dimension), {one.after.of(dimension) for one in raised}
    is_scaled = (first.resource, dimension) in rules.scaled
    if is_scaled and now not in ours:
        return now if rules.lowered else min(now, before)
    what = "capacity" if first.setting is Setting.PROVISIONED else str(first.setting)
    name = f"{resource_words(first.resource)}: {dimension}"
    return _Judge(draft, name).number(what, now, before, ours)


def _is_in_force(setting: Setting, mode: BillingMode) -> bool:
    """Return whether a setting can be changed in a billing mode."""
    return {
        Setting.PROVISIONED: mode is BillingMode.PROVISIONED,
        Setting.ON_DEMAND_MAXIMUM: mode is BillingMode.PAY_PER_REQUEST,
        Setting.WARM_THROUGHPUT: True,
    }[setting]


@dataclass(frozen=True, slots=True)
class _Judge:
    """Decides about one value, and notes why a value stays."""

    draft: _Draft
    name: str

    def number(self, what: str, now: int, before: int, ours: AbstractSet[int]) -> int:
        """Return the value to set: the original, or the one that others have set."""
        if ours == {before}:
            return now  # not changed by us
        if now == before or now in ours or self.draft.rules.force:
            return before
        self.draft.kept.append(
            f"{self.name} {what} is {figure_words(now)}, neither the raised "
            f"{figure_words(max(ours))} nor the original {figure_words(before)}; {_HOW_TO_FORCE}"
        )
        return now


def governed(snapshot: CapacitySnapshot) -> frozenset[ScaledFigure]:
    """Return what auto scaling changes: targets whose scaling is not suspended both ways."""
    return frozenset(
        figure
        for figure, target in snapshot.targets.items()
        if not (target.limits.suspended.scale_in and target.limits.suspended.scale_out)
    )


def still_raised(changes: Iterable[Change]) -> Iterator[CapacityChange]:
    """Return what a failed restore leaves raised, as changes from the original to now."""
    for change in changes:
        if isinstance(change, CapacityChange):
            yield replace(change, before=change.after, after=change.before)
