"""Times, sizes and dollars as text."""

from math import floor, log10
from typing import Final

_UNITS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0))
_SIZES = (("TiB", 1_024**4), ("GiB", 1_024**3), ("MiB", 1_024**2), ("KiB", 1_024), ("bytes", 1))
_CENT: Final = 0.01
_DIGITS: Final = 6  # at most, after the decimal point
_LEAST: Final = 10**-_DIGITS


def time_words(seconds: float) -> str:
    """Return a time in its largest unit: ``7.3 hours``."""
    name, size = next((u for u in _UNITS if seconds >= u[1]), _UNITS[-1])
    figure = seconds / size
    return f"{figure:,.0f} {name}" if size == 1 else f"{figure:,.1f} {name}"


def size_words(size: float) -> str:
    """Return a size in its largest unit: ``100.0 GiB``."""
    name, unit = next((u for u in _SIZES if size >= u[1]), _SIZES[-1])
    return f"{size:,.0f} {name}" if unit == 1 else f"{size / unit:,.1f} {name}"


def dollars_words(amount: float) -> str:
    """Return an amount to the cent; less than a cent with two significant digits: ``$0.0042``.

    plugin/static/dom.js does the same in the browser.
    """
    if not 0 < amount < _CENT:
        return f"${amount:,.2f}"
    if amount < _LEAST:
        return f"under ${_LEAST:.{_DIGITS}f}"
    return f"${amount:.{min(_DIGITS, 1 - floor(log10(amount)))}f}"


def type_words(value: object) -> str:
    """Return the name of a value's type after its article, as in "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
