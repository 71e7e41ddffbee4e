"""How many workers share a budget: the rule alone."""

import pytest
from airflow_ddb_migrate.core.execution.budget_sharing import (
    Count,
    counted,
    is_count_due,
    seconds_after_join,
)
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord
from airflow_ddb_migrate.core.limits import CONTROL_SECONDS, SHARERS_SECONDS


def control(**fields: float) -> ControlRecord:
    """A control record as a worker reads it."""
    return ControlRecord(command=Command.RUN, attempt=1, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("live", "sharers", "seconds"), [(3, 3, 0), (2, 3, 0), (4, 3, 5)])
def test_one_more_than_share_waits_until_all_have_looked(
    live: int, sharers: int, seconds: float
) -> None:
    """Who is among those that the budget is divided by spends at once."""
    assert CONTROL_SECONDS == 5
    assert seconds == seconds_after_join(control(live=live, sharers=sharers))


def test_a_count_is_due_when_the_last_one_is_old() -> None:
    """At its age, and not a moment before."""
    last = control(counted_at=1_000.0)

    assert not is_count_due(last, 1_000.0 + SHARERS_SECONDS - 0.1)
    assert is_count_due(last, 1_000.0 + SHARERS_SECONDS)


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (100, Count(100, 100)),
        (98, Count(98, 100)),  # a few less: nobody's share changes
        (96, Count(96, 96)),
        (101, Count(101, 101)),
        (0, Count(1, 1)),  # whoever counts is one
    ],
)
def test_sharers_follow_a_count(live: int, expected: Count) -> None:
    """Never less than are live, and never many more."""
    assert expected == counted(control(sharers=100), live)
