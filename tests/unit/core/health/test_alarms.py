"""Alarms by name and ARN."""

import pytest
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.health.alarms import (
    joined_alarms,
    names_here,
    validate_alarms,
    validate_healthy_for,
)

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:checkout: latency"


def test_names_and_arns_are_alarms_and_each_counts_once() -> None:
    """A name may have spaces and colons in it."""
    assert ("a b", ARN) == validate_alarms(["a b", ARN, "a b"])
    assert ("a b", "checkout: latency") == names_here(
        ["a b", ARN, "checkout: latency"], region="us-east-1", account="123456789012"
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("latency", "must be a list"),
        (None, "must be a list"),
        ({"a": 1}, "must be a list"),
        ([5], r"hold_while has 5; each entry must be an alarm's name, a text of 1 to 255"),
        ([" "], "must be an alarm's name"),
        (["a\x1b[2J"], "must be an alarm's name"),
        (["a" * 256], "must be an alarm's name"),
        (["arn:aws:sqs:us-east-1:123456789012:x"], "is not the ARN of an alarm"),
        ([str(one) for one in range(11)], r"names 11 alarms; the limit is 10.*composite"),
    ],
)
def test_what_is_no_alarm_is_refused(given: object, words: str) -> None:
    """In words, before anything is touched."""
    with pytest.raises(InvalidInputError, match=words):
        validate_alarms(given)


@pytest.mark.parametrize("where", [("us-west-2", "123456789012"), ("us-east-1", "999999999999")])
def test_an_alarm_of_another_place_is_refused(where: tuple[str, str]) -> None:
    """The workers' DescribeAlarms knows those of its own region and account."""
    with pytest.raises(InvalidInputError, match="The stack's workers read alarms of region"):
        names_here([ARN], region=where[0], account=where[1])


def test_lists_add_up() -> None:
    """A run's and its author's."""
    assert ("a", "b", "c") == joined_alarms(["a", "b"], ["b", "c"])
    with pytest.raises(InvalidInputError, match="names 11 alarms"):
        joined_alarms(map(str, range(6)), map(str, range(5, 11)))


@pytest.mark.parametrize("given", [0, -1, 1_801, "300", None, True, float("nan"), [], 10**400])
def test_how_long_they_are_ok_has_bounds(given: object) -> None:
    """Longer than a hold may last it would never go on."""
    assert 300.0 == validate_healthy_for(300)
    with pytest.raises(InvalidInputError, match="it must be 1 to 1,800 seconds"):
        validate_healthy_for(given)
