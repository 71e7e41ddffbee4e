"""The pacer where DynamoDB throttles: cut, recovery, and whether others suffer."""

import pytest
from airflow_ddb_migrate.core.execution.pacing import Reservation
from airflow_ddb_migrate.core.limits import (
    CUT_FACTOR,
    CUT_SECONDS,
    RAISE_FACTOR,
    RAISE_SECONDS,
    SUFFERING_SECONDS,
    SUFFERING_UNITS,
)
from tests.unit.core.execution.paced_worker import KEY_RANGE, TABLE_LIMIT, Pacing


@pytest.fixture
def cut() -> Pacing:
    """A worker that has just been throttled for the first time."""
    pacing = Pacing()
    pacing.spend_for(20)
    pacing.pacer.throttled(0, TABLE_LIMIT)
    return pacing


def test_a_throttled_worker_cuts_its_rate(cut: Pacing) -> None:
    """To 70 % of what it spent, at once."""
    assert pytest.approx(100 * CUT_FACTOR, rel=0.05) == cut.pacer.rate


def test_a_worker_that_has_just_begun_cuts_no_more_than_that() -> None:
    """Its rate is measured over the time that it has worked, not over what it would have."""
    pacing = Pacing()
    pacing.spend_for(2)
    pacing.pacer.throttled(0, TABLE_LIMIT)

    assert pytest.approx(100 * CUT_FACTOR, rel=0.2) == pacing.pacer.rate


def test_a_worker_is_cut_from_its_share_before_it_has_spent_for_a_second() -> None:
    """A first batch is no measure: of a cut of that it would take minutes to come back."""
    pacing = Pacing()
    pacing.spend(25)
    pacing.pacer.throttled(1, TABLE_LIMIT)

    assert 100 * CUT_FACTOR == pacing.pacer.rate


def test_a_worker_without_a_budget_is_cut_by_what_it_spent() -> None:
    """Where nothing bounds it, the table does."""
    pacing = Pacing(share=None)
    for _ in range(50):
        pacing.now += 0.2
        pacing.spend(10)
    pacing.pacer.throttled(0, TABLE_LIMIT)

    assert pytest.approx(50 * CUT_FACTOR, rel=0.1) == pacing.pacer.rate


def test_threads_that_are_throttled_together_cut_once(cut: Pacing) -> None:
    """And again only when the cut did not help for a second."""
    rates = [cut.pacer.rate]
    for _ in range(2):
        cut.now += CUT_SECONDS / 2
        cut.pacer.throttled(0, TABLE_LIMIT)
        rates.append(cut.pacer.rate)

    once = rates[0]
    assert once is not None
    assert pytest.approx([once, once, once * CUT_FACTOR]) == rates


def test_a_rate_never_falls_to_nothing() -> None:
    """One unit a second finds out whether it is over."""
    pacing = Pacing()
    for _ in range(100):
        pacing.now += CUT_SECONDS
        pacing.pacer.throttled(1, TABLE_LIMIT)

    assert 1.0 == pacing.pacer.rate


def test_a_share_below_one_unit_is_kept() -> None:
    """The least rate of a throttled worker is not above its share."""
    pacing = Pacing(share=0.5)
    pacing.pacer.throttled(1, TABLE_LIMIT)

    assert 0.5 == pacing.pacer.rate


def test_a_cut_rate_comes_back_slowly(cut: Pacing) -> None:
    """By 5 % every five seconds without throttling, and no further than its share."""
    rates = [cut.pacer.rate]
    for steps in (2, 100):
        cut.now += steps * RAISE_SECONDS
        cut.pacer.reserve(0)
        rates.append(cut.pacer.rate)

    once = rates[0]
    assert once is not None
    assert pytest.approx([once, once * RAISE_FACTOR**2, 100.0]) == rates


def test_a_hot_key_range_slows_its_own_lane() -> None:
    """Just as any other throttling."""
    pacing = Pacing()
    pacing.spend_for(20)
    pacing.pacer.throttled(0, KEY_RANGE)

    assert pytest.approx(100 * CUT_FACTOR, rel=0.05) == pacing.pacer.rate


# Whether others suffer


@pytest.mark.parametrize(
    ("seconds", "reason", "expected"),
    [
        (SUFFERING_SECONDS, TABLE_LIMIT, True),
        (SUFFERING_SECONDS / 3, TABLE_LIMIT, False),
        (10 * SUFFERING_SECONDS, KEY_RANGE, False),
    ],
    ids=["lasting", "short", "a hot key range"],
)
def test_lasting_throttling_is_the_table_s(seconds: float, reason: str, expected: bool) -> None:
    """A key range concerns one lane: the others need not wait for it."""
    pacing = Pacing()
    pacing.throttle_for(seconds, reason)

    assert expected is pacing.pacer.others_suffer()


@pytest.mark.parametrize(
    ("told", "expected"), [(KEY_RANGE, False), (TABLE_LIMIT, True)], ids=["a key range", "a table"]
)
def test_what_comes_without_a_reason_is_for_the_one_told_last(told: str, expected: bool) -> None:
    """Statements of a batch have a code only; a single request tells why."""
    pacing = Pacing()
    for _ in range(int(SUFFERING_SECONDS / 10)):
        pacing.pacer.throttled(10, told)
        pacing.throttle_for(10, "ThrottlingError")

    assert expected is pacing.pacer.others_suffer()


def test_a_reason_of_long_ago_explains_nothing() -> None:
    """The key range has cooled down; now it may be the table."""
    pacing = Pacing()
    pacing.pacer.throttled(10, KEY_RANGE)
    pacing.spend_for(SUFFERING_SECONDS + 1)
    pacing.throttle_for(SUFFERING_SECONDS, "ThrottlingError")

    assert pacing.pacer.others_suffer()


def test_throttling_that_the_cut_ended_is_nobody_s_suffering() -> None:
    """Much was throttled when it began, and nothing since it goes slower."""
    pacing = Pacing()
    pacing.pacer.throttled(10 * SUFFERING_UNITS, TABLE_LIMIT)
    pacing.spend_for(0.7 * SUFFERING_SECONDS)

    assert not pacing.pacer.others_suffer()


@pytest.mark.parametrize(("throttled", "units"), [(0.1, 100), (0.5, 1)], ids=["few", "little"])
def test_a_little_throttling_is_none_that_counts(throttled: float, units: float) -> None:
    """A small share of much, or a large share of little."""
    pacing = Pacing(share=None)
    for _ in range(int(SUFFERING_SECONDS)):
        pacing.now += 1
        landed = units * (1 - throttled)
        pacing.pacer.settle(Reservation(landed, landed, 0.0), landed)
        pacing.pacer.throttled(units * throttled, TABLE_LIMIT)

    assert not pacing.pacer.others_suffer()


def test_a_worker_that_tried_nothing_knows_of_no_suffering() -> None:
    """Neither at first nor after a long pause, which forgets what was."""
    pacing = Pacing()
    first = pacing.pacer.others_suffer()
    pacing.throttle_for(SUFFERING_SECONDS, TABLE_LIMIT)
    pacing.now += SUFFERING_SECONDS + 1

    assert [False, False] == [first, pacing.pacer.others_suffer()]
