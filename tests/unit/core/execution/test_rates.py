"""Rates, shares of the budget, cost and time left."""

from dataclasses import replace
from typing import Any

import pytest
from airflow_ddb_migrate.core.execution.rates import (
    NOTHING_PLANNED,
    PlannedWork,
    Pulses,
    Reading,
    pulse_of,
    pulse_words,
)
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from hypothesis import given
from hypothesis import strategies as st
from tests.support.factories import NOW, progress


def look(
    after: float = 0, *, seen: int = 0, written: float = 0, lanes: int = 10, **fields: Any
) -> Reading:
    """A look so many seconds after the start, at a migration that has done so much.

    An index got as many units as the table.
    """
    known = {"done": 0, "unfinished": range(lanes), "items_of_done": 0, "live": 4, "running": 0}
    of_progress = {name: fields.pop(name, value) for name, value in known.items()}
    return Reading(
        at=NOW + after,
        attempt=fields.pop("attempt", 1),
        attempt_started_at=NOW,
        progress=progress(
            lanes=lanes,
            counts=Counts(seen=seen),
            units=Units(read=written / 2, written=2 * written, busiest=written),
            **{**of_progress, "unfinished": tuple(of_progress["unfinished"])},
        ),
        **fields,
    )


# Rates


def test_rates_of_now_and_on_average() -> None:
    """Now is since the look before, the average since the attempt began; units as budgeted."""
    pulse = pulse_of(look(100, seen=500, written=600), before=look(90, seen=400, written=400))

    assert (10, 5, 20, 10) == (
        pulse.items_now,
        pulse.items_on_average,
        pulse.written_now,
        pulse.read_now,
    )


def test_a_later_attempt_is_not_credited_with_what_it_found() -> None:
    """Its average is since it was first looked at."""
    first, last = look(50, seen=900, attempt=2), look(100, seen=1_000, attempt=2)

    assert 2 == pulse_of(last, first=first).items_on_average
    assert pulse_of(first, first=first).items_on_average is None


def test_the_first_look_knows_no_rate() -> None:
    """Nor do two looks of one moment; and none is ever negative."""
    assert pulse_of(look(0)).items_now is None
    assert pulse_of(look(5, seen=3), before=look(5)).items_now is None
    assert 0 == pulse_of(look(9, seen=3), before=look(5, seen=5)).items_now


def test_the_share_of_the_budget_in_use() -> None:
    """More than all of it is said as it is; without a budget nothing is."""
    busy = look(10, written=4_100, write_units_per_second=400)
    pulse = pulse_of(busy, before=look(0))

    assert (pytest.approx(1.025), None) == (pulse.write_share, pulse.read_share)
    assert "Writing 410 of 400 units per second (102 %)." in pulse_words(pulse, busy)
    assert "Reading" not in pulse_words(pulse, busy)


def test_looks_are_remembered_for_the_next_one() -> None:
    """Without a window the look before counts, with one the oldest within it."""
    looks = [look(10 * i, seen=seen) for i, seen in enumerate((0, 100, 400, 500, 530))]
    near, wide = Pulses(), Pulses(window_seconds=25)

    assert [None, 10, 30, 10, 3] == [near.of(one).items_now for one in looks]
    assert [None, 10, 20, 20, 6.5] == [wide.of(one).items_now for one in looks]


def test_rates_begin_anew_after_nobody_has_looked() -> None:
    """An hour's average is not the rate of now; nor is a new attempt the old one's heir."""
    pulses = Pulses(window_seconds=25)
    pulses.of(look(0))

    assert pulses.of(look(3_600, seen=7_200)).items_now is None
    again = [look(at, seen=seen, attempt=2) for at, seen in ((4_000, 7_200), (4_010, 7_300))]
    assert [None, 10] == [pulses.of(one).items_on_average for one in again]


def test_what_a_person_changes_shows_at_once() -> None:
    """A look under another budget, or before a hold, says nothing of the rate of now."""
    pulses = Pulses(window_seconds=90)
    budgets = [40, 40, 120, 120]
    looks = [
        look(10 * i, written=400 * (i if i < 2 else 3 * i), write_units_per_second=budget)
        for i, budget in enumerate(budgets)
    ]

    assert [None, 40, None, 120] == [pulses.of(one).written_now for one in looks]


