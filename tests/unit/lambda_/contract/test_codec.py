"""Values to typed values, and when two of those are the same."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from airflow_ddb_migrate.core.errors import ItemError
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from ddb_transform.contract.codec import decode, encode, same
from hypothesis import given, reject
from hypothesis import strategies as st
from tests.support.typed_values import VALUES


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
    assert str(refused.value).startswith("Attribute 'tags' is or contains an empty set")
    assert "Remove the attribute" in str(refused.value)


@given(VALUES.map(decode))
def test_a_value_is_encoded_as_boto3_does_it(value: object) -> None:
    """To the letter, for whatever both take."""
    try:
        expected = TypeSerializer().serialize(value)
    except ArithmeticError:
        reject()  # a number near the lowest exponent
    assert expected == encode("a", value)


@given(VALUES)
def test_a_value_is_decoded_as_boto3_does_it(value: dict[str, Any]) -> None:
    """To the last digit, for whatever both take."""
    try:
        expected = TypeDeserializer().deserialize(value)
    except ArithmeticError:
        reject()
    assert expected == decode(value)


@pytest.mark.parametrize(
    "number",
    ["1" + "0" * 50, "-" + "9" * 38 + "0" * 88, "0." + "0" * 129 + "1" * 38, "1." + "0" * 60],
)
def test_a_number_is_decoded_as_the_service_tells_it(number: str) -> None:
    """Without an exponent, so with more than 38 digits, and down to the lowest: boto3 raises."""
    with pytest.raises(ArithmeticError):
        TypeDeserializer().deserialize({"N": number})

    assert Decimal(number) == decode({"N": number})
    assert same({"N": number}, encode("n", decode({"N": number})))


class _Color(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        (_Color.RED, {"S": "red"}),
        (OrderedDict(a=1), {"M": {"a": {"N": "1"}}}),
        (MappingProxyType({"a": None}), {"M": {"a": {"NULL": True}}}),
        ((1, True), {"L": [{"N": "1"}, {"BOOL": True}]}),
        (frozenset({"a"}), {"SS": ["a"]}),
        ({"a": 1}.keys(), {"SS": ["a"]}),
        (bytearray(b"a"), {"B": b"a"}),
        ({Binary(b"a")}, {"BS": [b"a"]}),
        ("", {"S": ""}),
        ([], {"L": []}),
    ],
)
def test_what_is_like_a_type_is_taken_for_it(value: object, typed: dict[str, Any]) -> None:
    """Enums, other mappings, tuples and views, as with boto3."""
    assert typed == encode("a", value)


def nested(levels: int) -> object:
    value: object = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


_CIRCLE: list[object] = []
_CIRCLE.append(_CIRCLE)

REFUSED = [
    (1.5, "FloatValue", "holds a float, which DynamoDB cannot hold exactly. Use Decimal(str(x))"),
    (float("nan"), "FloatValue", "holds a float"),
    ({1.5}, "FloatValue", "holds a float"),
    (Decimal("NaN"), "NotANumber", "holds NaN or Infinity, which DynamoDB cannot hold. Use None"),
    (Decimal("sNaN"), "NotANumber", "holds NaN or Infinity"),
    (Decimal("Infinity"), "NotANumber", "holds NaN or Infinity"),
    (Decimal("-Infinity"), "NotANumber", "holds NaN or Infinity"),  # boto3 lets it through
    (10**40 + 1, "TooManyDigits", "holds a number with 41 digits; DynamoDB allows 38. Round it."),
    (Decimal("0." + "3" * 39), "TooManyDigits", "holds a number with 39 digits"),
    (Decimal("1E+126"), "NumberOutOfRange", "holds a number with the exponent 126; DynamoDB all"),
    (Decimal("1E-131"), "NumberOutOfRange", "holds a number with the exponent -131; DynamoDB al"),
    (Decimal("1E+999"), "NumberOutOfRange", "holds a number with the exponent 999; DynamoDB all"),
    ({1, "a"}, "MixedSet", "holds a set of int and str. A DynamoDB set holds only text, only num"),
    ({None, "a"}, "MixedSet", "holds a set of NoneType and str."),
    ({True}, "MixedSet", "holds a set of bool."),  # boto3 makes 1 of it
    ({(1, 2)}, "MixedSet", "holds a set of tuple."),
    (date(2026, 1, 1), "UnsupportedType", "holds a date. DynamoDB holds str, bytes, bool, None, i"),
    (object(), "UnsupportedType", "holds an object."),
    ({1: "x"}, "BadName", "holds a dict with a key of type int; use str."),
    ("lone \ud800", "BadText", "holds text with half a surrogate pair, which is not valid UTF-8. "),
    ({"lone \ud800": 1}, "BadText", "holds text with half a surrogate pair"),
    (nested(32), "NestedTooDeep", "has over 31 levels of nested lists and dicts; DynamoDB "),
    (nested(5_000), "NestedTooDeep", "has over 31 levels"),
    (_CIRCLE, "NestedTooDeep", "has over 31 levels"),
]


@pytest.mark.parametrize("inside", [lambda v: v, lambda v: [v], lambda v: {"inner": v}])
@pytest.mark.parametrize(
    ("value", "error_class", "message"), REFUSED, ids=[str(n) for n in range(len(REFUSED))]
)
def test_what_cannot_be_held_exactly_is_refused(
    value: object, error_class: str, message: str, inside: Callable[[object], object]
) -> None:
    """Nested or not, each with what to do about it."""
    with pytest.raises(ItemError) as refused:
        encode("price", inside(value))

    assert error_class == refused.value.error_class
    assert str(refused.value).startswith(f"Attribute 'price' {message}")


@pytest.mark.parametrize(
    "value",
    [4711.5, 4711 * 10**40 + 1, {4711, "4711"}, {4711: 1}, "4711\ud800", Decimal("4711E+130")],
)
def test_no_value_is_in_a_refusal(value: object) -> None:
    """Messages go to logs and into the ledger."""
    with pytest.raises(ItemError) as refused:
        encode("price", value)

    assert "4711" not in str(refused.value)


def test_31_levels_are_allowed() -> None:
    """And one more is not."""
    assert same(encode("a", nested(31)), encode("a", nested(31)))


@pytest.mark.parametrize("zero", ["-0", "0E-200", "0E+300", "0.00"])
def test_a_zero_has_no_exponent(zero: str) -> None:
    """DynamoDB refuses some, and they are all the same number."""
    assert {"N": "0"} == encode("n", Decimal(zero))


@pytest.mark.parametrize("number", ["9.9999999999999999999999999999999999999E+125", "1E-130", "0"])
def test_the_range_of_numbers_is_dynamodbs(number: str) -> None:
    """Its ends are in it."""
    assert {"N": number} == encode("n", Decimal(number))


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_is_kept_exactly_or_refused(value: Decimal | int) -> None:
    """There is no third way."""
    try:
        typed = encode("n", value)
    except ItemError as refused:
        assert refused.error_class in {"TooManyDigits", "NumberOutOfRange"}  # noqa: PT017
    else:
        assert Decimal(value) == Decimal(typed["N"])
