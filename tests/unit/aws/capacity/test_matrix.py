"""Prewarm and restore on every kind of table, on a DynamoDB as strict as AWS."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.engines.strict_tables import ActiveScaling
from tests.support.factories import TABLE, units
from tests.support.worlds.capacity_world import BEFORE, Place, hide_mode

WANTED = {"below": units(10, 10), "equal": BEFORE, "above": units(1_000, 500)}
PROVISIONED = ("PROVISIONED", "absent")


@pytest.mark.parametrize("level", WANTED)
@pytest.mark.parametrize("scaling", ["no", "read and write", "suspended"])
@pytest.mark.parametrize("indexes", [0, 1, 3])
@pytest.mark.parametrize("mode", ["PROVISIONED", "absent", "PAY_PER_REQUEST"])
def test_every_table_is_what_it_was(
    make_place: Callable[..., Place], mode: str, indexes: int, scaling: str, level: str
) -> None:
    """Nothing is lowered to raise, no call is made in vain, and restore brings back all."""
    place = make_place(mode, indexes, scaling)
    if mode == "absent":
        hide_mode(place)
    before = place.all()

    place.prewarm(WANTED[level])
    raised, after_prewarm = place.all(), place.calls()
    result = place.restore()

    assert before == place.all()
    assert () == result.kept
    is_provisioned, is_scaled = mode in PROVISIONED, scaling != "no"
    updates = int(is_provisioned and level == "above")
    # Reads and writes of the table, and writes of each index.
    registers = (2 + indexes) * int(is_provisioned and is_scaled)
    assert (updates, registers) == after_prewarm
    assert (2 * updates, 2 * registers) == place.calls()
    assert_monotone(before[0], raised[0])
    for target, (minimum, maximum, off) in before[1].items():
        new = raised[1][target]
        assert (new[0] >= minimum, new[1] >= maximum, off.items() <= new[2].items()) == (True,) * 3


def assert_monotone(old: dict[Any, int], new: dict[Any, int]) -> None:
    assert {} == {
        key: (figure, new[key])
        for key, figure in old.items()
        if key in new and new[key] != -1 and new[key] < figure
    }


@pytest.mark.parametrize("scaling", ["no", "read and write", "suspended"])
@pytest.mark.parametrize("indexes", [0, 1, 3])
def test_a_switched_table_is_switched_back(
    make_place: Callable[..., Place], indexes: int, scaling: str
) -> None:
    """On-demand in one call, and back in one, with the units of the table and every index."""
    place = make_place("PROVISIONED", indexes, scaling)
    before = place.all()

    place.prewarm(WANTED["above"], switch_to_on_demand=True)
    assert ("", "mode", "PAY_PER_REQUEST") in place.tables.figures()
    result = place.restore()

    assert (before, ()) == (place.all(), result.kept)
    paused = 2 * (1 + indexes) if scaling == "read and write" else 0
    assert (2, 2 * paused) == place.calls()


def test_an_on_demand_maximum_is_raised_before_the_warm_throughput(
    make_place: Callable[..., Place],
) -> None:
    """Two kinds of change are two calls, the second when the table is ACTIVE again."""
    place = make_place("PAY_PER_REQUEST", 1)
    place.tables.maxima = {
        "": {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1},
        "by_day": {"MaxReadRequestUnits": 40_000, "MaxWriteRequestUnits": 40_000},
    }
    before = place.tables.figures()

    place.prewarm(units(20_000, 5_000), warm=True)
    raised = place.tables.figures()
    result = place.restore()

    assert 20_000 == raised["", "OnDemandThroughput", "MaxReadRequestUnits"]
    assert -1 == raised["", "OnDemandThroughput", "MaxWriteRequestUnits"]
    assert_monotone(before, raised)
    permanent = {key: value for key, value in raised.items() if key[1] == "WarmThroughput"}
    assert before | permanent == place.tables.figures()
    assert 2 == len([line for line in result.kept if "permanent" in line])
    assert (3, 0) == place.calls()


@pytest.mark.parametrize("indexes", [0, 1, 3])
def test_auto_scaling_that_acts_at_once_is_no_rival(
    make_place: Callable[..., Place], indexes: int
) -> None:
    """It lifts the table to a raised minimum, and lowers it to the maximum that came back."""
    place = make_place("PROVISIONED", indexes, "read and write")
    scaling = place.autoscaling.after = ActiveScaling(place.tables)
    before = place.all()

    place.prewarm(WANTED["above"])
    raised = place.tables.figures()
    provisioned = {k: v for k, v in raised.items() if k[1] == "ProvisionedThroughput"}
    for (name, _, part), figure in provisioned.items():
        reads = 50 if name else 1_000
        assert figure == (reads if part == "ReadCapacityUnits" else 500)
    result = place.restore()

    assert (before, ()) == (place.all(), result.kept)
    assert 2 == scaling.acted


def test_what_auto_scaling_made_of_it_comes_back(make_place: Callable[..., Place]) -> None:
    """It is nobody's wish: the migration's own load has scaled the table out."""
    place = make_place("PROVISIONED", 0, "read and write")
    before = place.all()
    place.prewarm(WANTED["above"])
    somebody_sets(place, 2_000, 500)

    result = place.restore()

    assert (before, ()) == (place.all(), result.kept)


def test_what_auto_scaling_does_after_the_restore_is_right(
    make_place: Callable[..., Place],
) -> None:
    """Live traffic scales the table at once: restore does not fight it."""
    place = make_place("PROVISIONED", 0, "read and write")
    place.prewarm(WANTED["above"])

    def scale_out(name: str, arguments: dict[str, Any]) -> None:
        if name != "update_table":
            return
        place.world.clock.advance(60)
        place.tables.after = lambda *_: None
        place.tables.apply(
            TableName=TABLE,
            ProvisionedThroughput={"ReadCapacityUnits": 80, "WriteCapacityUnits": 25},
        )

    place.tables.after = scale_out
    place.restore()

    assert 2 == place.calls()[0]
    assert 80 == place.tables.figures()["", "ProvisionedThroughput", "ReadCapacityUnits"]


def somebody_sets(place: Place, read: int, write: int) -> None:
    place.world.clock.advance(60)
    place.tables.apply(
        TableName=TABLE,
        ProvisionedThroughput={"ReadCapacityUnits": read, "WriteCapacityUnits": write},
    )
    place.world.clock.advance(60)


def test_what_a_person_set_stays_unless_forced(make_place: Callable[..., Place]) -> None:
    """Without auto scaling another figure is a wish; ``force`` overrules it."""
    for force, expected in ((False, 777), (True, 50)):
        place = make_place()
        place.prewarm(WANTED["above"])
        somebody_sets(place, 777, 500)
        result = place.restore(force=force)

        figures = place.tables.figures()
        assert expected == figures["", "ProvisionedThroughput", "ReadCapacityUnits"]
        assert 25 == figures["", "ProvisionedThroughput", "WriteCapacityUnits"]
        assert (not force) == bool(result.kept)
        for name in (TABLE, "ledger"):
            place.tables.client.delete_table(TableName=name)


def test_limits_that_a_person_set_stay_unless_forced(make_place: Callable[..., Place]) -> None:
    """Each of minimum, maximum and suspension on its own."""
    for force in (False, True):
        place = make_place("PROVISIONED", 0, "read and write")
        before = place.targets()
        place.prewarm(WANTED["above"])
        read = (f"table/{TABLE}", "dynamodb:table:ReadCapacityUnits")
        place.autoscaling.client.register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId=read[0],
            ScalableDimension=read[1],
            MinCapacity=7,
            MaxCapacity=1_000,
        )
        result = place.restore(force=force)

        theirs = {} if force else {read: (7, 100, {})}
        assert before | theirs == place.targets()
        assert (not force) == any("auto scaling's read minimum is 7" in k for k in result.kept)
        for name in (TABLE, "ledger"):
            place.tables.client.delete_table(TableName=name)
