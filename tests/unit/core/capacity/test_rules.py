"""Raising capacity, and bringing it back."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    ScalingChange,
    changes_from_json,
    changes_to_json,
    joined,
)
from airflow_ddb_migrate.core.capacity.raise_rules import plan_raise, unmet
from airflow_ddb_migrate.core.capacity.restore_rules import plan_restore
from airflow_ddb_migrate.core.capacity.snapshot import (
    BillingMode,
    CapacitySnapshot,
    CapacityUnits,
    Dimension,
    ScalingLimits,
    ScalingTarget,
    Setting,
)
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.validation import validate_units
from hypothesis import given
from hypothesis import strategies as st
from tests.support.factories import snapshot, units

UNITS = st.builds(CapacityUnits, st.integers(0, 40_000), st.integers(0, 40_000))
RESOURCES = st.dictionaries(st.sampled_from(["", "by_origin", "by_day"]), UNITS, min_size=1)
SNAPSHOTS = st.builds(CapacitySnapshot, st.sampled_from(BillingMode), RESOURCES, RESOURCES)
WANTED = units(12_000, 4_000)


def change(
    before: CapacityUnits, after: CapacityUnits, resource: str = "", setting: Setting | None = None
) -> CapacityChange:
    return CapacityChange(resource, setting or Setting.PROVISIONED, before, after)


def applied(seen: CapacitySnapshot, changes: tuple[CapacityChange, ...]) -> CapacitySnapshot:
    """What DescribeTable shows after the changes."""
    provisioned, warm = dict(seen.provisioned), dict(seen.warm_throughput)
    for made in changes:
        target = provisioned if made.setting is Setting.PROVISIONED else warm
        target[made.resource] = made.after
    return replace(seen, provisioned=provisioned, warm_throughput=warm)


@given(SNAPSHOTS, UNITS, st.booleans())
def test_raising_never_lowers(seen: CapacitySnapshot, wanted: CapacityUnits, warm: bool) -> None:
    """Each figure stays or grows, to exactly what was wanted; reads of an index are not raised."""
    for made in plan_raise(seen, wanted, warm=warm):
        assert seen.of(made.setting)[made.resource] == made.before
        reads = 0 if made.resource else wanted.read
        assert max(made.before.read, reads) == made.after.read
        assert max(made.before.write, wanted.write) == made.after.write
        assert made.before != made.after


@given(SNAPSHOTS, UNITS, st.booleans())
def test_every_resource_is_raised(
    seen: CapacitySnapshot, wanted: CapacityUnits, warm: bool
) -> None:
    """After it nothing is left to raise: an index throttles its table like the table itself."""
    raised = applied(seen, plan_raise(seen, wanted, warm=warm))

    assert () == plan_raise(raised, wanted, warm=warm)


@given(SNAPSHOTS, UNITS)
def test_restore_brings_back_exactly_the_snapshot(
    seen: CapacitySnapshot, wanted: CapacityUnits
) -> None:
    """Provisioned capacity that we raised goes back to the figures before; then nothing is left."""
    raised = plan_raise(seen, wanted, warm=False)
    plan = plan_restore(applied(seen, raised), raised)
    restored = applied(applied(seen, raised), plan.changes)

    assert seen == restored
    assert () == plan_restore(restored, raised).changes
    assert () == plan.kept


def test_table_and_indexes_are_raised_together() -> None:
    """Each only as far as it is below what is wanted."""
    seen = snapshot(provisioned={"": units(50, 25), "by_origin": units(20_000, 25)})

    assert (
        change(units(50, 25), WANTED),
        change(units(20_000, 25), units(20_000, 4_000), "by_origin"),
    ) == plan_raise(seen, WANTED, warm=False)


@pytest.mark.parametrize(
    ("setting", "mode"),
    [
        (Setting.PROVISIONED, BillingMode.PROVISIONED),
        (Setting.WARM_THROUGHPUT, BillingMode.PAY_PER_REQUEST),
        (Setting.ON_DEMAND_MAXIMUM, BillingMode.PAY_PER_REQUEST),
    ],
)
@pytest.mark.parametrize(
    ("written", "raised"),
    [
        (None, ["", "by_day", "by_origin"]),  # not known
        (["", "by_day"], ["", "by_day"]),
        ([""], [""]),
        (["", "gone"], [""]),
    ],
)
def test_of_indexes_only_writes_are_raised_and_only_where_they_are_written(
    setting: Setting, mode: BillingMode, written: list[str] | None, raised: list[str]
) -> None:
    """A migration reads the table alone: reads of 20 indexes would be a bill for nothing."""
    figures = dict.fromkeys(["", "by_day", "by_origin"], units(50, 25))
    seen = CapacitySnapshot(mode, figures, figures, figures)

    made = plan_raise(seen, WANTED, warm=True, written=written)

    ours = {one.resource: one.after for one in made if one.setting is setting}
    assert {name: units(50, 4_000) if name else WANTED for name in raised} == ours


def test_auto_scaling_of_an_index_is_told_of_writes_alone() -> None:
    """Its reads stay auto scaling's, and so do indexes that are not written."""
    figures = [(name, dimension) for name in ("", "by_day", "by_origin") for dimension in Dimension]
    targets = tuple(ScalingTarget(*figure, ScalingLimits(5, 100)) for figure in figures)
    indexed = snapshot(provisioned=dict.fromkeys(["", "by_day", "by_origin"], units()))
    seen = replace(indexed, scaling=targets)

    made = plan_raise(seen, WANTED, warm=False, written=["", "by_day"])

    told = [(one.resource, one.dimension) for one in made if isinstance(one, ScalingChange)]
    assert [("", Dimension.READ), ("", Dimension.WRITE), ("by_day", Dimension.WRITE)] == told


