"""The most that the questions cost: limits that they keep to, times list prices."""

from typing import Final

from airflow_ddb_migrate.core.plan.prices import Prices

LIMIT_DOLLARS: Final = 1.0

# For all questions together, including retries.
WRITE_REQUESTS: Final = 20_000
READ_REQUESTS: Final = 20_000
SLOW_READ_UNITS: Final = 8  # of the provisioned table, which has no index
SLOW_WRITE_UNITS: Final = 1
_HOURS: Final = 2  # charged for each hour begun
_LAMBDA_GB_SECONDS: Final = 500.0
_TRANSITIONS: Final = 200
_S3_REQUESTS: Final = 500


def asking_price(prices: Prices) -> float:
    """Return the most dollars that a run costs."""
    million, thousand = 1_000_000, 1_000
    return (
        WRITE_REQUESTS * prices.write_request_million / million
        + READ_REQUESTS * prices.read_request_million / million
        + _HOURS * SLOW_READ_UNITS * prices.read_unit_hour
        + _HOURS * SLOW_WRITE_UNITS * prices.write_unit_hour
        + _LAMBDA_GB_SECONDS * prices.lambda_gb_second
        + _TRANSITIONS * prices.step_functions_transition_thousand / thousand
        + _S3_REQUESTS * prices.s3_put_thousand / thousand
    )
