"""Prewarm on every kind of table while something is in the way, and restore after it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import MigrationError
from tests.support.factories import units
from tests.support.worlds.capacity_world import INDEXES, Place, hide_mode
from tests.unit.aws.capacity.disturbances import CASES, DISTURBANCES, KINDS, Case

WANTED = units(20_000, 10)  # more to read, fewer to write than there are
LOW_MAXIMUM = {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1}


def _with_stories() -> list[Any]:
    """Return every case; those with no index or several are stories."""
    return [c if c.indexes == 1 else pytest.param(c, marks=pytest.mark.story) for c in CASES]


@pytest.mark.parametrize("case", _with_stories(), ids=str)
def test_a_disturbed_prewarm_is_restored(make_place: Callable[..., Place], case: Case) -> None:
    """It gets through or says what to do, lowers nothing, and leaves nothing behind."""
    disturbance, place = DISTURBANCES[case.disturbance], table_of(case, make_place)
    before, lowered = place.all(), watch(place)
    disturbance.begin(place)

    error = outcome(place, case)
    settle(place)
    raised = place.tables.figures()
    result = place.restore()

    assert [] == lowered
    assert disturbance.passes(case) == (error is None), error
    if error:
        assert "table orders" in str(error).lower()
        assert re.search(disturbance.says, str(error)), error
    assert with_permanent(before, raised) == place.all()
    assert [] == [line for line in result.kept if "permanent" not in line]
    lease = place.world.site.leases.get(place.world.site.table.key)
    assert lease is None or not lease.owes_capacity
    calls = place.calls()
    assert "Nothing to restore." == str(place.restore())
    assert (calls, with_permanent(before, raised)) == (place.calls(), place.all())


@pytest.mark.parametrize("case", [case for case in CASES if case.indexes == 1], ids=str)
def test_a_disturbed_prewarm_goes_on(make_place: Callable[..., Place], case: Case) -> None:
    """Tried again when nothing is in the way any more, it raises all, and restore still knows."""
    place = table_of(case, make_place)
    before = place.all()
    DISTURBANCES[case.disturbance].begin(place)
    outcome(place, case)
    settle(place)

    place.prewarm(WANTED, **KINDS[case.kind].options)
    raised = place.tables.figures()
    assert {} == missing(raised)
    place.restore()

    assert with_permanent(before, raised) == place.all()


def table_of(case: Case, make_place: Callable[..., Place]) -> Place:
    kind = KINDS[case.kind]
    place = make_place(kind.mode, case.indexes, "read and write" if case.is_scaled else "no")
    if kind.mode == "absent":
        hide_mode(place)
    if kind.has_low_maximum:
        place.tables.maxima = {name: dict(LOW_MAXIMUM) for name in ("", *INDEXES[: case.indexes])}
    return place


def outcome(place: Place, case: Case) -> MigrationError | None:
    try:
        place.prewarm(WANTED, **KINDS[case.kind].options)
    except MigrationError as error:
        return error
    return None


def settle(place: Place) -> None:
    """The disturbance is over."""
    for proxy in (place.tables, place.autoscaling):
        proxy.before = proxy.after = lambda *_: None
    place.world.clock.advance(60)


def watch(place: Place) -> list[Any]:
    """Return a list of what was ever lowered, filled at each change while prewarm is at work."""
    lowered: list[Any] = []
    last = [place.all()]

    def hook(name: str, arguments: dict[str, Any]) -> None:
        if name in {"register_scalable_target", "update_table"}:
            now = place.all()
            lowered.extend(_lowered(last[0], now))
            last[0] = now

    place.tables.after = place.autoscaling.after = hook
    return lowered


def _lowered(old: tuple[Any, Any], new: tuple[Any, Any]) -> Iterator[Any]:
    for key in old[0].keys() & new[0].keys():
        if _rank(new[0][key]) < _rank(old[0][key]):
            yield key, old[0][key], new[0][key]
    for target, (minimum, maximum, off) in old[1].items():
        now = new[1][target]
        if now[0] < minimum or now[1] < maximum or not off.items() <= now[2].items():
            yield target, old[1][target], now


def _rank(figure: int) -> float:
    return float("inf") if figure == -1 else figure  # no maximum


def with_permanent(before: tuple[Any, Any], raised: dict[Any, int]) -> tuple[Any, Any]:
    """Everything as it was, but for warm throughput, which AWS never lowers."""
    permanent = {key: value for key, value in raised.items() if key[1] == "WarmThroughput"}
    return before[0] | permanent, before[1]


def missing(raised: dict[Any, int]) -> dict[Any, int]:
    """Return the figures that limit a migration and are below what was wanted."""
    wanted = {"Read": WANTED.read, "Write": WANTED.write}
    return {
        key: figure
        for key, figure in raised.items()
        if key[1] in {"ProvisionedThroughput", "OnDemandThroughput"}
        and not (key[0] and "Read" in key[2])  # nobody reads an index
        and _rank(figure) < wanted["Read" if "Read" in key[2] else "Write"]
    }