def test_nothing_is_done_once_every_lane_was_given_back_on_hold() -> None:
    """Zero, not unknown; while lanes still end it is what they do."""
    at_rest, ending = (look(9, seen=9, is_held=True, running=n) for n in (0, 1))

    assert (0, 0, 0) == (
        pulse_of(at_rest).items_now,
        pulse_of(at_rest).written_now,
        pulse_of(at_rest, before=look(0)).read_now,
    )
    assert (None, 1) == (pulse_of(ending).items_now, pulse_of(ending, before=look(0)).items_now)


# Time left


def left(now: Reading, before: Reading | None = None, items: int = 0) -> tuple[float, float] | None:
    return pulse_of(now, before=before, expected=PlannedWork(items=items)).seconds_left


def test_finished_segments_stand_for_the_others() -> None:
    """4 of 10 had 100 items each; the doubt is that of a sample of four."""
    seen = look(60, seen=600, done=4, items_of_done=400)

    assert (40, 40 + 30) == left(seen)


def test_the_plans_items_widen_the_range() -> None:
    """They are up to six hours old; so are they all there is before a segment is finished."""
    seen = look(60, seen=600, done=4, items_of_done=400)

    assert (20, 70) == left(seen, items=800)
    assert (140, 140) == left(look(60, seen=600), items=2_000)


def test_the_best_and_the_worst_rate_are_reckoned_with() -> None:
    """Of now and on average."""
    seen, before = look(60, seen=600), look(50, seen=400)

    assert (70, 140) == left(seen, before, items=2_000)


@pytest.mark.parametrize(
    ("seen", "items"),
    [
        (look(60, seen=600), 0),
        (look(60, seen=600), 500),
        (look(60, seen=0), 2_000),
        (look(0), 2_000),
        (look(60, seen=600, is_held=True), 2_000),
    ],
    ids=["nothing to go by", "more than planned", "nothing done", "just begun", "on hold"],
)
def test_what_nothing_is_known_of_is_unknown(seen: Reading, items: int) -> None:
    """It is never guessed."""
    pulse = pulse_of(seen, expected=PlannedWork(items=items))

    assert pulse.seconds_left is None
    assert "Time left: unknown" in pulse_words(pulse, seen)


def test_what_is_finished_takes_no_time() -> None:
    """Also when fewer items were there than planned."""
    assert (0, 0) == left(look(60, seen=600, done=10, unfinished=()), items=2_000)


@given(
    st.integers(0, 10**9),
    st.integers(0, 10),
    st.integers(0, 10**9),
    st.floats(0, 10**7),
    st.integers(0, 10**10),
)
def test_the_time_left_is_a_range_or_unknown(
    seen: int, done: int, of_done: int, after: float, planned: int
) -> None:
    """Never negative, never the wrong way round, whatever the ledger says."""
    now = look(
        after, seen=seen, done=done, items_of_done=min(of_done, seen), unfinished=range(done, 10)
    )
    found = left(now, look(after / 2, seen=seen // 3), planned)

    assert found is None or 0 <= found[0] <= found[1]


# In words


def test_the_words_of_a_migration_in_full_run() -> None:
    """One line: rates, budget, workers, cost against plan, time left."""
    now = look(60, seen=600, written=2_000, write_units_per_second=400, dollars=0.6)
    pulse = pulse_of(now, before=look(55, seen=500), expected=PlannedWork(items=2_000, dollars=2))

    assert (
        "Items per second: 20 now, 10 on average. Writing 400 of 400 units per second (100 %). "
        "4 workers. Cost so far: $0.60 of $2.00 planned. Time left: 1.2 minutes to 2.3 minutes."
    ) == pulse_words(pulse, now)


def test_what_is_not_known_is_left_out() -> None:
    """But for the time left, which a person looks for."""
    now = look(0)

    assert "4 workers. Time left: unknown." == pulse_words(pulse_of(now), now)
    held = replace(now, is_held=True)
    words = pulse_words(pulse_of(held, expected=NOTHING_PLANNED), held)
    assert words.endswith("Time left: unknown while it is on hold.")
