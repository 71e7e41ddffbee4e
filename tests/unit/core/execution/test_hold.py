"""What a hold means, in words."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.execution.hold import (
    Hold,
    HoldWait,
    first_news,
    hold_words,
    told_with,
)
from airflow_ddb_migrate.core.limits import HOLD_SECONDS
from tests.support.factories import NOW

THROTTLED = "writes were throttled"
PAUSED = Hold(reason="paused by ann: sale", since=NOW)
WAITING = HoldWait(children=10_000, hourly_usd=26.90)
GIVER = (
    "The restore task does that, or, if Airflow is down, the stack's safety net, about 45 minutes "
    "after the last sign of life."
)
AGAIN = (
    "to continue, clear the tasks from prewarm on, or trigger the DAG with this "
    "migration_id: capacity is raised again, and a new attempt works on the unfinished segments."
)


def test_a_pause_says_since_when_by_whom_and_until_when() -> None:
    """And what it costs."""
    assert (
        "On hold since 2023-11-14T22:13:20.000Z, for 12 minutes: paused by ann: sale. Resume "
        "continues where it stopped. An hour of waiting costs at most $26.90 for 10,000 children. "
        "If it is still on hold at 2023-11-14T23:13:20.000Z, in 48 minutes, the execution ends by "
        f"itself within minutes. Finished work is kept; {AGAIN}"
    ) == hold_words([PAUSED], WAITING, NOW + 720)


def test_raised_capacity_is_paid_for_while_it_waits() -> None:
    """Until the execution ends: then somebody gives it back, Airflow or not."""
    words = hold_words([PAUSED], replace(WAITING, owes_capacity=True), NOW + 720)

    assert "for 10,000 children, and the raised capacity is billed, too." in words
    assert f"Raised capacity is then restored. {GIVER}" in words


def test_a_hold_of_the_workers_own_goes_on_by_itself() -> None:
    """At a time that is known; nothing has to be done."""
    hold = Hold("writes were throttled.", NOW, NOW + 300, kind="throttled")

    assert (
        "On hold since 2023-11-14T22:13:20.000Z, for 1 minute: writes were throttled. It "
        "resumes by itself at 2023-11-14T22:18:20.000Z; Resume ends the hold sooner."
    ) == hold_words([hold], WAITING, NOW + 60)


def test_after_an_hour_the_workers_are_ending() -> None:
    """Resume is too late then."""
    words = hold_words([PAUSED], WAITING, NOW + HOLD_SECONDS + 1)

    assert "That is over 60 minutes, so the workers and the execution are ending" in words
    assert words.endswith(AGAIN)


def test_an_execution_that_the_hold_ended_says_so() -> None:
    """When, what became of the capacity, and how to go on; also long afterwards."""
    ended = HoldWait(is_live=False, ended_at=NOW + HOLD_SECONDS + 90)
    start = (
        "On hold since 2023-11-14T22:13:20.000Z (paused by ann: sale), for over 60 minutes: the "
        "execution ended by itself at 2023-11-14T23:14:50.000Z."
    )
    resume = f"Resume has no effect now; {AGAIN}"

    assert f"{start} It holds no raised capacity. {resume}" == hold_words(
        [PAUSED], ended, NOW + 10**6
    )
    assert (f"{start} Its raised capacity is not restored yet. {GIVER} {resume}") == hold_words(
        [PAUSED], replace(ended, owes_capacity=True), NOW + 10**6
    )


def test_what_ended_otherwise_was_not_the_holds_doing() -> None:
    """Somebody stopped it in the console ten minutes later, and it is looked at next week."""
    aborted = HoldWait(is_live=False, ended_at=NOW + 600)

    assert "" == hold_words([PAUSED], aborted, NOW + 10**6)


def test_a_migration_that_alarms_hold_continues_by_itself() -> None:
    """Nobody has to clear anything, during the hold and after it has ended the execution."""
    alarm = Hold("Alarm checkout-latency is in ALARM.", NOW, kind="health", by="workers")
    held = hold_words([alarm], WAITING, NOW + 60)
    ending = hold_words([alarm, replace(PAUSED, since=NOW + 200)], WAITING, NOW + 3_700)
    ended = HoldWait(is_live=False, ended_at=NOW + HOLD_SECONDS + 90)
    continues = (
        "The wait task then restores raised capacity. Once all holds have ended, it starts a new "
        "attempt on the unfinished segments. If that task has ended, clear the tasks from prewarm "
        "on, or trigger the DAG with this migration_id."
    )

    assert held.endswith(f"the execution ends by itself within minutes. {continues}")
    assert ending.endswith(f"the workers and the execution are ending. {continues}")
    assert hold_words([alarm], ended, NOW + 10**6).endswith(continues)
    assert AGAIN in hold_words([alarm, replace(PAUSED, since=NOW)], ended, NOW + 10**6)


def test_several_holds_are_told_one_by_one() -> None:
    """Each with its kind and what ends it; together they end when the oldest has lasted an hour."""
    health = Hold("alarm checkout-latency is ALARM", NOW + 60, kind="health", by="workers")
    words = hold_words([PAUSED, health], WAITING, NOW + 720)

    assert words.startswith(
        "On hold for 2 reasons: it resumes once all of them have ended. Person, since "
        "2023-11-14T22:13:20.000Z, for 12 minutes: paused by ann: sale. Resume continues where "
        "it stopped. Health, since 2023-11-14T22:14:20.000Z, for 11 minutes: alarm "
        "checkout-latency is ALARM. It ends by itself once the alarms are OK again. An hour of "
        "waiting costs"
    )
    assert "If it is still on hold at 2023-11-14T23:13:20.000Z" in words


def test_a_hold_with_an_end_beyond_the_hour_ends_the_execution_at_once() -> None:
    """Nobody is billed for waiting through the day."""
    day = Hold("outside of its hours", NOW, NOW + 16 * 3_600, kind="hours")
    words = hold_words([day], WAITING, NOW + 60)

    assert "It resumes by itself at 2023-11-15T14:13:20.000Z." in words
    assert "the workers and the execution are ending" in words


@pytest.mark.parametrize("until", [0.0, NOW + 300])
def test_what_the_version_before_kinds_kept_is_read(until: float) -> None:
    """A deferred task keeps what it has told until it goes on."""
    kept = {"reason": "r", "since": NOW, "until": until, "is_live": True, "children": 3}

    assert Hold("r", NOW, until, "throttled" if until else "person") == Hold.from_dict(kept)


def test_each_kind_is_told_beside_the_others() -> None:
    """The one told last of each kind is remembered."""
    health = Hold("alarm", NOW, kind="health")
    told = told_with((), PAUSED)
    assert health == first_news([PAUSED, health], told)
    told = told_with(told, health)
    assert first_news([PAUSED, health], told) is None
    again = replace(PAUSED, since=NOW + 60)
    assert again == first_news([again, health], told)


def throttled(since: float) -> Hold:
    return Hold(THROTTLED, since, since + 300, kind="throttled")


@pytest.mark.parametrize(
    ("told", "hold", "expected"),
    [
        (None, throttled(10), True),
        (throttled(10), throttled(10), False),
        (throttled(10), throttled(320), False),
        (throttled(10), throttled(11 + HOLD_SECONDS), True),
        (throttled(10), Hold("paused by ann", 320), True),
        (Hold("paused by ann", 10), Hold("paused by ann", 10), False),
        (Hold("paused by ann", 10), Hold("paused by ann", 320), True),
    ],
    ids=["first", "same", "again", "an hour later", "another", "same pause", "second pause"],
)
def test_a_hold_is_told_once(told: Hold | None, hold: Hold, *, expected: bool) -> None:
    """One that sets in again by itself for the same reason once an hour, a person's each time."""
    assert expected is hold.is_news_after(told)
