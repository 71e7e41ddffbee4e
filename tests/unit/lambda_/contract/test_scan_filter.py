"""What a module declares as FILTER."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import TransformError
from airflow_ddb_migrate.core.limits import EXPRESSION_BYTES
from ddb_transform.contract.scan_filter import ScanFilter, scan_filter
from tests.support.factories import data_table, typed_item

SECRET = "hunter2"


def message_of(declared: object) -> str:
    with pytest.raises(TransformError) as refused:
        scan_filter(declared)
    return str(refused.value)


def test_a_filter_is_arguments_of_a_scan() -> None:
    """Values are plain Python values, typed here."""
    declared = {
        "expression": "#s = :old OR size(tags) > :n",
        "names": {"#s": "status"},
        "values": {":old": "old", ":n": 3},
    }

    assert {
        "FilterExpression": "#s = :old OR size(tags) > :n",
        "ExpressionAttributeNames": {"#s": "status"},
        "ExpressionAttributeValues": {":old": {"S": "old"}, ":n": {"N": "3"}},
    } == scan_filter(declared).arguments()


@pytest.mark.parametrize("declared", [{}, {"names": {}, "values": {}}])
def test_names_and_values_that_are_not_there_are_left_out(declared: dict[str, Any]) -> None:
    """DynamoDB refuses empty ones."""
    found = scan_filter({"expression": "attribute_exists(a)", **declared})

    assert ScanFilter("attribute_exists(a)") == found
    assert {"FilterExpression": "attribute_exists(a)"} == found.arguments()


def test_a_scan_takes_it(dynamodb: Any) -> None:
    """Only what matches is handed out."""
    data_table(dynamodb, "filtered")
    for name, status in (("a", "old"), ("b", "new")):
        dynamodb.put_item(TableName="filtered", Item=typed_item(name, status={"S": status}))
    found = scan_filter(
        {"expression": "#s = :s", "names": {"#s": "status"}, "values": {":s": "old"}}
    )

    items = dynamodb.scan(TableName="filtered", **found.arguments())["Items"]

    assert [typed_item("a", status={"S": "old"})] == items


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("a = 1", "FILTER is a str. Write it like {"),
        ({"expr": "a = b"}, "FILTER is a dict with the keys 'expr'. Write it like {"),
        ({}, 'FILTER["expression"] is missing. Write FILTER like {'),
        ({"expression": " "}, 'FILTER["expression"] is empty. Write FILTER like {'),
        ({"expression": 1}, 'FILTER["expression"] is an int. Write FILTER like {'),
        (
            {"expression": "a" * (EXPRESSION_BYTES + 1)},
            'FILTER["expression"] is 4,097 bytes; DynamoDB allows 4,096. Shorten it',
        ),
        ({"expression": "a", "names": ["#a"]}, 'FILTER["names"] is a list. Write FILTER like {'),
        ({"expression": "a", "names": {"a": "b"}}, "FILTER[\"names\"] has the key 'a'; it must be"),
        ({"expression": "a", "values": {"#v": 1}}, "FILTER[\"values\"] has the key '#v'; it must"),
        ({"expression": "a", "values": {":a-b": 1}}, "FILTER[\"values\"] has the key ':a-b'; it"),
        (
            {"expression": "#a = :v", "names": {"#a": "a"}, "values": {":w": 1}},
            "FILTER either uses or declares :v, :w, not both. Declare every placeholder",
        ),
        (
            {"expression": "#a = b", "names": {"#a": 1}},
            'FILTER["names"]["#a"] is 1; it must be an attribute name.',
        ),
        (
            {"expression": "a = :v", "values": {":v": 1.5}},
            "FILTER[\"values\"]: ':v' holds a float, which DynamoDB cannot hold exactly. Use Dec",
        ),
    ],
)
def test_what_dynamodb_would_refuse_is_refused(declared: object, message: str) -> None:
    """With the shape, what was found, and what to do; before a table is scanned."""
    assert message_of(declared).startswith(message)
