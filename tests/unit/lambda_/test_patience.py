"""Waiting that ends when the slice has to."""

import pytest
from airflow_ddb_migrate.core.limits import RETRY_SECONDS
from ddb_transform.patience import Patience, StoppedError


def test_a_wait_is_as_long_as_it_is_asked_for() -> None:
    """In small steps."""
    slept: list[float] = []

    Patience(sleep=slept.append).wait(1.5)

    assert pytest.approx(1.5) == sum(slept)
    assert max(slept) <= 0.2


@pytest.mark.parametrize(("factor", "length"), [(0.0, 0.2), (0.5, 1.1), (2.0, 3.8)])
def test_a_wait_may_become_another_one(factor: float, length: float) -> None:
    """The rest of it, once, as the budget changes."""
    slept: list[float] = []
    stretches = iter([factor])

    Patience(sleep=slept.append).wait(2.0, lambda: next(stretches, 1.0))

    assert pytest.approx(length) == sum(slept)


def test_a_wait_ends_when_the_slice_does() -> None:
    """At its next step."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            patience.stop()

    patience = Patience(sleep=sleep)

    with pytest.raises(StoppedError):
        patience.wait(100.0)
    assert 3 == len(slept)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.1])
def test_nothing_begins_after_the_end(seconds: float) -> None:
    """However short the wait before it."""
    slept: list[float] = []
    patience = Patience(sleep=slept.append)
    patience.stop()

    with pytest.raises(StoppedError):
        patience.wait(seconds)
    assert [] == slept


def test_the_last_step_may_be_the_one_that_ends_it() -> None:
    """A stop while sleeping is seen before anything is begun."""
    patience = Patience(sleep=lambda seconds: patience.stop())

    with pytest.raises(StoppedError):
        patience.wait(0.1)


def test_waits_double_up_to_the_longest() -> None:
    """With full jitter: anything from nothing to the longest of this try."""
    bounds: list[tuple[float, float]] = []

    def jitter(least: float, most: float) -> float:
        bounds.append((least, most))
        return most / 2

    patience = Patience(jitter=jitter)
    first, longest = RETRY_SECONDS

    assert [first / 2, first, 2 * first] == [patience.back_off(tries) for tries in range(3)]
    assert longest / 2 == patience.back_off(50)
    assert all(least == 0 for least, _ in bounds)
