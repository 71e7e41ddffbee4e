"""The asset of a migrated table."""

import pytest
from airflow_ddb_migrate import migrated_table
from airflow_ddb_migrate.core.errors import InvalidInputError


def test_region_account_and_table_are_in_its_uri() -> None:
    asset = migrated_table(region="eu-central-1", account="123456789012", table="my.orders")

    assert "x-dynamodb://eu-central-1/123456789012/my.orders" == asset.uri


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "1234567890"},
        {"account": "ann"},
        {"table": "arn:aws:dynamodb:us-east-1:123456789012:table/orders"},
        {"table": ""},
    ],
    ids=str,
)
def test_what_would_never_be_told_of_is_refused(wrong: dict[str, str]) -> None:
    """When the DAG that is scheduled on it is parsed."""
    known = {"region": "us-east-1", "account": "123456789012", "table": "orders"}

    with pytest.raises(InvalidInputError):
        migrated_table(**{**known, **wrong})
