"""What a control record says of budget and time, and a migration of its quarantine."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord
from tests.support.factories import NOW, hold, migration_record


def control(**fields: Any) -> ControlRecord:
    return ControlRecord(**{"command": Command.RUN, "attempt": 1, **fields})


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({}, False),
        ({"read_units_per_second": 0.5}, True),
        ({"write_units_per_second": 0.5}, True),
        ({"read_units_per_second": 0, "write_units_per_second": 0}, False),
    ],
)
def test_either_bound_is_a_budget(budget: dict[str, float], expected: bool) -> None:
    """Workers are counted only where there is something to share."""
    assert expected is control(**budget).has_budget


@pytest.mark.parametrize(
    ("until", "expected"),
    [(0.0, False), (NOW - 1, True), (NOW, True), (NOW + 1, False)],
    ids=["never", "past", "now", "to come"],
)
def test_a_hold_ends_by_itself_when_its_time_has_come(until: float, expected: bool) -> None:
    """One without a time lasts."""
    record = control(command=Command.HOLD, until=until, holds=(hold(until=until),))
    assert expected is not bool(record.in_force(NOW))


@pytest.mark.parametrize("until", [0.0, NOW - 10])
def test_a_command_of_a_later_version_holds_and_no_window_ends_it(until: float) -> None:
    """Whatever it means: writing on is the one thing that it may not be read as."""
    record = control(command="DRAIN", since=NOW - 20, until=until, holds=(hold(kind="health"),))

    (*_, unknown) = record.in_force(NOW)

    assert unknown.outlasts_windows
    assert "a later version wrote DRAIN" in unknown.reason
    assert not hold(kind="health").outlasts_windows


@pytest.mark.parametrize(
    ("quarantined", "seen", "expected"),
    [
        (0, 0, True),
        (10, 1_000, True),
        (11, 1_000, False),
        (5, 100, True),
        (6, 100, False),
        (1, 1, False),
    ],
)
def test_a_policy_has_a_number_and_a_percentage(
    quarantined: int, seen: int, expected: bool
) -> None:
    """Both hold, each up to and including its figure."""
    record = migration_record(max_quarantined=10, max_quarantined_percentage=5)

    assert expected is record.allows(quarantined, seen=seen)
