"""hypothesis strategies for DynamoDB's typed values, as the service returns them."""

from typing import Any

from hypothesis import strategies as st

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


def _number(digits: str, exponent: int, negative: bool, plain: bool) -> str:
    """Up to 38 digits, in either notation."""
    digits = digits.lstrip("0") or "0"
    sign = "-" if negative and digits != "0" else ""
    if plain or digits == "0":
        point = len(digits) - abs(exponent) % 40
        return sign + (f"{digits[:point]}.{digits[point:]}" if 0 < point < len(digits) else digits)
    return f"{sign}{digits}E{exponent:+d}"


NUMBERS = st.builds(
    _number,
    st.text("0123456789", min_size=1, max_size=38),
    st.integers(-80, 80),
    st.booleans(),
    st.booleans(),
)
SCALARS = st.one_of(
    _TEXT.map(lambda value: {"S": value}),
    NUMBERS.map(lambda value: {"N": value}),
    st.binary(max_size=8).map(lambda value: {"B": value}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.just({"NULL": True}),
)
SETS = st.one_of(
    st.lists(_TEXT, min_size=1, max_size=4, unique=True).map(lambda value: {"SS": value}),
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=4, unique=True).map(
        lambda value: {"NS": [str(number) for number in value]}
    ),
    st.lists(st.binary(max_size=4), min_size=1, max_size=4, unique=True).map(
        lambda value: {"BS": value}
    ),
)
VALUES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    SCALARS | SETS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda value: {"L": value})
        | st.dictionaries(_NAME, inner, max_size=3).map(lambda value: {"M": value})
    ),
    max_leaves=6,
)
ATTRIBUTES = st.dictionaries(_NAME.filter(lambda name: name != "id"), VALUES, max_size=5)
