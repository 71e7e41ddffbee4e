"""What a person reads about capacity: changes, costs, refusals."""

import pytest
from airflow_ddb_migrate.core.capacity.changes import (
    CapacityChange,
    Change,
    ModeChange,
    ScalingChange,
)
from airflow_ddb_migrate.core.capacity.refusals import refusal
from airflow_ddb_migrate.core.capacity.snapshot import (
    BillingMode,
    CapacityUnits,
    Dimension,
    ScalingLimits,
    Setting,
    SuspendedScaling,
    TableClass,
)
from airflow_ddb_migrate.core.plan.prices import cost_words, hourly_difference, prices_for
from tests.support.factories import units

WANTED = units(12_000, 4_000)
SWITCH = ModeChange(BillingMode.PROVISIONED, BillingMode.PAY_PER_REQUEST, {"": WANTED})
SCALING = ScalingChange(
    "by_day",
    Dimension.WRITE,
    ScalingLimits(5, 100),
    ScalingLimits(200, 200, SuspendedScaling(True)),
)


def raised(setting: Setting, before: CapacityUnits, after: CapacityUnits = WANTED) -> Change:
    return CapacityChange("", setting, before, after)


@pytest.mark.parametrize(
    ("change", "words", "cost"),
    [
        (
            raised(Setting.PROVISIONED, units(2_000, 0)),
            "table: provisioned capacity 2,000 read / 0 write -> 12,000 read / 4,000 write units "
            "per second",
            "$3.90 more per hour until restore lowers it",
        ),
        (
            raised(Setting.WARM_THROUGHPUT, units(2_000, 0)),
            "table: warm throughput 2,000 read / 0 write -> 12,000 read / 4,000 write units per "
            "second",
            "$3.90 once; permanent: AWS never lowers it, and restore does not refund it",
        ),
        (
            raised(Setting.ON_DEMAND_MAXIMUM, units(-1, 5), units(-1, 4_000)),
            "table: on-demand maximum unlimited read / 5 write -> unlimited read / 4,000 write "
            "units per second",
            "free, but allows more requests, which are charged; restore reverts it",
        ),
        (
            SWITCH,
            "table: billing mode PROVISIONED -> PAY_PER_REQUEST",
            "$0.625 per million write and $0.125 per million read units instead of $4.16 per "
            "hour; restore switches back",
        ),
        (
            ModeChange(SWITCH.after, SWITCH.before, {"": units(), "by_day": units(7, 8)}),
            "table: billing mode PAY_PER_REQUEST -> PROVISIONED with table 50 read / 25 write, "
            "index by_day 7 read / 8 write units per second",
            "$0.03 per hour",
        ),
        (
            SCALING,
            "index by_day: auto scaling of write capacity 5 to 100 -> 200 to 200, scale-in "
            "suspended",
            "free; restore reverts it",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_change_says_what_it_is_and_what_it_costs(change: Change, words: str, cost: str) -> None:
    """Before and after, price, and whether it can be undone."""
    assert (words, cost) == (str(change), cost_words(change, prices_for("us-east-1")))


def test_only_provisioned_capacity_costs_by_the_hour() -> None:
    """Table and indexes together."""
    changes = [raised(Setting.PROVISIONED, units(2_000, 0)), SCALING, SWITCH]

    found = hourly_difference([*changes, *changes], prices_for("us-east-1"))
    assert 3.9 == pytest.approx(found / 2)


OTHERS = ("ap-south-1", "eu-west-1")
NONE, THOUSAND = units(0, 0), units(1_000, 1_000)
IN_ALL = " in 3 regions (here and in ap-south-1, eu-west-1)"


@pytest.mark.parametrize(
    ("change", "cost"),
    [
        # 1,000 reads x $0.00013 here, 1,000 writes x $0.00065 in three regions.
        (raised(Setting.PROVISIONED, NONE, THOUSAND), f"$2.08 more per hour{IN_ALL} until"),
        # Warm throughput is raised in all regions, whatever it is for.
        (raised(Setting.WARM_THROUGHPUT, NONE, THOUSAND), f"$2.34 once{IN_ALL}; permanent"),
        (SCALING, "free; restore reverts it"),
    ],
)
def test_a_global_table_pays_in_each_region(change: Change, cost: str) -> None:
    """AWS raises writes and warm throughput in all of them; reads where they are raised."""
    assert cost_words(change, prices_for("us-east-1"), OTHERS).startswith(cost)


def test_standard_ia_is_dearer() -> None:
    """The class that a table has is what it is charged by."""
    standard = prices_for("us-east-1")
    found = standard.of_class(TableClass.INFREQUENT_ACCESS)
    change = raised(Setting.PROVISIONED, NONE)

    assert 4.16 == pytest.approx(hourly_difference([change], standard))
    assert 5.16 == pytest.approx(hourly_difference([change], found))
    assert (0.78, 0.155) == (found.write_request_million, found.read_request_million)
    assert "us-east-1, November 2024 (Table class Standard-IA.)" == found.words
    assert standard == standard.of_class(TableClass.STANDARD)
    assert standard.lambda_gb_second == found.lambda_gb_second


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "dynamodb:UpdateTable on table orders failed with LimitExceededException: The "
            "requested 60000 write capacity units exceed the maximum of 40,000 for a table.",
            "table orders: 60,000 write units wanted, the account allows 40,000 per table; "
            "request a quota increase or lower write_units. AWS says: The requested 60000",
        ),
        (
            "Subscriber limit exceeded: this would exceed the account limit of 50000.",
            "60,000 write units wanted, the account allows 50,000 in all; request",
        ),
        (
            "Subscriber limit exceeded.",
            "table orders: 10,000 read units, 60,000 write units wanted, the account allows less; "
            "request a quota increase or lower read_units and write_units.",
        ),
    ],
)
def test_a_quota_is_told_with_the_figure_that_aws_names(message: str, words: str) -> None:
    """What was wanted, what is allowed, what to do."""
    change = raised(Setting.PROVISIONED, units(), units(10_000, 60_000))

    assert words in refusal("orders", [change], "LimitExceededException", message)
