"""What holds of raising and restoring for every table there can be."""

from collections.abc import Iterable
from dataclasses import replace

from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    Change,
    ModeChange,
    ScalingChange,
    changes_from_json,
    changes_to_json,
    joined,
)
from airflow_ddb_migrate.core.capacity.raise_rules import plan_raise, unmet
from airflow_ddb_migrate.core.capacity.restore_rules import RestoreRules, governed, plan_restore
from airflow_ddb_migrate.core.capacity.snapshot import (
    NO_MAXIMUM,
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    Dimension,
    ScalingLimits,
    ScalingTarget,
    Setting,
    SuspendedScaling,
)
from hypothesis import given
from hypothesis import strategies as st

FIGURES = st.integers(1, 40_000)
UNITS = st.builds(CapacityUnits, FIGURES, FIGURES)
MAXIMA = st.builds(CapacityUnits, *[st.one_of(st.just(NO_MAXIMUM), FIGURES)] * 2)
LIMITS = st.builds(
    lambda a, b, off: ScalingLimits(min(a, b), max(a, b), off),
    FIGURES,
    FIGURES,
    st.builds(SuspendedScaling, st.booleans(), st.booleans(), st.booleans()),
)


@st.composite
def snapshots(draw: st.DrawFn) -> CapacitySnapshot:
    """Any table; an on-demand one has no provisioned units, and nobody asks for its targets."""
    mode = draw(st.sampled_from(BillingMode))
    resources = ["", *draw(st.sets(st.sampled_from(["by_day", "by_origin", "by_size"])))]
    is_provisioned = mode is BillingMode.PROVISIONED
    figures = [(name, dimension) for name in resources for dimension in Dimension]
    scaled = draw(st.sets(st.sampled_from(figures))) if is_provisioned else ()
    return CapacitySnapshot(
        mode,
        {name: draw(UNITS) if is_provisioned else CapacityUnits() for name in resources},
        {name: draw(UNITS) for name in resources},
        {name: draw(MAXIMA) for name in resources},
        tuple(ScalingTarget(*figure, draw(LIMITS), ("policy",)) for figure in sorted(scaled)),
    )


OPTIONS = st.fixed_dictionaries(
    {
        "warm": st.booleans(),
        "switch_to_on_demand": st.booleans(),
        "written": st.one_of(st.none(), st.sets(st.sampled_from(["by_day", "by_origin"]))),
    }
)


def applied(seen: CapacitySnapshot, changes: Iterable[Change]) -> CapacitySnapshot:
    """What AWS shows after the changes."""
    for change in changes:
        seen = _after(seen, change)
    return seen


def _after(seen: CapacitySnapshot, change: Change) -> CapacitySnapshot:
    match change:
        case ModeChange():
            none = dict.fromkeys(seen.provisioned, CapacityUnits())
            is_back = change.after is BillingMode.PROVISIONED
            units = {**none, **change.provisioned} if is_back else none
            return replace(seen, billing_mode=change.after, provisioned=units)
        case ScalingChange():
            figure = (change.resource, change.dimension)
            return replace(
                seen,
                scaling=tuple(
                    replace(t, limits=change.after) if (t.resource, t.dimension) == figure else t
                    for t in seen.scaling
                ),
            )
        case CapacityChange():
            figures = {**seen.of(change.setting), change.resource: change.after}
            name = {
                Setting.PROVISIONED: "provisioned",
                Setting.WARM_THROUGHPUT: "warm_throughput",
                Setting.ON_DEMAND_MAXIMUM: "on_demand_maximum",
            }[change.setting]
            return replace(seen, **{name: figures})


def permanents(snapshot: CapacitySnapshot) -> CapacitySnapshot:
    """Everything but what AWS never lowers."""
    return replace(snapshot, warm_throughput={})


def restored(seen: CapacitySnapshot, original: CapacitySnapshot, raised: Iterable[Change]):
    return plan_restore(seen, raised, RestoreRules(scaled=governed(original)))


def no_less(before: int, after: int) -> bool:
    return after == NO_MAXIMUM or (before != NO_MAXIMUM and after >= before)


@given(snapshots(), UNITS, OPTIONS)
def test_nothing_is_ever_lowered(seen, wanted, options) -> None:
    """Every figure of every change stays or grows, and nothing suspended is resumed."""
    for change in plan_raise(seen, wanted, **options):
        assert change.before != change.after
        if isinstance(change, CapacityChange):
            assert no_less(change.before.read, change.after.read)
            assert no_less(change.before.write, change.after.write)
        if isinstance(change, ScalingChange):
            before, after = change.before, change.after
            assert before.minimum <= after.minimum <= after.maximum
            assert before.maximum <= after.maximum
            assert before.suspended.scale_in <= after.suspended.scale_in
            assert before.suspended.scale_out <= after.suspended.scale_out
            assert before.suspended.scheduled == after.suspended.scheduled


@given(snapshots(), UNITS, OPTIONS)
def test_a_second_raise_has_nothing_to_do(seen, wanted, options) -> None:
    """After the first everything that can be had is there."""
    after = applied(seen, plan_raise(seen, wanted, **options))

    assert () == plan_raise(after, wanted, **options)


