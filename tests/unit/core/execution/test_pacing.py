"""The pacer within its share: spacing, bursts, and what is charged."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from airflow_ddb_migrate.core.execution.pacing import Reservation, share_of
from airflow_ddb_migrate.core.limits import BURST_SECONDS
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.execution.paced_worker import TABLE_LIMIT, Pacing

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "reserve", "settle", "throttled"]),
        st.floats(0, 3),  # seconds since the step before
        st.floats(0.5, 60),  # units
        st.floats(0, 1),  # of what was reserved: what is reported
        st.integers(0, 7),  # which thread settles
    ),
    min_size=1,
    max_size=40,
)


@given(STEPS, st.floats(1, 200))
def test_no_time_sees_more_than_its_rate(
    steps: list[tuple[str, float, float, float, int]], share: float
) -> None:
    """Over any time: rate times time and the burst, from the first moment, whoever settles when."""
    pacing = Pacing(share)
    began = None
    spent: list[tuple[float, float]] = []
    open_reservations: list[Reservation] = []

    for what, seconds, units, reported, who in steps:
        pacing.now += seconds
        if what == "reserve":
            began = pacing.now if began is None else began
            reservation = pacing.pacer.reserve(units)
            open_reservations.append(reservation)
            spent.append((pacing.now + reservation.wait_seconds, reservation.units))
        elif open_reservations:
            reservation = open_reservations.pop(who % len(open_reservations))
            if what == "settle":
                pacing.pacer.settle(reservation, reported * reservation.units)
            else:
                pacing.pacer.throttled(reservation.units, TABLE_LIMIT)

    for first, last in itertools.combinations_with_replacement(range(len(spent)), 2):
        seconds = spent[last][0] - spent[first][0]
        units = sum(units for _, units in spent[first + 1 : last + 1])
        assert units <= share * (seconds + BURST_SECONDS) + 1e-6
    if began is not None:
        seconds = spent[-1][0] - began
        assert sum(units for _, units in spent) <= share * (seconds + BURST_SECONDS) + 1e-6


@given(st.lists(st.tuples(st.floats(0.5, 60), st.floats(0, 5)), min_size=1, max_size=30))
def test_what_was_reported_above_the_estimate_is_paid_afterwards(
    spends: list[tuple[float, float]],
) -> None:
    """An estimate that is wrong delays what follows, so the rate holds over what was spent."""
    pacing = Pacing(50.0)
    began, total = pacing.now, 0.0

    for estimated, factor in spends:
        reservation = pacing.pacer.reserve(estimated)
        pacing.now += reservation.wait_seconds
        pacing.pacer.settle(reservation, factor * estimated)
        total += max(reservation.units, factor * estimated)

    ends_at = pacing.now + pacing.pacer.reserve(1.0).wait_seconds
    assert total <= 50.0 * (ends_at - began + BURST_SECONDS) + 1e-6


def test_threads_at_once_get_times_one_behind_the_other() -> None:
    """No two reservations are told the same time, however many ask."""
    pacing = Pacing()

    with ThreadPoolExecutor(8) as threads:
        reservations = list(threads.map(pacing.pacer.reserve, [1.0] * 400))

    waits = sorted(reservation.wait_seconds for reservation in reservations)
    expected = [place / 100 for place in range(1, 401)]
    assert pytest.approx(expected, abs=1e-6) == waits


def test_without_a_budget_nothing_waits() -> None:
    """Until something is throttled."""
    pacing = Pacing(share=None)

    assert pacing.pacer.rate is None
    assert {0.0} == {pacing.pacer.reserve(1_000).wait_seconds for _ in range(100)}


def test_idle_time_is_caught_up_for_a_burst_only() -> None:
    """An hour of waiting earns a quarter of a second."""
    pacing = Pacing()
    pacing.pacer.reserve(1)
    pacing.now += 3_600

    waits = (pacing.pacer.reserve(4).wait_seconds for _ in itertools.count())

    at_once = list(itertools.takewhile(lambda wait: wait == 0, waits))
    assert math.floor(BURST_SECONDS * 100 / 4) == len(at_once)


def test_a_new_share_counts_from_the_next_reservation() -> None:
    """A budget that was cut, or more workers, slow everything that is reserved from now on."""
    pacing = Pacing()
    waits = [pacing.pacer.reserve(50).wait_seconds for _ in range(2)]
    pacing.pacer.share = 10.0
    waits += [pacing.pacer.reserve(50).wait_seconds for _ in range(2)]

    assert pytest.approx([0.5, 1.0, 6.0, 11.0]) == waits


def test_the_first_units_are_earned_too() -> None:
    """A thousand workers with one small batch each are no faster than one with a thousand."""
    assert 0.5 == Pacing().pacer.reserve(50).wait_seconds


def test_what_a_report_added_is_a_debt_until_it_is_earned() -> None:
    """A worker pays it before it makes room for another; without a budget there is none."""
    pacing = Pacing()
    pacing.spend(10, reported=30)

    assert pytest.approx(0.2) == pacing.pacer.debt_seconds()
    pacing.now += 1
    assert 0.0 == pacing.pacer.debt_seconds()
    assert 0.0 == Pacing(share=None).pacer.debt_seconds()


# What is charged


def test_reports_above_the_estimate_raise_the_next_reservations() -> None:
    """Two indexes triple the units of a write: from the second batch on that is reserved."""
    pacing = Pacing()
    pacing.spend(10, reported=30)

    reservation = pacing.pacer.reserve(10)
    assert pytest.approx((30.0, 0.5)) == (reservation.units, reservation.wait_seconds)


def test_a_ratio_fades_slowly_and_never_below_the_estimate() -> None:
    """A batch in which nothing succeeded reports nothing: that is no reason to go faster."""
    pacing = Pacing()
    pacing.spend(10, reported=30)
    pacing.spend(10, reported=0)
    once = pacing.pacer.reserve(10).units
    for _ in range(100):
        pacing.spend(10, reported=0)

    assert pytest.approx(27.0) == once
    assert 10.0 == pacing.pacer.reserve(10).units


def test_what_was_estimated_at_nothing_teaches_nothing() -> None:
    """But what it cost is charged."""
    pacing = Pacing()
    pacing.spend(0, reported=100)

    reservation = pacing.pacer.reserve(10)
    assert pytest.approx((10.0, 1.1)) == (reservation.units, reservation.wait_seconds)


# Shares


@pytest.mark.parametrize(
    ("budget", "sharers", "expected"),
    [(1_000, 10, 100), (1_000, 0, 1_000), (1, 100, 0.01), (0, 10, None)],
)
def test_a_share_is_the_budget_by_its_sharers(
    budget: float, sharers: int, expected: float | None
) -> None:
    """None without a budget; before anybody was counted one worker has it all."""
    assert expected == share_of(budget, sharers)


# Another share


@given(st.floats(1, 200), st.lists(st.one_of(st.none(), st.floats(1, 200)), max_size=4))
def test_what_is_waited_for_is_earned_at_the_rate_in_force(
    first: float, shares: list[float | None]
) -> None:
    """However often it changes: a wait begun at one unit a second ends soon after a raise."""
    pacing = Pacing(first)
    pacing.pacer.reserve(1)
    reservation = pacing.pacer.reserve(1_000)
    left, stretch = reservation.wait_seconds, pacing.pacer.stretch_of(reservation)
    units, rate = left * first, first

    for share in shares:
        pacing.now += left / 3
        units -= rate * left / 3
        left -= left / 3
        pacing.pacer.set_share(share)
        left *= stretch()
        if share is None:
            assert 0 == left
            return
        assert math.isclose(units / share, left, rel_tol=1e-6)
        assert math.isclose(left, pacing.pacer.debt_seconds(), rel_tol=1e-6)
        rate = share
    assert 1 == stretch()


def test_a_share_that_stays_changes_no_wait() -> None:
    """Workers take it anew every few seconds."""
    pacing = Pacing(10.0)
    reservation = pacing.pacer.reserve(100)
    stretch = pacing.pacer.stretch_of(reservation)

    pacing.pacer.set_share(10.0)

    assert (1.0, 10.0) == (stretch(), pacing.pacer.debt_seconds())
