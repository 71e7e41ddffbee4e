"""Where the doctor draws its lines."""

import pytest
from airflow_ddb_migrate.core.doctor.check_results import Level
from airflow_ddb_migrate.core.doctor.judging import judge_clock, judge_concurrency, judge_expiry
from tests.support.factories import NOW


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(0.0, "ok"), (-59.0, "ok"), (60.0, "warning"), (-299.0, "warning"), (300.0, "failed")],
)
def test_a_clock_is_judged_by_what_signatures_bear(ahead: float, expected: str) -> None:
    """AWS refuses a signature that is five minutes off, whichever way."""
    assert expected == judge_clock({"dynamodb": ahead}).level


def test_the_service_that_is_nearest_counts() -> None:
    """Another one may have answered late."""
    result = judge_clock({"s3": 400.0, "dynamodb": 1.0})

    assert (Level.OK, True) == (result.level, "dynamodb" in result.found)


def test_without_a_date_the_clock_is_unknown() -> None:
    assert Level.UNKNOWN is judge_clock({}).level


def test_a_clock_says_how_far_off_and_what_to_do() -> None:
    result = judge_clock({"dynamodb": -600.0})

    assert "10.0 minutes behind the Date of dynamodb" in result.found
    assert "NTP" in result.advice


@pytest.mark.parametrize(
    ("left", "renews", "expected"),
    [
        (None, False, "ok"),
        (7_200.0, False, "ok"),
        (600.0, False, "warning"),
        (-5.0, False, "warning"),
        (600.0, True, "ok"),
    ],
)
def test_credentials_that_end_soon_are_warned_of(
    left: float | None, renews: bool, expected: str
) -> None:
    """Those that boto3 renews by itself are not."""
    expires_at = None if left is None else NOW + left

    assert expected == judge_expiry("who", expires_at, NOW, renews=renews).level


@pytest.mark.parametrize(
    ("unreserved", "reserved", "expected"),
    [
        (900, None, "ok"),
        (10, None, "warning"),
        (900, 0, "failed"),
        (900, 5, "warning"),
        (0, 100, "ok"),
    ],
)
def test_concurrency_is_what_the_lambda_may_use(
    unreserved: int, reserved: int | None, expected: str
) -> None:
    """A reservation of 0 is how people switch a Lambda off."""
    result = judge_concurrency(account=1_000, unreserved=unreserved, reserved=reserved)

    assert expected == result.level
