"""hypothesis strategies for DynamoDB's typed values, as the service returns them.

Every type, also five levels deep; numbers of 38 digits over DynamoDB's whole range; empty text and
binary; names that need care wherever a name is written.
"""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

_ANY = st.characters(exclude_categories=["Cs"])
_TEXT = st.text(_ANY, max_size=8)
_LONG = 300
_ODD_NAMES = (
    "select",
    "VALUE",
    "size",
    "attribute_exists",
    "a.b",
    "a[0]",
    'a"b',
    '""',
    "a'b",
    "`a`",
    "#a",
    "#n0",
    ":a",
    ":v0",
    "?",
    " ",
    "a b",
    "-- a",
    "1",
    "\N{SNOWMAN}",
    "e\N{COMBINING ACUTE ACCENT}",
    "\N{PILE OF POO}",
    "\n",
    "\\",
    "B",
    "BS",
    "x" * _LONG,
    '".' * _LONG,
    "\N{SNOWMAN}" * _LONG,
)
NAMES = st.text(_ANY, min_size=1, max_size=6) | st.sampled_from(_ODD_NAMES)
_LEVELS = 5


def _number(digits: str, exponent: int, negative: bool, plain: bool) -> str:
    """Up to 38 digits in either notation; ``exponent`` is that of the first digit."""
    digits = digits.strip("0") or "0"
    if digits == "0":
        return digits
    number = Decimal((int(negative), tuple(map(int, digits)), exponent - len(digits) + 1))
    return f"{number:f}" if plain else str(number)


NUMBERS = st.builds(
    _number,
    st.text("0123456789", min_size=1, max_size=38) | st.text("123456789", min_size=38, max_size=38),
    st.integers(-130, 125) | st.integers(-3, 40) | st.sampled_from([-130, 125]),
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
    st.lists(NUMBERS, min_size=1, max_size=4, unique_by=Decimal).map(lambda value: {"NS": value}),
    st.lists(st.binary(max_size=4), min_size=1, max_size=4, unique=True).map(
        lambda value: {"BS": value}
    ),
)


def _nested(value: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Put a value into as many lists and maps as there are names; an empty one is a list."""
    for name in names:
        value = {"M": {name: value}} if name else {"L": [value, value]}
    return value


_SHALLOW: st.SearchStrategy[dict[str, Any]] = st.recursive(
    SCALARS | SETS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda value: {"L": value})
        | st.dictionaries(NAMES, inner, max_size=3).map(lambda value: {"M": value})
    ),
    max_leaves=6,
)
_DEEP = st.builds(
    _nested,
    SCALARS | SETS,
    st.lists(NAMES | st.just(""), min_size=_LEVELS, max_size=_LEVELS),
)
VALUES = _SHALLOW | _DEEP
ATTRIBUTES = st.dictionaries(NAMES.filter(lambda name: name != "id"), VALUES, max_size=5)