def test_what_a_raise_leaves_alone_is_not_waited_for_and_not_brought_back() -> None:
    """Auto scaling goes on with the reads of an index whose writes are raised, twice."""
    first = change(units(50, 25), units(50, 100), "by_day")
    again = change(units(40, 100), units(40, 4_000), "by_day")
    now = snapshot(provisioned={"": units(), "by_day": units(30, 4_000)})

    assert () == unmet(now, [again])
    assert (change(units(30, 4_000), units(30, 25), "by_day"),) == plan_restore(
        now, [first, again]
    ).changes


def test_reads_of_an_index_that_the_version_before_raised_come_back() -> None:
    """Its lease says what was raised, and that is what is restored."""
    made = change(units(50, 25), WANTED, "by_day")
    now = snapshot(provisioned={"": units(), "by_day": WANTED})

    assert (change(WANTED, units(50, 25), "by_day"),) == plan_restore(now, [made]).changes


def test_warm_throughput_is_raised_only_when_asked_for() -> None:
    """It costs once and stays: an on-demand table is left alone by default."""
    seen = snapshot(BillingMode.PAY_PER_REQUEST, warm={"": units(1, 1)})

    assert () == plan_raise(seen, WANTED, warm=False)
    assert (change(units(1, 1), WANTED, "", Setting.WARM_THROUGHPUT),) == plan_raise(
        seen, WANTED, warm=True
    )


def test_provisioned_tables_get_provisioned_capacity_even_when_warm_is_accepted() -> None:
    """Warm throughput is no substitute where capacity is provisioned."""
    (made,) = plan_raise(snapshot(), WANTED, warm=True)

    assert Setting.PROVISIONED is made.setting


def test_what_somebody_changed_meanwhile_stays() -> None:
    """A figure that is neither raised nor original is somebody's wish; the other one goes back."""
    made = change(units(50, 25), WANTED)

    plan = plan_restore(snapshot(provisioned={"": units(12_000, 9_999)}), [made])

    assert (change(units(12_000, 9_999), units(50, 9_999)),) == plan.changes
    assert (
        "table: write capacity is 9,999, neither the raised 4,000 nor the original 25; "
        "it was changed by others, so it stays (force=True restores the original)",
    ) == plan.kept


def test_an_index_that_is_gone_is_left_out() -> None:
    """A deleted index is told, and does not keep the table from being restored."""
    raised = (change(units(), WANTED), change(units(), WANTED, "by_origin"))

    plan = plan_restore(snapshot(provisioned={"": WANTED}), raised)

    assert (change(WANTED, units()),) == plan.changes
    (kept,) = plan.kept
    assert kept.startswith("index by_origin: provisioned capacity 50 read / 25 write -> 12,000")
    assert kept.endswith("it no longer exists (billing mode PROVISIONED)")


def test_a_table_that_became_on_demand_keeps_its_mode() -> None:
    """Figures of the former billing mode are not brought back."""
    seen = snapshot(BillingMode.PAY_PER_REQUEST, provisioned={"": units(0, 0)})

    plan = plan_restore(seen, [change(units(), WANTED)])

    assert () == plan.changes
    assert plan.kept[0].endswith("it no longer exists (billing mode PAY_PER_REQUEST)")


def test_warm_throughput_is_permanent() -> None:
    """AWS does not lower it: nothing to change, and it is said."""
    made = change(units(1, 1), WANTED, "", Setting.WARM_THROUGHPUT)
    seen = snapshot(BillingMode.PAY_PER_REQUEST, warm={"": WANTED})

    plan = plan_restore(seen, [made])

    assert (False, ()) == (made.is_reversible, plan.changes)
    assert (
        "table: warm throughput 1 read / 1 write -> 12,000 read / 4,000 write units per second: "
        "permanent; AWS does not lower it",
    ) == plan.kept


def test_two_rounds_of_raising_go_back_behind_both() -> None:
    """Whichever of them AWS took: each figure that was asked for is known as ours."""
    first = change(units(50, 25), units(100, 100))
    second = change(units(100, 100), WANTED)
    index = change(units(5, 5), WANTED, "by_origin")
    raised = joined([first], [first, second, index])

    assert (first, second, index) == raised
    for reached in (first.after, second.after):
        seen = snapshot(provisioned={"": reached, "by_origin": units(5, 5)})
        assert (change(reached, units(50, 25)),) == plan_restore(seen, raised).changes


@given(SNAPSHOTS, UNITS, st.booleans())
def test_what_is_written_down_is_read_back(
    seen: CapacitySnapshot, wanted: CapacityUnits, warm: bool
) -> None:
    """Snapshot and changes survive the ledger unchanged."""
    changes = plan_raise(seen, wanted, warm=warm)

    assert seen == CapacitySnapshot.from_json(seen.to_json())
    assert changes == changes_from_json(changes_to_json(changes))


def test_nothing_written_down_is_nothing_raised() -> None:
    """A lease without a raise has an empty text."""
    assert () == changes_from_json("")


@pytest.mark.parametrize("value", [0, -1, 1.5, 100.0, 10**30, "4000", True, None])
def test_units_that_cannot_be_provisioned_are_refused(value: object) -> None:
    """The message names the parameter and the default quota."""
    with pytest.raises(InvalidInputError) as refused:
        validate_units("prewarm_rcu", value)

    assert (
        f"prewarm_rcu is {value!r}; it must be a whole number of capacity units per second, "
        "from 1 to 100,000,000. The default quota of a table is 40,000." == str(refused.value)
    )


def test_units_over_the_default_quota_are_aws_to_judge() -> None:
    """Quotas can be raised: a large figure is not refused here."""
    assert 100_000 == validate_units("prewarm_rcu", 100_000)
