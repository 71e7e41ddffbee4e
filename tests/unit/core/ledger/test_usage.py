"""How often many workers use the ledger."""

import pytest
from airflow_ddb_migrate.core.ledger.usage import (
    CONTROL_READ_UNITS,
    LEASE_READ_UNITS,
    held_wait_seconds,
    leave_seconds,
    looks_of_hold,
    return_seconds,
    save_seconds,
)
from airflow_ddb_migrate.core.limits import (
    HEARTBEAT_SECONDS,
    LANE_ROW_UNITS,
    LEAVES_PER_SECOND,
    MAP_CHILDREN,
    ON_DEMAND_WRITE_UNITS,
    PARTITION_READ_UNITS,
    PARTITION_WRITE_UNITS,
    RETURNS_PER_SECOND,
)

_SLICE_READS = 4  # of the migration's key: its record, its attempts, the control record twice


@pytest.mark.parametrize(("workers", "seconds"), [(0, 3), (100, 3), (3_000, 3), (10_000, 10)])
def test_many_workers_save_less_often(workers: int, seconds: float) -> None:
    """Three seconds up to 3,000 workers; then together no more than half of a new table."""
    assert seconds == save_seconds(workers)


@pytest.mark.parametrize("workers", [1, 100, 1_000, 3_000, 5_000, MAP_CHILDREN])
def test_saves_stay_within_half_of_what_a_new_table_takes(workers: int) -> None:
    """And still count as a sign of life."""
    assert workers * LANE_ROW_UNITS / save_seconds(workers) <= ON_DEMAND_WRITE_UNITS / 2
    assert save_seconds(workers) < HEARTBEAT_SECONDS


def test_all_workers_read_no_more_than_one_partition_takes() -> None:
    """Also while every held one returns, and if control record and lease lie together."""
    looks = MAP_CHILDREN * (CONTROL_READ_UNITS + LEASE_READ_UNITS)
    returning = RETURNS_PER_SECOND * _SLICE_READS

    assert looks <= PARTITION_READ_UNITS
    assert MAP_CHILDREN * CONTROL_READ_UNITS + returning <= PARTITION_READ_UNITS
    assert LEAVES_PER_SECOND < PARTITION_WRITE_UNITS


def test_few_workers_wait_for_nobody() -> None:
    assert (0, 0) == (return_seconds(100), leave_seconds(100))
    assert (66, 16) == (return_seconds(MAP_CHILDREN), leave_seconds(MAP_CHILDREN))


@pytest.mark.parametrize(
    ("lasted", "waits"), [(0, 30), (29, 30), (75, 75), (120, 120), (9_999, 120)]
)
def test_a_held_child_waits_as_long_as_the_hold_has_lasted(lasted: float, waits: int) -> None:
    """Within half a minute and two minutes."""
    assert waits == held_wait_seconds(lasted)


def test_a_hold_of_an_hour_is_33_looks_of_each_child() -> None:
    """The last one ends it; a hold of the workers' own is short."""
    assert (33, 1, 5) == (looks_of_hold(), looks_of_hold(0), looks_of_hold(300))