@given(snapshots(), UNITS, OPTIONS)
def test_restore_is_the_inverse_of_prewarm(seen, wanted, options) -> None:
    """All but warm throughput comes back, whatever was asked for, and nothing is left to do."""
    raised = plan_raise(seen, wanted, **options)
    plan = restored(applied(seen, raised), seen, raised)
    after = applied(applied(seen, raised), plan.changes)

    assert permanents(seen) == permanents(after)
    assert () == restored(after, seen, raised).changes
    assert {True} >= {"permanent" in line for line in plan.kept}


@given(snapshots(), UNITS, OPTIONS, st.data())
def test_a_half_way_prewarm_is_restored(seen, wanted, options, data) -> None:
    """After any number of its changes: what did not happen is not somebody's wish."""
    raised = plan_raise(seen, wanted, **options)
    reached = applied(seen, raised[: data.draw(st.integers(0, len(raised)))])

    plan = restored(reached, seen, raised)

    assert permanents(seen) == permanents(applied(reached, plan.changes))
    assert {True} >= {"permanent" in line for line in plan.kept}


@given(snapshots(), UNITS, OPTIONS, st.data())
def test_a_half_way_restore_is_finished(seen, wanted, options, data) -> None:
    """By the next one, which plans anew from what it sees."""
    raised = plan_raise(seen, wanted, **options)
    high = applied(seen, raised)
    first = restored(high, seen, raised).changes
    reached = applied(high, first[: data.draw(st.integers(0, len(first)))])

    again = restored(reached, seen, raised).changes

    assert permanents(seen) == permanents(applied(reached, again))


@given(snapshots(), st.lists(st.tuples(UNITS, OPTIONS), min_size=2, max_size=3), st.data())
def test_several_prewarms_are_one_restore(seen, rounds, data) -> None:
    """Cleared and run again with other figures, each cut off anywhere."""
    now, raised = seen, ()
    for wanted, options in rounds:
        more = plan_raise(now, wanted, **options)
        raised = joined(raised, more)
        now = applied(now, more[: data.draw(st.integers(0, len(more)))])

    plan = restored(now, seen, raised)

    assert permanents(seen) == permanents(applied(now, plan.changes))


@given(snapshots(), UNITS, OPTIONS, st.data())
def test_what_is_left_to_do_leads_there(seen, wanted, options, data) -> None:
    """Whatever of it has happened, and whatever somebody raised meanwhile: nothing is lowered."""
    raised = plan_raise(seen, wanted, **options)
    reached = applied(seen, raised[: data.draw(st.integers(0, len(raised)))])
    left = unmet(reached, raised)

    assert () == unmet(applied(reached, left), raised)
    for change in left:
        if isinstance(change, CapacityChange):
            assert no_less(change.before.read, change.after.read)
            assert no_less(change.before.write, change.after.write)


@given(snapshots(), UNITS, UNITS, st.booleans())
def test_what_somebody_set_stays_unless_forced(seen, wanted, theirs, force) -> None:
    """Of what we raised; what we did not raise is theirs in any case."""
    seen = replace(seen, scaling=())
    raised = plan_raise(seen, wanted, warm=False)
    ours = {change.resource: change for change in raised if change.setting is Setting.PROVISIONED}
    changed = replace(seen, provisioned=dict.fromkeys(seen.provisioned, theirs))

    plan = plan_restore(changed, ours.values(), RestoreRules(force=force))
    after = applied(changed, plan.changes)

    for name, change in ours.items():
        for dimension in Dimension:
            before, raised_to = change.before.of(dimension), change.after.of(dimension)
            comes_back = before != raised_to and (force or theirs.of(dimension) == raised_to)
            expected = before if comes_back else theirs.of(dimension)
            assert expected == after.provisioned[name].of(dimension)


@given(snapshots(), UNITS, OPTIONS)
def test_what_is_written_down_is_read_back(seen, wanted, options) -> None:
    """Snapshot and changes survive the ledger unchanged."""
    raised = plan_raise(seen, wanted, **options)

    assert seen == CapacitySnapshot.from_json(seen.to_json())
    assert raised == changes_from_json(changes_to_json(raised))
    assert raised == joined(raised, raised)


def test_what_an_earlier_version_wrote_down_is_read() -> None:
    """A lease may be older than this code: no maxima, no scaling, no kinds of change."""
    snapshot = (
        '{"billing_mode": "PROVISIONED", "provisioned": {"": {"read": 5, "write": 6}}, '
        '"warm_throughput": {"": {"read": 1, "write": 2}}}'
    )
    changes = (
        '[{"resource": "", "setting": "provisioned capacity", "before": {"read": 5, "write": 6}, '
        '"after": {"read": 50, "write": 60}}]'
    )

    five = CapacityUnits(5, 6)
    assert CapacitySnapshot(
        BillingMode.PROVISIONED, {"": five}, {"": CapacityUnits(1, 2)}
    ) == CapacitySnapshot.from_json(snapshot)
    assert (
        CapacityChange("", Setting.PROVISIONED, five, CapacityUnits(50, 60)),
    ) == changes_from_json(changes)
