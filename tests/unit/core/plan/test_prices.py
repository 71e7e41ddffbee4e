"""Prices: one file, by region, overridden by whoever pays other ones."""

import json
import zipfile
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.plan import prices as module
from airflow_ddb_migrate.core.plan.prices import prices_for
from airflow_ddb_migrate.deployment.packaging.bundle import build

FILE = Path(module.__file__).with_name("prices.json")


def test_a_known_region_has_the_file_s_figures() -> None:
    """Nothing is written twice."""
    known = json.loads(FILE.read_text())
    found = prices_for("us-east-1")

    assert known["regions"]["us-east-1"].items() <= asdict(found).items()
    assert f"us-east-1, {known['as_of']}" == found.words


def test_an_unknown_region_takes_the_known_one_s_and_says_so() -> None:
    """A plan never fails for want of a price list."""
    found = prices_for("eu-central-1")

    assert prices_for("us-east-1").write_request_million == found.write_request_million
    assert "Prices of eu-central-1 are not known" in found.words


def test_prices_of_one_s_own_replace_the_list_s() -> None:
    """And are named."""
    found = prices_for("us-east-1").overridden({"write_request_million": 0.7, "s3_put_thousand": 0})

    assert (0.7, 0, 0.125) == (
        found.write_request_million,
        found.s3_put_thousand,
        found.read_request_million,
    )
    assert "Given for this run: s3_put_thousand, write_request_million." in found.words


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (
            {"writes": 1},
            "prices has 'writes', which is unknown. Known prices: write_request_million, read_",
        ),
        ({"region": 1}, "prices has 'region', which is unknown. Known prices:"),
        ({"s3_put_thousand": "1"}, "prices has s3_put_thousand='1'; it must be a number"),
        ({"s3_put_thousand": True}, "prices has s3_put_thousand=True; it must be a number"),
        ({"s3_put_thousand": -1}, "at least 0"),
        ({"s3_put_thousand": float("nan")}, "at least 0"),
        ([1], "prices is [1]; it must be a JSON object"),
    ],
)
def test_what_is_no_price_is_refused(figures: Any, words: str) -> None:
    """A misspelt name would silently leave the list's price."""
    with pytest.raises(InvalidInputError) as refused:
        prices_for("us-east-1").overridden(figures)
    assert words in str(refused.value)


def test_the_lambda_has_the_file_too() -> None:
    """The safety net tells what raised capacity costs."""
    archive = zipfile.ZipFile(BytesIO(build().content))

    assert FILE.read_bytes() == archive.read("airflow_ddb_migrate/core/plan/prices.json")
