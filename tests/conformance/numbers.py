"""Numbers: what one may be, how it is read back, and how many bytes it is."""

from collections.abc import Iterator

from tests.conformance.case import ACCEPTED, REFUSED, Answer, Case, key, number, put, update
from tests.conformance.values import ITEM_BYTES, named, padded

_SUITE = "paritysuite/dynamodb-conformance tests/tier3/limits"
_SIZES = f"{_SUITE}/numberByteSize, seen on AWS 2026-08-18"
_EXPONENTS = f"{_SUITE}/numberExponent, seen on AWS 2026-10"
_PRECISION = f"{_SUITE}/numberPrecision"
_SPELLING = "nubo-db/dynoxide tests/number_validation, seen on AWS"

NUMBER_BYTES = (
    ("0", 1),
    ("1", 2),
    ("12", 2),
    ("123", 3),
    ("1234", 3),
    ("12345678901234567890123456789012345678", 20),
    ("0042", 2),
    ("100", 2),
    ("1010", 3),
    ("0.0000001", 2),
    ("1E125", 2),
    ("1E-100", 2),
    ("1.5", 3),
    ("15", 2),
    ("1.2", 3),
    ("1.200", 3),
    ("1.234", 4),
    ("3.14159", 5),
    ("123456", 4),
    ("100.5", 4),
    ("0.15", 2),
    ("-42", 3),
    ("-0", 1),
)
_REFUSED_NUMBERS = (
    ("123456789012345678901234567890123456789", "38 significant digits", _PRECISION),
    ("1E126", "overflow", _PRECISION),
    ("1E-131", "underflow", _PRECISION),
    ("0e126", "overflow", _EXPONENTS),
    ("0e-131", "underflow", _EXPONENTS),
    ("1e2147483648", "overflow", _EXPONENTS),
    ("1e-99999999999", "underflow", _EXPONENTS),
    ("1e9223372036854775808", "numeric", _EXPONENTS),
    *((bad, "numeric", _SPELLING) for bad in ("+e2", "1+2", "1.2.3", "++5", "1e", " 5", "5 ")),
    ("NaN", "numeric", _SPELLING),
    ("", "", _SPELLING),
)
_READ_AS = (
    ("+5", "5", _SPELLING),
    ("+1e2", "100", _SPELLING),
    ("+.5", "0.5", _SPELLING),
    ("5.", "5", _SPELLING),
    ("+0.0", "0", _SPELLING),
    ("00042", "42", _SPELLING),
    ("0042.1200", "42.12", _SIZES),
    ("1E125", "1" + "0" * 125, _SIZES),
    ("0e125", "0", _EXPONENTS),
    ("1e-130", "0." + "0" * 129 + "1", _EXPONENTS),
    ("9.9999999999999999999999999999999999999E125", "9" * 38 + "0" * 88, _SPELLING),
)


def cases() -> Iterator[Case]:
    case = named("numbers", _SIZES)
    for literal, size in NUMBER_BYTES:
        for over in (0, 1):
            name = f"number {literal} is {size} bytes{', one more' if over else ''}"
            item = {**key(name), "n": number(literal)}
            item = padded(item, 2 + len(name) + 1 + size, ITEM_BYTES + over)
            yield case(name, put(item), REFUSED if over else ACCEPTED)
    for literal, says, source in _REFUSED_NUMBERS:
        name = f"number '{literal}' is refused"
        answer = Answer(error="ValidationException", says=says)
        yield case(name, put({**key(name), "n": number(literal)}), answer, source=source)
    for literal, read, source in _READ_AS:
        name = f"number {literal} is read as it is kept"
        item = {**key(name), "n": number(literal)}
        then = (key(name), {"n": number(read)})
        yield case(name, put(item), ACCEPTED, then=then, source=source)
    name = "numbers of a set are normalised"
    item = {**key(name), "n": {"NS": ["+5", "1.0"]}}
    then = (key(name), {"n": {"NS": ["1", "5"]}})
    yield case(name, put(item), ACCEPTED, then=then, source=_SPELLING)
    name = "number 1e126 of an update is refused"
    yield case(name, update(name, "SET n = :n", values={"n": number("1e126")}), REFUSED)
