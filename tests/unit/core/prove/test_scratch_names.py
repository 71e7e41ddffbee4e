"""Names of what is made for the questions, and what asking costs."""

import re

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.names import validate_table_name
from airflow_ddb_migrate.core.plan.prices import prices_for
from airflow_ddb_migrate.core.prove.price import LIMIT_DOLLARS, asking_price
from airflow_ddb_migrate.core.prove.scratch_names import scratch_names


@pytest.mark.parametrize("prefix", ["abc", "a" * 40, "jane-2026-x"])
def test_every_name_is_one_that_its_service_takes(prefix: str) -> None:
    """A bucket's rules are the strictest."""
    names = scratch_names(prefix)

    assert [*names.tables] == [validate_table_name(name) for name in names.tables]
    assert re.fullmatch(r"[a-z0-9-]{3,63}", names.bucket("123456789012"))
    assert 64 >= len(names.others)
    assert all(name.startswith(f"{prefix}-prove") for name in (*names.tables, names.others))


@pytest.mark.parametrize(
    "prefix", ["", "ab", "a" * 41, "Abc", "a_b", "1ab", "-ab", "ab-", "a--b", "a.b", "ab\n", "*"]
)
def test_another_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidInputError, match="--table-prefix is"):
        scratch_names(prefix)


def test_a_bucket_is_one_account_s_and_does_not_tell_it() -> None:
    """Names of buckets are one space for all accounts."""
    names = scratch_names("jane")

    assert names.bucket("123456789012") != names.bucket("123456789013")
    assert "123456789012" not in names.bucket("123456789012")


@pytest.mark.parametrize("region", ["us-east-1", "sa-east-1", "nowhere-1"])
def test_it_costs_less_than_a_dollar(region: str) -> None:
    assert 0 < asking_price(prices_for(region)) < LIMIT_DOLLARS
