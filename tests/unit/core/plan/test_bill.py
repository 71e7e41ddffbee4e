"""What waiting costs: by the number of children, to the cent."""

import json
from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode
from airflow_ddb_migrate.core.limits import MAP_CHILDREN
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import Detail
from airflow_ddb_migrate.core.plan.bill import Tariff, bill, bill_of_hold
from airflow_ddb_migrate.core.plan.estimate import Effort, Load
from airflow_ddb_migrate.core.plan.migration_plan import MigrationPlan
from airflow_ddb_migrate.core.plan.prices import prices_for
from tests.support import plans

TARIFF = Tariff(
    prices=prices_for("us-east-1"),
    billing_mode=BillingMode.PAY_PER_REQUEST,
    lambda_memory_mb=1_769,
)
ONLY_TRANSITIONS = replace(
    TARIFF,
    prices=TARIFF.prices.overridden(
        {"lambda_gb_second": 0, "lambda_request_million": 0, "read_request_million": 0}
    ),
)
NO_LOGS = TARIFF.prices.overridden({"cloudwatch_logs_gb": 0})


@pytest.mark.parametrize(
    ("children", "transitions", "in_all"),
    [
        (0, 0, 0),
        (100, 0.2475, 0.27),  # 100 x 33 looks x 3 transitions x $0.025 per thousand
        (1_000, 2.475, 2.69),
        (MAP_CHILDREN, 24.75, 26.90),
    ],
)
def test_an_hour_on_hold(children: int, transitions: float, in_all: float) -> None:
    """Transitions are most of it; each look is a quarter of a second of Lambda besides."""
    assert transitions == pytest.approx(bill_of_hold(children, ONLY_TRANSITIONS))
    assert in_all == pytest.approx(bill_of_hold(children, TARIFF), abs=0.01)


def test_a_short_hold_costs_less() -> None:
    """Five looks in five minutes."""
    assert bill_of_hold(MAP_CHILDREN, TARIFF, seconds=300) == pytest.approx(
        bill_of_hold(MAP_CHILDREN, TARIFF) * 5 / 33
    )


def test_the_undo_log_is_paid_for_as_long_as_it_is_kept() -> None:
    """deploy --undo-retention-days; the rest are the requests that write it."""
    day, quarter, year = (
        plans.plan(plans.facts(undo_log_days=days), plans.sampled()).cost_usd["undo_log"]
        for days in (1, 90, 365)
    )

    assert day < quarter < year
    assert 364 / 89 == pytest.approx((year - day) / (quarter - day))


def in_an_hour(workers: int, **changes: object) -> dict[str, float]:
    """Return what that costs, in dollars by part: slices of 14 minutes, 100 GiB."""
    effort = Effort(
        lambda_seconds=workers * 3_600,
        laps_per_lane=5,
        invocations=workers * 5,
        transitions=workers * 13,
    )
    load = Load(items=1, bytes=1)
    return dict(bill(load, effort, replace(TARIFF, **changes), seconds=3_600))


def test_ten_thousand_workers_write_little_into_the_log() -> None:
    """A line a minute each is 600,000 of 1.1 KB in an hour, and Lambda's own for 50,000 slices."""
    without, by_migration = (in_an_hour(MAP_CHILDREN, metric_sets=n) for n in (0, 3))

    assert 50_000 * 1_000 / 1_024**3 * 0.5 == pytest.approx(without["cloudwatch"])
    assert 0.37 == pytest.approx(by_migration["cloudwatch"] - without["cloudwatch"], abs=0.02)
    assert by_migration["cloudwatch"] < by_migration["lambda"] / 1_000


def test_metrics_are_paid_by_the_hour() -> None:
    """15 of each of three dimension sets, at $0.30 a month; an hour that began counts."""
    sets = Detail.MIGRATION.sets
    price = len(sets) * len(catalog.WORKER) / 720 * 0.3

    assert 0.019 == pytest.approx(price, abs=0.0005)
    assert price == pytest.approx(
        in_an_hour(1, metric_sets=len(sets), prices=NO_LOGS)["cloudwatch"]
    )
    tariff = replace(TARIFF, metric_sets=len(sets), prices=NO_LOGS)
    effort = Effort(lambda_seconds=1, laps_per_lane=1, invocations=1, transitions=3)
    load = Load(items=1, bytes=1)
    assert [price, 25 * price] == pytest.approx(
        [bill(load, effort, tariff, seconds=hours * 3_600)["cloudwatch"] for hours in (0.1, 24.5)]
    )


def test_a_plan_of_before_knew_no_metrics() -> None:
    """Its basis has neither the prices nor the sets; they are nothing."""
    made = plans.plan(plans.facts(metric_sets=3), plans.sampled())
    data = json.loads(made.to_json())
    tariff = data["basis"]["tariff"]
    del tariff["metric_sets"]
    for name in ("cloudwatch_metric_month", "cloudwatch_logs_gb"):
        del tariff["prices"][name]

    assert made.cost_usd["cloudwatch"] > 0
    assert 0 == MigrationPlan.from_json(json.dumps(data)).cost_usd["cloudwatch"]


def test_a_sum_below_a_cent_stays_in_the_data() -> None:
    """A limit of the DAG's author, below a cent as well, is held against it."""
    made = plans.plan(plans.facts(0.0001))
    data = made.to_dict()

    assert 0 < data["cost_usd"]["lambda"] < 0.005
    assert data["total_cost_usd"] == pytest.approx(made.total_cost_usd, abs=1e-6)
