"""What the doctor says of what is not as it was deployed."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.doctor.differences import (
    definition_differences,
    function_differences,
    policy_differences,
)

WANTED = {
    "Runtime": "python3.12",
    "MemorySize": 1769,
    "Environment": {"Variables": {"BUCKET": "b", "PYTHONHASHSEED": "0"}},
}
THERE = {**WANTED, "FunctionName": "f", "Version": "1"}


def test_what_the_template_does_not_say_is_no_difference() -> None:
    assert [] == function_differences(WANTED, THERE)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"MemorySize": 128}, "MemorySize is 128, the template has 1769"),
        ({"Environment": {}}, "the variable BUCKET is missing"),
        (
            {"Environment": {"Variables": {"BUCKET": "secret", "PYTHONHASHSEED": "0"}}},
            "the variable BUCKET has another value",
        ),
        (
            {"Environment": {"Variables": {**WANTED["Environment"]["Variables"], "A": "1"}}},  # type: ignore[index]
            "the variable A is not the template's",
        ),
        ({"Layers": [{"Arn": "arn:layer"}]}, 'it has the layers ["arn:layer"]'),
        ({"VpcConfig": {"SubnetIds": ["s"]}}, 'SubnetIds is ["s"], the template has []'),
    ],
    ids=str,
)
def test_a_changed_setting_is_named(change: dict[str, Any], expected: str) -> None:
    """The values of variables are not shown: they may be secrets."""
    found = function_differences(WANTED, {**THERE, **change})

    assert expected in found
    assert "secret" not in str(found)


def test_a_definition_names_the_place() -> None:
    expected = {"States": {"A": {"Retry": [1, 2]}, "B": 1}}
    actual = {"States": {"A": {"Retry": [1, 3]}, "C": 1}}

    assert [
        "States.A.Retry[1] is 3 instead of 2",
        "States.B is missing",
        "States.C is added",
    ] == list(definition_differences(expected, actual))


STATEMENT = {"Sid": "Ledger", "Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "*"}


def test_the_order_of_actions_and_a_list_of_one_do_not_matter() -> None:
    """IAM gives a document back as it likes."""
    same = {**STATEMENT, "Action": ["a:C", "a:B"], "Resource": ["*"]}

    assert [] == policy_differences({"Statement": [STATEMENT]}, {"Statement": same})


def test_a_permission_more_or_less_is_named_by_its_statement() -> None:
    changed = {**STATEMENT, "Action": ["a:B"]}

    assert [
        "statement Ledger is missing or changed",
        "statement Ledger is not the template's",
    ] == policy_differences({"Statement": [STATEMENT]}, {"Statement": [changed]})
