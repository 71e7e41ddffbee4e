"""What a migration has spent, and when that holds it."""

import pytest
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode
from airflow_ddb_migrate.core.execution.progress import summarize
from airflow_ddb_migrate.core.health.spending import (
    Rates,
    is_sum_due,
    judged_spending,
    spent_by,
    tolerance,
)
from airflow_ddb_migrate.core.ledger.counts import Units
from airflow_ddb_migrate.core.ledger.records import Command, ControlRecord
from airflow_ddb_migrate.core.plan.bill import Tariff
from airflow_ddb_migrate.core.plan.measured_cost import measured_cost, rates_of
from airflow_ddb_migrate.core.plan.prices import prices_for
from tests.support.factories import NOW, hold, lane_row

RATES = {"written": 1e-6}


def control(**fields: object) -> ControlRecord:
    known = {"max_cost_usd": 10.0, "rates": RATES}
    return ControlRecord(command=Command.RUN, attempt=1, **{**known, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", BillingMode)
@pytest.mark.parametrize("laps", [0, 1, 3])
def test_a_worker_adds_up_what_the_report_does(mode: BillingMode, laps: int) -> None:
    """By rates that are worked out once; raised capacity comes on top."""
    tariff = Tariff(prices=prices_for("us-east-1"), billing_mode=mode, lambda_memory_mb=1_769)
    units = Units(read=12_345.5, written=1_000_000)
    rows = [lane_row(lane, units=units, total_laps=laps, worked_seconds=700.0) for lane in range(5)]
    measured = sum(measured_cost(summarize(rows, range(5), NOW), tariff, regions=2).values())
    rates = rates_of(tariff, regions=2, hour=3.6, since=NOW - 1_000, base=0.5)

    assert measured + 1.0 + 0.5 == pytest.approx(spent_by(rows, rates, NOW))
    assert rates == Rates.from_dict({**Rates.__dict__, **_plain(rates)})


def _plain(rates: Rates) -> dict[str, float]:
    return {name: getattr(rates, name) for name in Rates.__slots__}


def test_it_is_added_up_when_due_and_only_with_a_limit() -> None:
    """On hold nothing is spent."""
    assert is_sum_due(control(), NOW)
    assert not is_sum_due(control(spent_due=NOW + 1), NOW)
    assert not is_sum_due(control(max_cost_usd=0.0), NOW)
    assert not is_sum_due(control(rates={}), NOW)
    held = control(holds=(hold(),))
    assert not is_sum_due(ControlRecord(command=Command.HOLD, attempt=1, holds=held.holds), NOW)


@pytest.mark.parametrize(
    ("spent", "per_second", "is_up", "in_seconds"),
    [
        (0.0, 0.001, False, 30),
        (9.0, 0.001, False, 30),
        (9.8, 0.01, False, 5),
        (9.86, 0.01, True, 30),
        (10.0, 0.0, True, 30),
        (9.99, 0.0, False, 30),
        (5.0, 0.2, False, 10),
        (5.0, 1.0, True, 30),
        (9.0, 0.1, True, 30),
    ],
)
def test_it_holds_before_the_limit_by_what_is_spent_until_all_have_heard(
    spent: float, per_second: float, *, is_up: bool, in_seconds: float
) -> None:
    """Near the limit it is added up every five seconds."""
    before = control(spent_usd=spent - 30 * per_second, spent_at=NOW - 30)

    found = judged_spending(before, spent, NOW)

    assert (is_up, in_seconds) == (found.is_up, pytest.approx(found.due_at - NOW, abs=1e-3))


def test_the_first_sum_says_nothing_of_a_rate() -> None:
    """So the second one comes soon."""
    found = judged_spending(control(), 3.0, NOW)

    assert (False, NOW + 5) == (found.is_up, found.due_at)


@pytest.mark.parametrize(("seconds", "due_in"), [(45.0, 30), (46.0, 5), (3_600.0, 5)])
def test_a_sum_from_before_a_hold_says_nothing_of_a_rate(seconds: float, due_in: float) -> None:
    """On hold nothing was spent: at work it is faster than by all of that time."""
    before = control(spent_usd=3.0, spent_at=NOW - seconds)

    assert NOW + due_in == judged_spending(before, 3.0, NOW).due_at


@pytest.mark.parametrize("limit", [0.5, 1.0, 4.9, 10.0, 1_000.0])
@pytest.mark.parametrize("minutes", [2, 10, 60, 600])
def test_it_ends_within_the_tolerance(limit: float, minutes: int) -> None:
    """Two per cent, or ten cents: at any speed that spends the limit in two minutes or more."""
    per_second, now, record = limit / (60 * minutes), NOW, control(max_cost_usd=limit)
    heard = NOW
    while True:
        stale = max(0.0, now - NOW - 10) * per_second  # rows are saved every ten seconds
        found = judged_spending(record, stale, now)
        if found.is_up:
            heard = now + 5  # every worker's next look
            break
        record = control(max_cost_usd=limit, spent_usd=stale, spent_at=now, spent_due=found.due_at)
        now = found.due_at

    ended = (heard - NOW) * per_second
    assert limit - 20 * per_second - tolerance(limit) <= ended <= limit + tolerance(limit)
