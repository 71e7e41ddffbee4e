"""What budget was in force when, from the events of a migration."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.events import Event, What, budget_of, budget_steps
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord
from tests.support.factories import NOW


def event(after: float, what: What, write: float | None = None, read: float = 0.0) -> Event:
    """An event so many seconds later, which brings this budget."""
    names = ("read_units_per_second", "write_units_per_second")
    budget = {} if write is None else dict(zip(names, (read, write), strict=True))
    return Event(at=NOW + after, what=what, by="ann", words="words", budget=budget)


def control(command: Command = Command.RUN, **fields: Any) -> ControlRecord:
    return ControlRecord(command=command, attempt=1, **{"since": NOW, **fields})


def written(*events: Event, **of_now: Any) -> list[tuple[float, float | None]]:
    """Seconds after the start, and the write budget from then on."""
    steps = budget_steps(events, control(**of_now), NOW + 1_000)
    return [(step["at"] - NOW, step["write"]) for step in steps]


STARTED = event(0, What.STARTED, 100.0)


def test_a_retuned_budget_is_a_step() -> None:
    """Of writes and of reads."""
    steps = budget_steps([STARTED, event(9, What.RETUNED, 50.0, 7.0)], None, NOW + 10)

    assert [
        {"at": NOW, "read": None, "write": 100.0},
        {"at": NOW + 9, "read": 7.0, "write": 50.0},
    ] == steps


def test_nothing_may_be_spent_while_it_is_paused() -> None:
    """A budget retuned meanwhile is in force when it goes on."""
    events = (
        event(10, What.PAUSED),
        event(20, What.RETUNED, 50.0),
        event(30, What.RESUMED),
    )

    assert [(0, 100.0), (10, 0.0), (30, 50.0)] == written(
        STARTED, *events, write_units_per_second=50.0, since=NOW + 30
    )


@pytest.mark.parametrize("end", [What.STOPPED, What.ENDED])
def test_what_has_ended_spends_nothing_until_it_is_started_again(end: What) -> None:
    """A new attempt begins with a budget of its own, or without one."""
    again = event(20, What.STARTED, 0.0)

    assert [(0, 100.0), (10, 0.0)] == written(STARTED, event(10, end), write_units_per_second=100.0)
    assert [(0, 100.0), (10, 0.0), (20, None)] == written(
        STARTED, event(10, end), again, since=NOW + 20
    )


def test_a_hold_that_workers_asked_for_is_seen_while_it_lasts() -> None:
    """It is no event; the control record says since when."""
    held = {"command": Command.HOLD, "since": NOW + 40, "write_units_per_second": 100.0}

    assert [(0, 100.0), (40, 0.0)] == written(STARTED, until=NOW + 2_000, **held)
    assert [(0, 100.0)] == written(STARTED, until=NOW + 500, **held)


def test_nothing_may_be_spent_until_the_last_hold_has_ended() -> None:
    """An alarm's hold outlasts a pause, and a pause outlasts it."""
    held, released = (
        Event(at=NOW + after, what=what, by="workers", words="words", kind="health")
        for after, what in ((20, What.HELD), (40, What.RELEASED))
    )
    paused, resumed = event(10, What.PAUSED), event(30, What.RESUMED)
    of_now = {"write_units_per_second": 100.0, "since": NOW + 40}

    assert [(0, 100.0), (10, 0.0), (40, 100.0)] == written(
        STARTED, paused, held, resumed, released, **of_now
    )


def test_events_of_before_budgets_were_noted_are_unknown() -> None:
    """But for what is in force now."""
    old = (event(0, What.STARTED), event(10, What.RETUNED))

    assert [(0, None), (0, 30.0)] == written(*old, write_units_per_second=30.0)
    assert [(0, 30.0)] == written(write_units_per_second=30.0)


def test_no_budget_is_no_bound() -> None:
    """An event that says so is not one that says nothing."""
    assert [(0, 100.0), (5, None)] == written(STARTED, event(5, What.RETUNED, 0.0))
    assert event(5, What.RETUNED, 0.0).budget == budget_of(control())
