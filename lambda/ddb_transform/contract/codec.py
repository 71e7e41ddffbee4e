"""Converts between Python values and typed values, and compares typed values.

Values are decoded and encoded as in boto3, with two exceptions: numbers keep every digit as stored,
and sets and maps are sorted, so that a transform has the same result in every process. A value that
DynamoDB cannot hold exactly is refused for its item, with advice. So is what boto3 lets through:
-Infinity, empty sets, True in a set of numbers. Encoded values hold plain Python types only, never
subclasses.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Underflow
from typing import Any, TypeAlias

from boto3.dynamodb.types import Binary, TypeDeserializer

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.ledger.records import TypedValue
from airflow_ddb_migrate.core.limits import NESTED_LEVELS, NUMBER_DIGITS, NUMBER_EXPONENTS
from airflow_ddb_migrate.core.text.figures import type_words

_SETS = {"SS", "NS", "BS"}
_LOWEST, _HIGHEST = NUMBER_EXPONENTS
# boto3's own context takes neither 1 with 50 zeros, which the service returns for 1E+50, nor 38
# digits near the lowest exponent. Trailing zeros may be dropped; any other loss is trapped.
_NUMBERS = Context(
    prec=NUMBER_DIGITS,
    Emin=_LOWEST,
    Emax=_HIGHEST,
    traps=[Clamped, Inexact, Overflow, Underflow],
)


class _BackwardSet(set[Any]):
    """A set that iterates backward, to reveal results that depend on the order."""

    def __iter__(self) -> Iterator[Any]:
        yield from reversed(list(super().__iter__()))

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self))}}}" if self else "set()"

    # Inside, a copy has the same order as a copy of the plain set.

    def __copy__(self) -> Any:
        return type(self)(self)

    def __reduce__(self) -> Any:
        return type(self), (list(super().__iter__()),)

    def pop(self) -> Any:
        if not self:
            return super().pop()  # raises KeyError, like any set
        member = next(iter(self))
        self.discard(member)
        return member


def _backward(members: Iterable[Any]) -> set[Any]:
    """Return a set that iterates backward; with one member, a plain set will do."""
    kept = list(members)
    return _BackwardSet(kept) if len(kept) > 1 else set(kept)


class _Decoder(TypeDeserializer):  # type: ignore[misc]  # boto3 has no types
    """boto3's decoder, but it also reads numbers that boto3 cannot, and sorts maps and sets.

    A set's order depends on its hashes, which the function's PYTHONHASHSEED fixes, and on the order
    in which its members are added.
    """

    def __init__(self, make_set: Callable[[Iterable[Any]], set[Any]]) -> None:
        self._make_set = make_set
        kinds = ("null", "bool", "n", "s", "b", "ns", "ss", "bs", "m", "l")
        self._by_kind = {kind.upper(): getattr(self, f"_deserialize_{kind}") for kind in kinds}

    def deserialize(self, value: TypedValue) -> Any:
        ((kind, content),) = value.items()
        return self._by_kind[kind](content)

    def _deserialize_n(self, value: str) -> Decimal:
        return Decimal(value)

    def _deserialize_m(self, value: Mapping[str, TypedValue]) -> dict[str, Any]:
        return {name: self.deserialize(value[name]) for name in sorted(value)}

    def _deserialize_ss(self, value: Sequence[str]) -> set[Any]:
        return self._make_set(sorted(value))

    def _deserialize_ns(self, value: Sequence[str]) -> set[Any]:
        return self._make_set(sorted(map(self._deserialize_n, value)))

    def _deserialize_bs(self, value: Sequence[Any]) -> set[Any]:
        return self._make_set(map(self._deserialize_b, sorted(value, key=_plain)))


decode: Callable[[TypedValue], Any] = _Decoder(set).deserialize
decode_backward: Callable[[TypedValue], Any] = _Decoder(_backward).deserialize


class _Unfit(Exception):  # noqa: N818  # half a sentence; encode adds the attribute
    """Says what DynamoDB cannot hold, without the value."""

    def __init__(self, error_class: str, what: str) -> None:
        super().__init__(what)
        self.error_class = error_class


def encode(name: str, value: Any) -> TypedValue:
    """Return the typed value; raises ItemError for what DynamoDB cannot hold exactly."""
    try:
        return _encode(value, 0)
    except _Unfit as unfit:
        raise ItemError(f"Attribute {name!r} {unfit}", unfit.error_class) from unfit


def _encode(value: Any, depth: int) -> dict[str, Any]:
    encoder = _BY_TYPE.get(type(value)) or _encoder_of(value)
    return encoder(value, depth)


def _encoder_of(value: Any) -> "_Encoder":
    """Return the encoder of a subclass, as StrEnum is of str."""
    for kind, encoder in _BY_TYPE.items():
        if isinstance(value, kind):
            return encoder
    raise _Unfit(
        "UnsupportedType",
        f"holds {type_words(value)}. DynamoDB holds str, bytes, bool, None, int, Decimal, "
        "lists, dicts, and sets of text, numbers or binary. Convert it: a date with isoformat().",
    )


def _null(_value: None, _depth: int) -> dict[str, Any]:
    return {"NULL": True}


def _bool(value: bool, _depth: int) -> dict[str, Any]:  # noqa: FBT001  # the value to encode
    return {"BOOL": value}


def _text(value: str, _depth: int) -> dict[str, Any]:
    return {"S": _utf8(value)}


def _binary(value: Any, _depth: int) -> dict[str, Any]:
    return {"B": bytes(value)}


def _float(_value: float, _depth: int) -> dict[str, Any]:
    raise _Unfit(
        "FloatValue",
        "holds a float, which DynamoDB cannot hold exactly. Use Decimal(str(x)), or int(x).",
    )


def _number(value: Decimal | int, _depth: int) -> dict[str, Any]:
    if not value:
        return {"N": "0"}  # DynamoDB refuses zero with some exponents
    try:
        number = _NUMBERS.create_decimal(value)
    except ArithmeticError as exc:
        raise _unfit_number(Decimal(value)) from exc
    if not number.is_finite():
        raise _Unfit(
            "NotANumber",
            "holds NaN or Infinity, which DynamoDB cannot hold. Use None, or remove the attribute "
            "(del item[name]).",
        )
    if not _LOWEST <= number.adjusted() <= _HIGHEST:
        raise _unfit_number(number)
    return {"N": str(number)}


def _unfit_number(number: Decimal) -> _Unfit:
    digits = len(number.as_tuple().digits)
    if digits > NUMBER_DIGITS:
        return _Unfit(
            "TooManyDigits",
            f"holds a number with {digits} digits; DynamoDB allows {NUMBER_DIGITS}. Round it.",
        )
    return _Unfit(
        "NumberOutOfRange",
        f"holds a number with the exponent {number.adjusted()}; DynamoDB allows {_LOWEST} to "
        f"{_HIGHEST}. Store it as text: str(x).",
    )


def _list(values: Any, depth: int) -> dict[str, Any]:
    inner = _deeper(depth)
    return {"L": [_encode(value, inner) for value in values]}


def _map(values: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    inner = _deeper(depth)
    return {"M": {_map_key(key): _encode(value, inner) for key, value in values.items()}}


def _set(values: AbstractSet[Any], depth: int) -> dict[str, Any]:
    if not values:
        raise _Unfit(
            "EmptySet",
            "is or contains an empty set, which DynamoDB cannot hold. Remove the attribute "
            "(del item[name]) instead.",
        )
    members = [_encode(value, depth) for value in values]
    kinds = {kind for member in members for kind in member}
    kind = f"{kinds.pop()}S" if len(kinds) == 1 else ""
    if kind not in _SETS:
        types = " and ".join(sorted({type(value).__name__ for value in values}))
        raise _Unfit(
            "MixedSet",
            f"holds a set of {types}. A DynamoDB set holds only text, only numbers or only binary. "
            "Use a list.",
        )
    return {kind: [content for member in members for content in member.values()]}


def _deeper(depth: int) -> int:
    if depth >= NESTED_LEVELS:
        raise _Unfit(
            "NestedTooDeep",
            f"has over {NESTED_LEVELS} levels of nested lists and dicts; DynamoDB allows "
            f"{NESTED_LEVELS}. Flatten it, or store the inner ones as JSON text.",
        )
    return depth + 1


def _map_key(key: object) -> str:
    if not isinstance(key, str):
        raise _Unfit("BadName", f"holds a dict with a key of type {type(key).__name__}; use str.")
    if not key:
        raise _Unfit("BadName", "holds a dict with an empty key; use at least one character.")
    return _utf8(key)


def _utf8(text: str) -> str:
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError as exc:
        raise _Unfit(
            "BadText",
            "holds text with half a surrogate pair, which is not valid UTF-8. Clean it: "
            "text.encode(errors='replace').decode().",
        ) from exc
    return str.__str__(text)


_Encoder: TypeAlias = Callable[[Any, int], dict[str, Any]]
_BY_TYPE: dict[type, _Encoder] = {  # a subclass takes the first match: bool before int
    str: _text,
    bool: _bool,
    int: _number,
    Decimal: _number,
    type(None): _null,
    float: _float,
    bytes: _binary,
    bytearray: _binary,
    Binary: _binary,
    dict: _map,
    list: _list,
    tuple: _list,
    set: _set,
    Mapping: _map,
    AbstractSet: _set,
}


def same(left: TypedValue | None, right: TypedValue | None) -> bool:  # noqa: PLR0911  # by type
    """Return whether two values are equal; number notation and set order make no difference."""
    if left is None or right is None:
        return left is right
    (left_type, a), (right_type, b) = *left.items(), *right.items()
    if left_type != right_type:
        return False
    if left_type == "N":
        return Decimal(a) == Decimal(b)
    if left_type in _SETS:
        return _set_of(left_type, a) == _set_of(left_type, b)
    if left_type == "L":
        return len(a) == len(b) and all(map(same, a, b))
    if left_type == "M":
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return bool(_plain(a) == _plain(b))


def _set_of(type_name: str, members: Any) -> frozenset[Any]:
    return frozenset(map(Decimal if type_name == "NS" else _plain, members))


def _plain(value: Any) -> Any:
    """Unwrap boto3's Binary."""
    return getattr(value, "value", value)
