"""The control record: which attempt may work, and what it is told."""

from typing import Any

import pytest
from airflow_ddb_migrate.aws.ledger.budget_sharing import Sharing
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.core.ledger.records import Budget, Command, ControlRecord
from tests.support.factories import MIGRATION, NOW
from tests.support.worlds.site_world import SiteWorld


@pytest.fixture
def ledger(world: SiteWorld) -> Ledger:
    return world.site.ledger


def control(command: Command, number: int = 1, **fields: Any) -> ControlRecord:
    return ControlRecord(
        **{"command": command, "attempt": number, "since": NOW, "counted_at": NOW - 20, **fields}
    )


def tell(ledger: Ledger, command: Command, **fields: Any) -> bool:
    return ledger.command(
        MIGRATION, command, **{"attempt": 1, "reason": "r", "now": NOW + 5, **fields}
    )


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
    tell(ledger, Command.HOLD, until=NOW + 300)
    tell(ledger, Command.STOP)

    budget = Budget(read_units_per_second=0.5, write_units_per_second=1_000, sharers=100)
    assert ledger.begin_attempt(MIGRATION, 2, NOW, budget)

    expected = control(
        Command.RUN, 2, read_units_per_second=0.5, write_units_per_second=1_000, sharers=100
    )
    assert expected == ledger.control(MIGRATION)


# Commands


@pytest.mark.parametrize("command", Command)
def test_a_command_is_for_one_attempt(ledger: Ledger, command: Command) -> None:
    """Given to an older or unknown one it changes nothing."""
    assert not tell(ledger, command)
    ledger.begin_attempt(MIGRATION, 2, NOW)

    assert not tell(ledger, command)
    assert control(Command.RUN, 2) == ledger.control(MIGRATION)
    assert tell(ledger, command, attempt=2)
    expected = control(command, 2, reason="r", since=NOW + 5)
    assert expected == ledger.control(MIGRATION)


def test_a_command_leaves_what_workers_share(ledger: Ledger) -> None:
    """Budget, sharers and quarantine are the same after a pause."""
    ledger.begin_attempt(MIGRATION, 1, NOW, Budget(write_units_per_second=10, sharers=3))
    Sharing(ledger, MIGRATION, 1).add_quarantined(2)
    tell(ledger, Command.HOLD)

    expected = control(
        Command.HOLD,
        reason="r",
        since=NOW + 5,
        write_units_per_second=10,
        sharers=3,
        quarantined=2,
    )
    assert expected == ledger.control(MIGRATION)


# A hold that ends by itself


@pytest.fixture
def running(ledger: Ledger) -> Ledger:
    ledger.begin_attempt(MIGRATION, 1, NOW)
    return ledger


def hold_for_others(ledger: Ledger, now: float = NOW + 10, **fields: Any) -> bool:
    return tell(
        ledger,
        Command.HOLD,
        **{"reason": "others suffer", "now": now, "until": now + 300, **fields},
    )


def in_force(ledger: Ledger) -> tuple[Command, str, float]:
    control = ledger.control(MIGRATION)
    assert control is not None
    return control.command, control.reason, control.until


def test_workers_hold_a_migration_that_runs(running: Ledger) -> None:
    """Until a time that each of them reads."""
    assert hold_for_others(running)
    assert (Command.HOLD, "others suffer", NOW + 310) == in_force(running)


@pytest.mark.parametrize("command", [Command.HOLD, Command.STOP])
def test_it_never_takes_the_place_of_a_person_s_command(running: Ledger, command: Command) -> None:
    """Else a pause or a stop would end by itself."""
    tell(running, command, reason="a person")

    assert not hold_for_others(running, now=NOW + 100_000)
    assert (command, "a person", 0.0) == in_force(running)


def test_it_is_not_prolonged_while_it_lasts(running: Ledger) -> None:
    """Every worker finds the same thing at about the same time: the first one counts."""
    hold_for_others(running)

    assert not hold_for_others(running, now=NOW + 309)
    assert (Command.HOLD, "others suffer", NOW + 310) == in_force(running)


def test_one_that_has_ended_is_replaced(running: Ledger) -> None:
    """Nobody writes RUN when it ends, and the table may suffer again."""
    hold_for_others(running)

    assert hold_for_others(running, now=NOW + 310)
    assert (Command.HOLD, "others suffer", NOW + 610) == in_force(running)


@pytest.mark.parametrize("command", Command)
def test_a_person_overrules_it(running: Ledger, command: Command) -> None:
    """And what a person says lasts."""
    hold_for_others(running)

    assert tell(running, command, reason="a person")
    assert (command, "a person", 0.0) == in_force(running)


def test_it_is_for_one_attempt(running: Ledger) -> None:
    """A worker of an older attempt holds nobody."""
    running.begin_attempt(MIGRATION, 2, NOW)

    assert not hold_for_others(running)
    assert (Command.RUN, "", 0.0) == in_force(running)
