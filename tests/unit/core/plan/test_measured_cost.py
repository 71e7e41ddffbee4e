"""What a migration has cost, from what its workers counted."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.capacity.snapshot import BillingMode, TableClass
from airflow_ddb_migrate.core.ledger.counts import Units
from airflow_ddb_migrate.core.plan.bill import Tariff
from airflow_ddb_migrate.core.plan.measured_cost import measured_cost
from airflow_ddb_migrate.core.plan.prices import prices_for
from tests.support.factories import progress

PRICES = prices_for("us-east-1")
TARIFF = Tariff(prices=PRICES, billing_mode=BillingMode.PAY_PER_REQUEST, lambda_memory_mb=2_048)


def test_by_part() -> None:
    """On list prices: a thousand lanes of two laps, a thousand GB-seconds, a million units."""
    worked = progress(
        lanes=1_000,
        units=Units(read=1_000_000, written=1_000_000),
        total_laps=2_000,
        worked_seconds=500,
    )

    cost = measured_cost(worked, TARIFF)

    assert (0.625, 0.125) == (cost["writes"], cost["reads"])
    assert 1_000 * PRICES.lambda_gb_second + 0.002 * PRICES.lambda_request_million == (
        pytest.approx(cost["lambda"])
    )
    assert 5 * PRICES.step_functions_transition_thousand == cost["step_functions"]


def test_writes_of_a_global_table_are_charged_in_each_region() -> None:
    """Workers count those of their own; reads are made in one region."""
    worked = progress(units=Units(read=1_000_000, written=1_000_000))

    cost = measured_cost(worked, TARIFF, regions=3)

    assert (1.875, 0.125) == (cost["writes"], cost["reads"])


def test_a_table_of_standard_ia_is_charged_as_one() -> None:
    """By its class, whatever the plan was made for."""
    worked = progress(units=Units(read=1_000_000, written=1_000_000))

    cost = measured_cost(worked, replace(TARIFF, table_class=TableClass.INFREQUENT_ACCESS))

    assert (0.78, 0.155) == (cost["writes"], cost["reads"])


def test_nothing_done_costs_nothing() -> None:
    """Rather than a division by something that is not there."""
    assert {0.0} == set(measured_cost(progress(), TARIFF).values())
