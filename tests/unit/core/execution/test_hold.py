"""What a hold means, in words."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.execution.hold import Hold, hold_words
from airflow_ddb_migrate.core.limits import HOLD_SECONDS
from tests.support.factories import NOW

THROTTLED = "writes were throttled"
PAUSED = Hold(reason="paused by ann: sale", since=NOW, children=10_000, hourly_usd=26.90)
GIVER = (
    "The task restore does that, or, where Airflow is down, the stack itself about 45 minutes "
    "after the last sign of life."
)
AGAIN = (
    "to go on after that, clear the tasks from prewarm on, or trigger the DAG with this "
    "migration_id: capacity is raised again, and a new attempt works on what is unfinished."
)


def test_a_pause_says_since_when_by_whom_and_until_when() -> None:
    """And what it costs."""
    assert (
        "On hold since 2023-11-14T22:13:20.000Z, for 12 minutes: paused by ann: sale. An hour "
        "of waiting costs $26.90 at most, for 10,000 children. Resume goes on where it was. If "
        "nobody resumes it by "
        "2023-11-14T23:13:20.000Z, in 48 minutes, the execution ends by itself within minutes. "
        f"What is done is kept: {AGAIN}"
    ) == hold_words(PAUSED, NOW + 720)


def test_raised_capacity_is_paid_for_while_it_waits() -> None:
    """Until the execution ends: then somebody gives it back, Airflow or not."""
    words = hold_words(replace(PAUSED, owes_capacity=True), NOW + 720)

    assert "for 10,000 children, and capacity that was raised is paid for." in words
    assert f"Capacity that was raised is given back then. {GIVER}" in words


def test_a_hold_of_the_workers_own_goes_on_by_itself() -> None:
    """At a time that is known; nothing has to be done."""
    hold = replace(PAUSED, reason="writes were throttled.", until=NOW + 300)

    assert (
        "On hold since 2023-11-14T22:13:20.000Z, for 1 minute: writes were throttled. It goes on "
        "by itself at 2023-11-14T22:18:20.000Z; Resume ends the hold sooner."
    ) == hold_words(hold, NOW + 60)


def test_after_an_hour_the_workers_are_ending() -> None:
    """Resume is too late then."""
    words = hold_words(PAUSED, NOW + HOLD_SECONDS + 1)

    assert "That is over 60 minutes, so its workers are ending" in words
    assert words.endswith(AGAIN)


def test_an_execution_that_the_hold_ended_says_so() -> None:
    """When, what became of the capacity, and how to go on; also long afterwards."""
    ended = replace(PAUSED, is_live=False, ended_at=NOW + HOLD_SECONDS + 90)
    start = (
        "On hold since 2023-11-14T22:13:20.000Z (paused by ann: sale), and nobody resumed it "
        "within 60 minutes: the execution ended by itself at 2023-11-14T23:14:50.000Z."
    )
    resume = f"Resume does nothing any more; {AGAIN}"

    assert f"{start} It holds no raised capacity. {resume}" == hold_words(ended, NOW + 10**6)
    assert (
        f"{start} Capacity that was raised for it is not given back yet. {GIVER} {resume}"
    ) == hold_words(replace(ended, owes_capacity=True), NOW + 10**6)


def test_what_ended_otherwise_was_not_the_holds_doing() -> None:
    """Somebody stopped it in the console ten minutes later, and it is looked at next week."""
    aborted = replace(PAUSED, is_live=False, ended_at=NOW + 600)

    assert "" == hold_words(aborted, NOW + 10**6)


@pytest.mark.parametrize(
    ("told", "hold", "expected"),
    [
        (None, Hold(THROTTLED, 10, 310), True),
        (Hold(THROTTLED, 10, 310), Hold(THROTTLED, 10, 310), False),
        (Hold(THROTTLED, 10, 310), Hold(THROTTLED, 320, 620), False),
        (Hold(THROTTLED, 10, 310), Hold(THROTTLED, 11 + HOLD_SECONDS, 9_999), True),
        (Hold(THROTTLED, 10, 310), Hold("paused by ann", 320), True),
        (Hold("paused by ann", 10), Hold("paused by ann", 10), False),
        (Hold("paused by ann", 10), Hold("paused by ann", 320), True),
    ],
    ids=["first", "same", "again", "an hour later", "another", "same pause", "second pause"],
)
def test_a_hold_is_told_once(told: Hold | None, hold: Hold, *, expected: bool) -> None:
    """One that sets in again by itself for the same reason once an hour, a person's each time."""
    assert expected is hold.is_news_after(told)
