"""The map's input."""

import json
from typing import Any

import pytest
from airflow_ddb_migrate import build_segment_payload
from airflow_ddb_migrate.core.errors import InvalidInputError, PayloadTooLargeError
from airflow_ddb_migrate.core.execution import payload as payloads
from airflow_ddb_migrate.core.execution.payload import (
    validate_max_concurrency,
    validate_tolerated_failure,
)
from airflow_ddb_migrate.core.limits import MAP_INPUT_BYTES
from hypothesis import given
from hypothesis import strategies as st

LONGEST_TABLE = "t" * 255


def built(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return json.loads(build_segment_payload(*args, **kwargs))  # type: ignore[no-any-return]


def test_constants_stand_once_beside_the_segments() -> None:
    """The input holds every constant once, and the segments as integers."""
    expected = {
        "migration_id": "orders-1",
        "attempt": 2,
        "table_name": "orders",
        "total_segments": 1,
        "lanes": 1,
        "max_concurrency": 1,
        "tolerated_failure_percentage": 0,
        "segments": [0],
    }

    assert expected == built("orders", 1, migration_id="orders-1", attempt=2)


def test_the_json_is_compact() -> None:
    """No space is spent: 10,000 numbers leave little room."""
    assert " " not in build_segment_payload("orders", 100)


@pytest.mark.parametrize(
    ("total", "lanes"),
    [(1, 1), (100, 100), (10_000, 10_000), (10_001, 10_000), (1_000_000, 10_000)],
)
def test_every_number_of_segments_fits(total: int, lanes: int) -> None:
    """One to a million segments make an input with every lane once."""
    made = built(LONGEST_TABLE, total, migration_id="m" * 75)

    assert (total, lanes) == (made["total_segments"], made["lanes"])
    assert list(range(lanes)) == sorted(made["segments"])


@pytest.mark.parametrize("total", [10_000, 1_000_000])
def test_ten_thousand_lanes_take_sixty_kilobytes_at_most(total: int) -> None:
    """The largest map stays far below the limit of 256 KiB, even with the longest names."""
    made = build_segment_payload(LONGEST_TABLE, total, migration_id="m" * 75)

    assert len(made.encode()) <= 60_000


def test_the_order_is_decided_by_the_migration() -> None:
    """The same migration always starts its lanes in the same order, another one in another."""
    first = built("orders", 100, migration_id="one")["segments"]

    assert first == built("orders", 100, migration_id="one", attempt=2)["segments"]
    assert first != built("orders", 100, migration_id="two")["segments"]


def test_a_subset_names_only_its_lanes() -> None:
    """A new attempt gets what is unfinished, and the table stays cut as it was."""
    made = built("orders", 1_000, segments={7, 3, 999})

    assert [3, 7, 999] == sorted(made["segments"])
    assert (1_000, 1_000) == (made["total_segments"], made["lanes"])


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ([100], "segments holds 100; it must be a list of segment numbers from 0 to 99."),
        ([-1], "segments holds -1; it must be a list of segment numbers from 0 to 99."),
        (["1"], "segments holds '1'; it must be a list of segment numbers from 0 to 99."),
        ([True], "segments holds True; it must be a list of segment numbers from 0 to 99."),
        ([1, 1], "segments must have at least one lane, and each lane only once."),
        ([], "segments must have at least one lane, and each lane only once."),
    ],
)
def test_a_subset_that_names_no_lanes_is_refused(segments: list[Any], message: str) -> None:
    """What is out of range, repeated or empty is refused with the range."""
    with pytest.raises(InvalidInputError) as refused:
        build_segment_payload("orders", 100, segments=segments)

    assert message == str(refused.value)


def test_size_is_counted_in_utf8_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of few characters and many bytes is refused, with the size and the way out."""
    monkeypatch.setattr(payloads, "MAP_INPUT_BYTES", 3)

    assert "abc" == payloads._checked_size("abc")
    with pytest.raises(PayloadTooLargeError) as refused:
        payloads._checked_size("\N{SNOWMAN}a")
    assert (
        "Map input is 4 bytes; Step Functions allows 3. "
        "Lower total_segments or name fewer segments." == str(refused.value)
    )


def test_the_limit_is_that_of_startexecution() -> None:
    """256 KiB."""
    assert 256 * 1024 == MAP_INPUT_BYTES


@given(st.integers(1, 3_000), st.none() | st.integers(1, 10_000))
def test_every_input_is_ascii_json_that_names_its_lanes(
    total: int, concurrency: int | None
) -> None:
    """Whatever was asked for, the input is readable JSON whose lanes are complete."""
    made = built("orders", total, max_concurrency=concurrency)

    assert list(range(total)) == sorted(made["segments"])
    assert (concurrency or min(total, 100)) == made["max_concurrency"]


@pytest.mark.parametrize("value", [0, -1, 10_001, 1.5, "4", True])
def test_a_concurrency_that_a_map_cannot_have_is_refused(value: object) -> None:
    """Zero, too, which Step Functions would read as ten thousand."""
    with pytest.raises(InvalidInputError) as refused:
        validate_max_concurrency(value)

    expected = f"max_concurrency is {value!r}; it must be a whole number from 1 to 10,000"
    assert str(refused.value).startswith(expected)


@pytest.mark.parametrize("value", [-1, 100.5, "5", True, None])
def test_a_tolerance_that_is_no_percentage_is_refused(value: object) -> None:
    """Anything but 0 to 100 is refused."""
    with pytest.raises(InvalidInputError) as refused:
        validate_tolerated_failure(value)

    assert f"tolerated_failure_percentage is {value!r}; it must be a number from 0 to 100." == str(
        refused.value
    )


@pytest.mark.parametrize("table", ["", "ab", "a/b", None, 7, "x" * 256])
def test_a_name_that_no_table_can_have_is_refused(table: object) -> None:
    """The table's name is checked like everything else."""
    with pytest.raises(InvalidInputError, match=r"^table is "):
        build_segment_payload(table, 1)  # type: ignore[arg-type]
