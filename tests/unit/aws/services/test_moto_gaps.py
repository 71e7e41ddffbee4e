"""What moto 5.2.5 does otherwise than AWS where capacity is concerned.

Each test states what AWS does and is expected to fail, strictly: a moto that learns it makes the
test fail. tests/support/engines/strict_tables.py stands in for all of it.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.factories import TABLE, data_table

UNITS = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 25}
MORE = {"ReadCapacityUnits": 500, "WriteCapacityUnits": 250}

gap = pytest.mark.xfail(
    strict=True,
    reason="a gap of moto 5.2.5",
    raises=(AssertionError, KeyError, pytest.fail.Exception),
)


@pytest.fixture
def provisioned(dynamodb: Any) -> Any:
    data_table(dynamodb, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    return dynamodb


@gap
def test_a_table_is_updating_after_an_update(provisioned: Any) -> None:
    """AWS shows UPDATING, and the old figures until the table is ACTIVE."""
    answer = provisioned.update_table(TableName=TABLE, ProvisionedThroughput=MORE)

    assert "UPDATING" == answer["TableDescription"]["TableStatus"]


@gap
def test_a_change_that_changes_nothing_is_refused(provisioned: Any) -> None:
    """AWS answers with a ValidationException."""
    with pytest.raises(ClientError):
        provisioned.update_table(TableName=TABLE, ProvisionedThroughput=UNITS)


@gap
def test_a_daily_limit_of_decreases(provisioned: Any) -> None:
    """AWS allows four at the start of a UTC day, then about one an hour."""

    def lower() -> None:
        for read in range(49, 9, -1):
            units = {"ReadCapacityUnits": read, "WriteCapacityUnits": 25}
            provisioned.update_table(TableName=TABLE, ProvisionedThroughput=units)

    with pytest.raises(ClientError):
        lower()


@gap
def test_an_on_demand_maximum_reads_back(dynamodb: Any) -> None:
    """moto takes it and forgets it."""
    data_table(dynamodb)
    maximum = {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 100}

    dynamodb.update_table(TableName=TABLE, OnDemandThroughput=maximum)

    found = dynamodb.describe_table(TableName=TABLE)["Table"]
    assert maximum == found["OnDemandThroughput"]


@gap
def test_a_raised_minimum_lifts_the_table(provisioned: Any, scaling_service: Any) -> None:
    """AWS's auto scaling brings the capacity between its limits at once."""
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{TABLE}",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    scaling_service.register_scalable_target(**target, MinCapacity=500, MaxCapacity=500)
    try:
        found = provisioned.describe_table(TableName=TABLE)["Table"]
    finally:
        scaling_service.deregister_scalable_target(**target)

    assert 500 == found["ProvisionedThroughput"]["ReadCapacityUnits"]


@gap
def test_a_part_of_warm_throughput_keeps_the_other_part(dynamodb: Any) -> None:
    """AWS raises the figure that is given; moto forgets the other one."""
    data_table(dynamodb)
    dynamodb.update_table(TableName=TABLE, WarmThroughput={"WriteUnitsPerSecond": 5_000})

    warm = dynamodb.describe_table(TableName=TABLE)["Table"]["WarmThroughput"]
    assert 12_000 == warm["ReadUnitsPerSecond"]


@gap
def test_warm_throughput_is_raised_while_the_table_is_active(dynamodb: Any) -> None:
    """On AWS only its own status is UPDATING, for minutes, and the old figures are shown."""
    data_table(dynamodb)
    wanted = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000}

    answer = dynamodb.update_table(TableName=TABLE, WarmThroughput=wanted)

    assert "UPDATING" == answer["TableDescription"]["WarmThroughput"]["Status"]
