"""What waiting costs: by the number of children, to the cent."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode
from airflow_ddb_migrate.core.limits import MAP_CHILDREN
from airflow_ddb_migrate.core.plan.bill import Tariff, bill_of_hold
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
