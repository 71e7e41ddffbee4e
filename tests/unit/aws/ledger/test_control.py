"""The control record: which attempt may work, and what it is told."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.budget_sharing import Sharing
from airflow_ddb_migrate.aws.ledger.keys import control_key
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.errors import LedgerBusyError
from airflow_ddb_migrate.core.ledger.holds import HoldKind, HoldRecord
from airflow_ddb_migrate.core.ledger.records import Budget, Command, ControlRecord
from tests.support.factories import MIGRATION, NOW, hold, throttled_hold
from tests.support.worlds.site_world import SiteWorld

KNOWN = {"known_at": NOW}  # the alarms, of which there are none


@pytest.fixture
def ledger(world: SiteWorld) -> Ledger:
    return world.site.ledger


def control(command: Command, number: int = 1, **fields: Any) -> ControlRecord:
    return ControlRecord(
        **{
            "command": command,
            "attempt": number,
            "since": NOW,
            "counted_at": NOW - 20,
            **KNOWN,
            **fields,
        }
    )


def stop(ledger: Ledger, attempt: int = 1) -> bool:
    return ledger.stop(MIGRATION, attempt=attempt, reason="r", now=NOW + 5)


def held(ledger: Ledger, now: float = NOW + 10) -> list[str]:
    record = ledger.control(MIGRATION)
    assert record is not None
    return [one.kind for one in record.in_force(now)]


def test_an_attempt_begins_only_when_no_newer_one_did(ledger: Ledger) -> None:
    """The same again, or a newer one; an older one is told no and changes nothing."""
    assert ledger.control(MIGRATION) is None
    assert [True, True, True, False] == [
        ledger.begin_attempt(MIGRATION, number, NOW) for number in (1, 1, 3, 2)
    ]
    assert control(Command.RUN, 3) == ledger.control(MIGRATION)


def test_an_attempt_begins_with_its_budget_and_nothing_of_the_last_one(ledger: Ledger) -> None:
    """Workers and quarantined items of the last attempt, and its stop, are past."""
    ledger.begin_attempt(MIGRATION, 1, NOW - 60, Budget(sharers=1))
    old = Sharing(ledger, MIGRATION, 1)
    old.join()
    old.join()
    old.add_quarantined(99)
    ledger.hold(MIGRATION, throttled_hold(), attempt=1)
    stop(ledger)

    budget = Budget(read_units_per_second=0.5, write_units_per_second=1_000, sharers=100)
    assert ledger.begin_attempt(MIGRATION, 2, NOW, budget)

    expected = control(
        Command.RUN, 2, read_units_per_second=0.5, write_units_per_second=1_000, sharers=100
    )
    assert expected == ledger.control(MIGRATION)


# Stops and holds


def test_a_command_is_for_one_attempt(ledger: Ledger) -> None:
    """Given to an older or unknown one it changes nothing."""
    for number in (2, 1):  # there is none; then it is another one
        assert not stop(ledger)
        assert not ledger.hold(MIGRATION, hold(), attempt=1)
        assert not ledger.end_holds(MIGRATION, {*HoldKind}, attempt=1, reason="r", now=NOW)
        ledger.begin_attempt(MIGRATION, number + 1, NOW)

    assert control(Command.RUN, 3) == ledger.control(MIGRATION)
    assert stop(ledger, 3)
    assert control(Command.STOP, 3, reason="r", since=NOW + 5) == ledger.control(MIGRATION)


def test_a_hold_leaves_what_workers_share(ledger: Ledger) -> None:
    """Budget, sharers and quarantine are the same after a pause."""
    ledger.begin_attempt(MIGRATION, 1, NOW, Budget(write_units_per_second=10, sharers=3))
    Sharing(ledger, MIGRATION, 1).add_quarantined(2)
    pause = hold(since=NOW + 5)
    assert ledger.hold(MIGRATION, pause, attempt=1)

    shared = {"write_units_per_second": 10, "sharers": 3, "quarantined": 2}
    assert ledger.control(MIGRATION) == control(
        Command.HOLD, reason="paused by ann", since=NOW + 5, holds=(pause,), version=1, **shared
    )
    assert ledger.end_holds(MIGRATION, {"person"}, attempt=1, reason="resumed", now=NOW + 9)
    assert ledger.control(MIGRATION) == control(
        Command.RUN, reason="resumed", since=NOW + 9, version=2, **shared
    )


@pytest.fixture
def running(ledger: Ledger) -> Ledger:
    ledger.begin_attempt(MIGRATION, 1, NOW)
    return ledger


@pytest.mark.parametrize("first", HoldKind)
@pytest.mark.parametrize("second", HoldKind)
def test_kinds_are_held_beside_each_other(
    running: Ledger, first: HoldKind, second: HoldKind
) -> None:
    """Each until it is ended itself; one of a kind that is in force is not made younger."""
    assert running.hold(MIGRATION, hold(first), attempt=1)
    assert running.hold(MIGRATION, hold(second, since=NOW + 5), attempt=1) is (first != second)

    running.end_holds(MIGRATION, {second}, attempt=1, reason="r", now=NOW + 9)

    assert ([first] if first != second else []) == held(running)


def nothing_more(name: str, arguments: dict[str, Any]) -> None:
    """What happened between a read and a write has happened."""


def test_two_writers_of_different_kinds_lose_nothing(running: Ledger, world: SiteWorld) -> None:
    """The slower one read the record before the other wrote it: it looks again."""

    def pause_first(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item":
            world.dynamodb.before = nothing_more
            running.hold(MIGRATION, hold(), attempt=1)

    world.dynamodb.before = pause_first
    assert running.hold(MIGRATION, hold(HoldKind.HEALTH, since=NOW + 5), attempt=1)

    assert ["person", "health"] == held(running)


def test_a_stop_in_between_stays_a_stop(running: Ledger, world: SiteWorld) -> None:
    """Whoever was about to change the holds is told no."""

    def stop_first(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item":
            world.dynamodb.before = nothing_more
            stop(running)

    world.dynamodb.before = stop_first

    assert not running.hold(MIGRATION, hold(), attempt=1)
    assert control(Command.STOP, reason="r", since=NOW + 5) == running.control(MIGRATION)


def test_who_always_loses_says_so(running: Ledger, world: SiteWorld) -> None:
    """Rather than to go on for ever."""
    second = iter(range(1, 100))

    def be_faster(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item":
            world.dynamodb.before = nothing_more
            running.begin_attempt(MIGRATION, 1, NOW + next(second))
            world.dynamodb.before = be_faster

    world.dynamodb.before = be_faster

    with pytest.raises(LedgerBusyError, match="changed by others 10 times in a row"):
        running.hold(MIGRATION, hold(), attempt=1)


def test_a_hold_that_has_ended_by_itself_is_replaced(running: Ledger) -> None:
    """Nobody writes RUN when it ends, and the table may suffer again; not sooner."""
    running.hold(MIGRATION, throttled_hold(since=NOW), attempt=1)

    assert not running.hold(MIGRATION, throttled_hold(since=NOW + 299), attempt=1)
    assert [] == held(running, NOW + 300)
    assert running.hold(MIGRATION, throttled_hold(since=NOW + 300), attempt=1)
    assert ["throttled"] == held(running, NOW + 599)


# The version before kinds, beside this one during an upgrade


def tell_as_before_kinds(ledger: Ledger, command: Command, **fields: Any) -> None:
    """Write what the version before kinds did."""
    known = {"command": command, "reason": "r", "since": NOW + 5, "until": 0.0, "attempt": 1}
    assert ledger.update(control_key(MIGRATION), {**known, **fields})


@pytest.mark.parametrize("kind", HoldKind)
def test_an_older_worker_holds_where_this_version_does(running: Ledger, kind: HoldKind) -> None:
    """It reads command, since and until alone: of all holds together."""
    running.hold(MIGRATION, throttled_hold(), attempt=1)
    running.hold(MIGRATION, hold(kind, since=NOW + 7), attempt=1)

    record = running.control(MIGRATION)
    assert record is not None
    expected = NOW + 300 if kind is HoldKind.THROTTLED else 0.0
    assert (Command.HOLD, NOW, expected) == (record.command, record.since, record.until)


@pytest.mark.parametrize(("until", "kind"), [(0.0, "person"), (NOW + 300, "throttled")])
def test_a_hold_of_the_version_before_is_read(running: Ledger, until: float, kind: str) -> None:
    """It knew two kinds, told apart by their end. Both are ended as this version's are."""
    tell_as_before_kinds(running, Command.HOLD, until=until)

    assert [kind] == held(running)
    assert running.hold(MIGRATION, hold(HoldKind.HEALTH, since=NOW + 6), attempt=1)
    assert sorted([kind, "health"]) == sorted(held(running))
    running.end_holds(MIGRATION, {kind}, attempt=1, reason="r", now=NOW + 9)
    assert ["health"] == held(running)


def test_an_older_resume_ends_what_a_person_may_end(running: Ledger) -> None:
    """It knows nothing of the alarm, so that hold stays."""
    for one in (hold(), throttled_hold(), hold(HoldKind.HEALTH)):
        running.hold(MIGRATION, one, attempt=1)
    tell_as_before_kinds(running, Command.RUN)

    assert ["health"] == held(running)


def test_an_older_pause_is_held_beside_the_others(running: Ledger) -> None:
    """It took the place of what it saw: a hold that ends by itself."""
    running.hold(MIGRATION, throttled_hold(), attempt=1)
    tell_as_before_kinds(running, Command.HOLD)

    assert ["person", "throttled"] == held(running)


def test_a_kind_of_a_newer_version_holds_this_one(running: Ledger) -> None:
    """Whatever it is about."""
    running.hold(MIGRATION, HoldRecord(kind="moon", reason="full", by="x", since=NOW), attempt=1)

    assert ["moon"] == held(running)
