"""A plan with windows says in which nights it is done, what each costs, and when it is over."""

from datetime import UTC, datetime

import pytest
from airflow_ddb_migrate.core.approval.author_rules import NO_RULES, AuthorRules
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, CapacityUnits
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.hours.windows import hours_of
from airflow_ddb_migrate.core.limits import PREWARM_SECONDS
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.page import plan_markdown
from airflow_ddb_migrate.core.plan.planner import with_nights
from tests.support.factories import snapshot
from tests.support.plans import facts, plan, sampled

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()  # a Monday
TWO_HOURS = "22:00-24:00 Mon-Fri UTC"
DAY = 86_400


def planned(
    *windows: str, of: MigrationPlan | None = None, limits: AuthorRules = NO_RULES
) -> MigrationPlan:
    """100 GiB on an on-demand table take 9.1 hours."""
    return with_nights(of or plan(facts(), sampled()), hours_of(windows), NOW, limits)


def prewarmed() -> MigrationPlan:
    low = {"": CapacityUnits(1_000, 1_000)}
    table = facts(snapshot=snapshot(BillingMode.PROVISIONED, low, {"": CapacityUnits()}))
    return plan(table, prewarm=CapacityUnits(12_000, 4_000))


def test_without_windows_a_plan_has_no_nights() -> None:
    same = plan(facts())

    assert same == with_nights(same, hours_of([]), NOW)
    assert "windows" not in plan_markdown(same)


def test_the_work_is_shared_among_the_nights() -> None:
    """9.1 hours of work, two hours a night less the half minute that each takes to begin."""
    found = planned(TWO_HOURS)

    assert 5 == len(found.nights)
    assert [True] * 5 == [night.closes_at - night.opens_at == 7_200 for night in found.nights]
    assert pytest.approx(1.0) == sum(night.share for night in found.nights)
    begin = 30 + found.layout.lanes / 100
    worked = sum(night.seconds - begin for night in found.nights)
    assert pytest.approx(found.seconds.low) == worked
    assert found.nights[-1].done_at < found.latest_done_at


def test_what_the_nights_cost_is_what_it_costs() -> None:
    for one in (planned(TWO_HOURS), planned(TWO_HOURS, of=prewarmed())):
        assert pytest.approx(one.total_cost_usd) == sum(one.night_costs_usd)


def test_raised_capacity_is_paid_for_the_hours_of_the_nights_alone() -> None:
    """It is raised again for each, which takes some minutes that are paid, too."""
    whole, nights = prewarmed(), planned(TWO_HOURS, of=prewarmed())

    more = sum(night.seconds for night in nights.nights) - whole.seconds.low
    begin = PREWARM_SECONDS + 30 + nights.layout.lanes / 100
    assert pytest.approx(len(nights.nights) * begin) == more
    hourly = nights.tariff.hourly_difference
    assert pytest.approx(hourly * (whole.seconds.low + more) / 3_600) == nights.cost_usd["prewarm"]


def test_each_night_begins_anew_what_is_left() -> None:
    assert planned(TWO_HOURS).effort.invocations > plan(facts(), sampled()).effort.invocations


def test_the_page_shows_the_nights_and_when_it_is_done() -> None:
    page = plan_markdown(planned(TWO_HOURS))

    assert "| in which hours | |" in page
    assert f"| windows | {TWO_HOURS} |" in page
    assert "| nights | 5 |" in page
    assert "| 2026-11-30T22:00:00.000Z to 2026-12-01T00:00:00.000Z | 21.9% of the work, $" in page
    assert "| done, expected | 2026-12-04T23:" in page
    assert "| done, at worst | 2026-12-08T23:" in page


def test_many_nights_are_shown_by_the_first_and_the_last() -> None:
    page = plan_markdown(planned("22:00-22:45 UTC"))

    shown = [line for line in page.splitlines() if "of the work" in line]
    assert 8 == len(shown)
    assert "| and 5 more | $28.54" in page


def test_a_plan_with_nights_is_read_as_it_was_written() -> None:
    one = planned(TWO_HOURS)

    assert one == MigrationPlan.from_json(one.to_json())


@pytest.mark.parametrize(
    ("windows", "why"),
    [
        (["22:00-22:10 UTC"], "the longest open time is 10 minutes.*takes 15"),
        (["22:00-22:16 29 UTC"], "begin and end as HH:MM, days and time zone"),
        (["22:00-22:16 Mon UTC"], "they are open for"),
    ],
)
def test_windows_in_which_it_cannot_be_done_are_refused(windows: list[str], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        planned(*windows)


@pytest.mark.parametrize("windows", ["22:00-22:10 UTC", "22:00-22:16 Mon UTC"])
def test_windows_of_the_author_are_not_the_run_s_to_make_longer(windows: str) -> None:
    limits = AuthorRules.of({"windows": [windows]})

    with pytest.raises(InvalidInputError, match=r"longer.* The DAG's author set windows \(migr"):
        planned(windows, limits=limits)
