"""Values to typed values, and when two of those are the same."""

from decimal import Decimal
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import ItemError
from boto3.dynamodb.types import Binary, TypeDeserializer
from ddb_transform.codec import encode, same
from hypothesis import given
from hypothesis import strategies as st
from tests.typed_values import VALUES

decode = TypeDeserializer().deserialize


@given(VALUES)
def test_what_is_decoded_and_encoded_again_is_the_same(value: dict[str, Any]) -> None:
    """Every value that DynamoDB can hold, nested or not."""
    assert same(value, encode("a", decode(value)))


@given(VALUES, VALUES)
def test_sameness_agrees_with_what_a_transform_sees(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    """Two values are one exactly if they decode to equal values of one type, either way round."""
    assert same(left, right) == same(right, left)
    if same(left, right):
        assert decode(left) == decode(right)
    elif left.keys() == right.keys() and not left.keys() & {"L", "M"}:
        assert decode(left) != decode(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"N": "1.0"}, {"N": "1"}),
        ({"N": "1E+2"}, {"N": "100"}),
        ({"N": "-0"}, {"N": "0"}),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
        ({"NS": ["1", "2"]}, {"NS": ["2.0", "1.0"]}),
        ({"BS": [b"a", b"b"]}, {"BS": [Binary(b"b"), b"a"]}),
        ({"B": b"a"}, {"B": Binary(b"a")}),
        ({"L": [{"N": "1.0"}]}, {"L": [{"N": "1"}]}),
        ({"M": {"a": {"SS": ["x", "y"]}}}, {"M": {"a": {"SS": ["y", "x"]}}}),
    ],
)
def test_notation_and_order_of_sets_do_not_count(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    """They are one value to DynamoDB: writing it again would change nothing."""
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"S": "1"}, {"N": "1"}),
        ({"N": "1"}, {"BOOL": True}),
        ({"SS": ["1"]}, {"NS": ["1"]}),
        ({"SS": ["1"]}, {"L": [{"S": "1"}]}),
        ({"S": "a"}, {"B": b"a"}),
        ({"S": ""}, {"NULL": True}),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
        ({"L": [{"S": "a"}]}, {"L": []}),
        ({"M": {"a": {"S": "x"}}}, {"M": {"b": {"S": "x"}}}),
        ({"N": "0.1"}, {"N": "0.10000000000000000000000000000000000001"}),
        ({"S": "a"}, None),
        (None, {"NULL": True}),
    ],
)
def test_types_and_values_count(left: dict[str, Any] | None, right: dict[str, Any] | None) -> None:
    """A text is no number, a list has an order, and nothing there is not NULL."""
    assert not same(left, right)


def test_nothing_is_the_same_as_nothing() -> None:
    """An attribute that was not there and is not there did not change."""
    assert same(None, None)


@pytest.mark.parametrize("value", [set(), frozenset(), {"inner": set()}, [set()]])
def test_an_empty_set_is_refused_with_what_to_do(value: object) -> None:
    """DynamoDB has none, nested or not."""
    with pytest.raises(ItemError) as refused:
        encode("tags", value)

    assert "EmptySet" == refused.value.error_class
    assert str(refused.value).startswith("Attribute 'tags' is an empty set")
    assert "Remove the attribute" in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        [1.5],
        {"price": 1.5},
        object(),
        {1, "a"},
        10**40 + 1,
        Decimal("NaN"),
        Decimal("Infinity"),
        {1: "a key that is no text"},
        {"deep": {2: "x"}},
        "lone surrogate \ud800",
    ],
)
def test_what_cannot_be_held_exactly_is_refused_without_its_value(value: object) -> None:
    """Never rounded, never sent: the message names attribute and type, and what to use."""
    with pytest.raises(ItemError) as refused:
        encode("price", value)

    assert "Unserializable" == refused.value.error_class
    expected = f"Attribute 'price' got a value of type {type(value).__name__} that DynamoDB cannot"
    assert str(refused.value).startswith(expected)
    assert "never float" in str(refused.value)
    assert "1.5" not in str(refused.value)


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_is_kept_exactly_or_refused(value: Decimal | int) -> None:
    """There is no third way."""
    try:
        typed = encode("n", value)
    except ItemError as refused:
        assert "Unserializable" == refused.error_class  # noqa: PT017  # either is right
    else:
        assert Decimal(value) == Decimal(typed["N"])
