"""The expressions of a conditional write."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.limits import (
    EXPRESSION_BYTES,
    EXPRESSION_OPERATORS,
    EXPRESSION_VALUES_BYTES,
)
from ddb_transform.contract.expressions import Request
from ddb_transform.contract.intent import Change
from hypothesis import given
from tests.support.typed_values import ATTRIBUTES
from tests.unit.lambda_.writers.writing import CHANGED, KEY


def test_every_name_and_value_is_a_placeholder() -> None:
    """Set what is assigned, remove what is None, if everything seen is as it was seen."""
    change = Change(
        "changed", {"status": {"S": "x"}, "size": None}, {"size": {"N": "1"}, "status": None}
    )

    assert {
        "ConditionExpression": "attribute_exists(#n0) AND #n1 = :v0 AND attribute_not_exists(#n2)",
        "UpdateExpression": "SET #n2 = :v1 REMOVE #n1",
        "ExpressionAttributeNames": {"#n0": "id", "#n1": "size", "#n2": "status"},
        "ExpressionAttributeValues": {":v0": {"N": "1"}, ":v1": {"S": "x"}},
    } == Request(KEY, change).arguments()


def test_a_delete_has_a_condition_and_no_update() -> None:
    """DeleteItem knows no update expression, and AWS refuses an empty map of values."""
    assert {
        "ConditionExpression": "attribute_exists(#n0) AND attribute_not_exists(#n1)",
        "ExpressionAttributeNames": {"#n0": "id", "#n1": "x"},
    } == Request(KEY, Change("deleted", {}, {"x": None})).arguments()


def test_every_key_attribute_must_exist() -> None:
    """An update without that would make an item that was deleted meanwhile."""
    request = Request({"p": {"S": "a"}, "s": {"N": "1"}}, CHANGED).arguments()

    expected = "attribute_exists(#n0) AND attribute_exists(#n1) AND #n2 = :v0"
    assert expected == request["ConditionExpression"]


@given(ATTRIBUTES)
def test_any_names_and_values_make_a_complete_request(attributes: dict[str, Any]) -> None:
    """Each placeholder that is used is defined, and each that is defined is used."""
    request = Request(KEY, Change("changed", {"x": None, **attributes}, attributes)).arguments()
    text = f"{request['ConditionExpression']} {request['UpdateExpression']} "
    words = set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())

    defined = {*request["ExpressionAttributeNames"], *request.get("ExpressionAttributeValues", {})}
    assert defined == {word for word in words if word[0] in "#:"}
    assert {"id", "x", *attributes} == set(request["ExpressionAttributeNames"].values())


# Limits


def condition_on(count: int, **values: Any) -> Change:
    """A change of one attribute that looked at so many."""
    expected = {f"a{i}": values.get("value", {"N": "1"}) for i in range(count)}
    return Change("changed", {"x": {"N": "1"}}, {**expected, "x": None})


def test_a_usual_write_fits() -> None:
    """Nothing is said."""
    assert "" == Request(KEY, CHANGED).too_large()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (condition_on(280), f"bytes in the condition (limit {EXPRESSION_BYTES:,})"),
        (condition_on(160), f"operators (limit {EXPRESSION_OPERATORS:,})"),
        (
            condition_on(6, value={"S": "x" * 400_000}),
            f"2,400,002 bytes of values (limit {EXPRESSION_VALUES_BYTES:,})",
        ),
        (
            Change("changed", {f"a{i}": {"N": "1"} for i in range(400)}),
            f"bytes in the update (limit {EXPRESSION_BYTES:,})",
        ),
    ],
)
def test_each_limit_of_dynamodb_is_told_with_its_figure(change: Change, words: str) -> None:
    """What is too large by how much, before AWS refuses it."""
    assert words in Request(KEY, change).too_large()
