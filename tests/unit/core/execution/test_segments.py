"""Segments, lanes and their order."""

from collections import Counter

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.segments import (
    lane_count,
    lane_segments,
    sample_lanes,
    shuffled,
    spread,
    validate_total_segments,
)
from airflow_ddb_migrate.core.limits import MAP_CHILDREN, TOTAL_SEGMENTS
from hypothesis import given
from hypothesis import strategies as st

EVERY_COUNT = st.integers(1, 40_000) | st.sampled_from(
    [MAP_CHILDREN, MAP_CHILDREN + 1, 2 * MAP_CHILDREN, TOTAL_SEGMENTS]
)


@pytest.mark.parametrize("value", [1, 100, 10_000, 10_001, TOTAL_SEGMENTS])
def test_every_number_that_dynamodb_scans_in_is_taken(value: int) -> None:
    """One to a million segments pass unchanged."""
    assert value == validate_total_segments(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("100", "segments is '100' (str); it must be a whole number from 1 to 1,000,000"),
        ("many", "segments is 'many' (str)"),
        (1.5, "segments is 1.5 (float)"),
        (True, "segments is True (bool)"),
        (None, "segments is None (NoneType)"),
    ],
)
def test_what_is_no_whole_number_is_refused_with_its_type(value: object, shown: str) -> None:
    """A quoted or broken number is refused; the message shows the right form."""
    with pytest.raises(InvalidInputError) as refused:
        validate_total_segments(value)

    assert str(refused.value).startswith(shown)
    assert '{"table": "orders", "segments": 100}' in str(refused.value)


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (-1, "-1"), (TOTAL_SEGMENTS + 1, "1,000,001")]
)
def test_what_dynamodb_cannot_scan_in_is_refused_with_the_limit(value: int, shown: str) -> None:
    """Zero, negative and too many segments are refused; the message says what suits."""
    with pytest.raises(InvalidInputError) as refused:
        validate_total_segments(value)

    expected = f"segments is {shown}; DynamoDB scans a table in 1 to 1,000,000 segments."
    assert str(refused.value).startswith(expected)
    assert "100 suits most tables" in str(refused.value)


@pytest.mark.parametrize(
    ("total", "lanes"), [(1, 1), (100, 100), (10_000, 10_000), (10_001, 10_000)]
)
def test_lanes_are_segments_up_to_ten_thousand(total: int, lanes: int) -> None:
    """There are never more lanes than a map run has children."""
    assert lanes == lane_count(total)


@given(EVERY_COUNT)
def test_lanes_cover_every_segment_exactly_once(total: int) -> None:
    """Whatever the number, no segment is left out and none is scanned twice."""
    lanes = lane_count(total)
    covered = bytearray(total)
    for lane in range(lanes):
        for segment in lane_segments(lane, total, lanes):
            covered[segment] += 1

    assert bytes([1]) * total == bytes(covered)


@given(st.sets(st.integers(0, 9_999), max_size=200), st.text())
def test_only_the_seed_decides_the_order(lanes: set[int], seed: str) -> None:
    """However the lanes come, the same seed gives the same order and every lane once."""
    order = shuffled(lanes, seed)

    assert sorted(lanes) == sorted(order)
    assert order == shuffled(sorted(lanes, reverse=True), seed)


def test_neighbours_do_not_start_together() -> None:
    """Two seeds give two orders, neither of them ascending."""
    first, second = shuffled(range(100), "one"), shuffled(range(100), "two")

    assert first != second
    assert list(range(100)) not in (first, second)


@given(st.sets(st.integers(0, 9_999), max_size=200), st.text(), st.integers(1, 300))
def test_a_spread_order_has_every_lane_once(lanes: set[int], seed: str, workers: int) -> None:
    """However the lanes come, the same seed and workers give the same order, each lane once."""
    order = spread(lanes, seed, workers)

    assert sorted(lanes) == sorted(order)
    assert order == spread(sorted(lanes, reverse=True), seed, workers)


def test_the_seed_decides_where_a_spread_order_begins() -> None:
    """Two migrations begin with other lanes."""
    assert spread(range(100), "one", 10) != spread(range(100), "two", 10)


@pytest.mark.parametrize(("lanes", "workers"), [(40, 10), (2_400, 100), (9_999, 10), (10_000, 997)])
def test_lanes_that_run_together_lie_evenly(lanes: int, workers: int) -> None:
    """Cut into as many parts as there are workers, each part has one worker of every wave.

    While one wave ends and the next begins, no part has more than two.
    """
    order = spread(range(lanes), "a migration", workers)

    most = {
        begin: _most_in_a_part(order[begin : begin + workers], lanes / workers)
        for begin in range(0, lanes - workers, workers // 2)
    }

    assert max(most.values()) <= 2
    assert 1 == most[0]


@pytest.mark.parametrize("fewer", [1, 7, 50])
def test_fewer_workers_lie_evenly_too(fewer: int) -> None:
    """When fewer work than were planned, no part of the table has more than two of them."""
    order = spread(range(1_000), "a migration", 100)

    for begin in range(0, 1_000 - fewer, 10):
        assert _most_in_a_part(order[begin : begin + fewer], 1_000 / fewer) <= 2


def _most_in_a_part(lanes: list[int], lanes_of_a_part: float) -> int:
    return max(Counter(int(lane / lanes_of_a_part) for lane in lanes).values())


@given(EVERY_COUNT, st.integers(0, 100), st.text(max_size=5))
def test_a_sample_is_a_stable_subset(total: int, number: int, seed: str) -> None:
    """So many of the lanes, ascending, always the same, and a larger one has the smaller one."""
    lanes = lane_count(total)

    chosen = sample_lanes(lanes, number, seed)

    assert list(chosen) == sorted(set(chosen))
    assert min(number, lanes) == len(chosen)
    assert set(chosen) <= set(range(lanes))
    assert chosen == sample_lanes(lanes, number, seed)
    assert set(chosen) <= set(sample_lanes(lanes, number + 1, seed))


def test_samples_of_other_migrations_are_others() -> None:
    """The seed decides."""
    assert 10 < len({sample_lanes(10_000, 3, f"m-{i}") for i in range(20)})
