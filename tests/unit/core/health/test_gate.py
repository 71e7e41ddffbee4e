"""What a reading of the alarms comes to."""

from collections.abc import Mapping

import pytest
from airflow_ddb_migrate.core.execution.budget_sharing import eased
from airflow_ddb_migrate.core.health.gate import (
    GateVerdict,
    after_reading,
    is_reading_due,
    judged,
)
from airflow_ddb_migrate.core.ledger.holds import HoldKind, in_order
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord
from tests.support.factories import NOW, hold

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"


def control(**fields: object) -> ControlRecord:
    known = {"hold_while": ("a", "b"), "known_at": NOW - 60, "healthy_for": 300.0}
    return ControlRecord(command=Command.RUN, attempt=1, **{**known, **fields})  # type: ignore[arg-type]


def test_alarms_are_read_as_often_as_workers_are_counted() -> None:
    """At once when nobody has; without alarms never."""
    reads = [control(alarms_at=at) for at in (0, NOW - 30, NOW - 29.9)]

    assert [True, True, False] == [is_reading_due(one, NOW) for one in reads]
    assert not is_reading_due(control(hold_while=()), NOW)


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ({"a": OK, "b": OK}, ""),
        ({"a": ALARM, "b": OK}, "Alarm a is in ALARM."),
        ({"a": ALARM, "b": ALARM}, "Alarms a, b are in ALARM."),
        ({"b": ALARM}, "Alarm b is in ALARM."),
        ({"a": OK}, ""),
        ({"a": OK, "b": NO_DATA}, ""),
        ({"a": OK, "b": "a word of a later CloudWatch"}, ""),
        ({}, ""),
    ],
)
def test_any_alarm_holds_at_once_and_what_is_unknown_does_not(
    states: Mapping[str, str], reason: str
) -> None:
    """An alarm whose state is unknown for a moment is no reason yet, nor is it well."""
    verdict = judged(control(healthy_since=NOW - 999), states, NOW)

    is_known = states == {"a": OK, "b": OK}
    assert (reason, is_known) == (verdict.reason, verdict.is_well)
    assert (verdict.healthy_since > 0) is is_known


@pytest.mark.parametrize(("lasted", "holds"), [(179.9, False), (180, True)])
@pytest.mark.parametrize("states", [{}, {"a": OK}, {"a": OK, "b": NO_DATA}])
def test_what_is_unknown_for_three_minutes_holds(
    states: Mapping[str, str], lasted: float, holds: bool
) -> None:
    """Whether it cannot be read, is gone, or has no data."""
    verdict = judged(control(known_at=NOW - lasted), states, NOW)

    assert (holds, NOW - lasted) == (bool(verdict.reason), verdict.known_at)
    assert (
        not holds
        or "has been unknown for 3 minutes" in verdict.reason
        or "alarms a, b" in verdict.reason
    )


def test_all_have_to_be_ok_for_a_while() -> None:
    """From the first reading on that found them so."""
    states = {"a": OK, "b": OK}
    first = judged(control(), states, NOW)

    assert (NOW, False) == (first.healthy_since, first.is_well)
    well = [judged(control(healthy_since=NOW - lasted), states, NOW) for lasted in (299, 300)]
    assert [False, True] == [verdict.is_well for verdict in well]


def test_a_verdict_changes_its_own_hold_alone() -> None:
    """It keeps its beginning when another alarm joins; a person's pause stays in each case."""
    pause, mine = hold(), hold(HoldKind.HEALTH, reason="Alarm a is in ALARM.", by="workers")
    worse = GateVerdict(NOW, 0.0, "Alarms a, b are in ALARM.")
    unsure, well = GateVerdict(NOW, 0.0), GateVerdict(NOW, NOW - 300, is_well=True)

    begun = after_reading((pause,), worse, NOW + 5)
    assert [("person", NOW), ("health", NOW + 5)] == [(one.kind, one.since) for one in begun]
    changed = after_reading((pause, mine), worse, NOW + 5)
    assert ("Alarms a, b are in ALARM.", NOW) == (changed[1].reason, changed[1].since)
    assert (pause, mine) == after_reading((pause, mine), unsure, NOW + 5)
    assert (
        (pause,)
        == after_reading((pause, mine), well, NOW + 5)
        == after_reading((pause,), unsure, NOW + 5)
    )


@pytest.mark.parametrize("kind", [kind for kind in HoldKind if kind is not HoldKind.HEALTH])
def test_a_verdict_that_changes_nothing_is_not_written(kind: HoldKind) -> None:
    """Holds keep their order beside any other."""
    mine = hold(HoldKind.HEALTH, reason="Alarm a is in ALARM.", by="workers")
    holds = in_order((mine, hold(kind)))

    assert holds == after_reading(holds, GateVerdict(NOW, 0.0, mine.reason), NOW + 5)


@pytest.mark.parametrize(
    ("since", "part"), [(0, 0.5), (300, 0.75), (600, 1.0), (9_999, 1.0), (-5, 0.5)]
)
def test_the_budget_begins_at_half_and_rises(since: float, part: float) -> None:
    """Over ten minutes; one that was never on hold for health has all of it."""
    assert part == eased(control(eased_at=NOW - since), NOW)
    assert 1.0 == eased(control(), NOW)
