"""Calls a user's code. Any failure there becomes the error of one item, shown without values.

The text of an exception may hold a value of the item. So only text from the user's own files is
shown: the first argument of the ``raise`` statement as it is written, with the expressions of an
f-string in place of their values, or a text that is a literal in the statement that raised it.
"""

import contextvars
import decimal
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from airflow_ddb_migrate.core.errors import ItemError
from airflow_ddb_migrate.core.limits import NUMBER_DIGITS
from ddb_transform.user_code.unread import USED, UnreadAttribute, refused_unread

_PACKAGE = "transforms"
_TEXT_CHARS = 300
_CLASS_CHARS = 60
_ADVICE = {
    "KeyError": "Use item.get(name), or return SKIP for items without it.",
}
_ANY_ADVICE = "Fix the transform, or return SKIP for such items."


class Surroundings:
    """The context variables that a module's code runs with in every call.

    The decimal context is one of them; at first it has DynamoDB's precision, 38 digits.
    """

    def __init__(self) -> None:
        self._variables = contextvars.Context()
        self._variables.run(decimal.setcontext, decimal.Context(prec=NUMBER_DIGITS))
        self.run = self._variables.run

    def call(self, what: str, function: Callable[..., object], *arguments: object) -> object:
        """Call the function; ``what`` names it in the error.

        :raises ItemError: the function raised any exception.
        """
        if USED:
            USED.clear()
        try:
            result = self.run(function, *arguments)
        except BaseException as exc:  # sys.exit() in a transform is an error, too
            raise item_error(what, exc) from exc
        if USED:
            raise refused_unread()
        return result


def item_error(what: str, exc: BaseException) -> ItemError:
    """Return the item's error for an exception of the user's code that ``what`` names."""
    try:
        return _told(what, exc)
    except BaseException:  # noqa: BLE001  # the exception's class may be the user's
        text = f"{what} raised an error that cannot be shown. {_ANY_ADVICE}"
        return ItemError(text, "UnknownError")


def _told(what: str, exc: BaseException) -> ItemError:
    if USED or UnreadAttribute.__name__ in _text_of(exc):
        return refused_unread()
    places = _own_places(exc)
    text, place = _shown(exc, places), _named(places)
    if isinstance(exc, ItemError):
        return ItemError(text or f"The transform refuses the item{place}.", _clean_class(exc))
    name = _clean_class(exc)
    said = f" It says: {text.rstrip('.')}." if text else ""
    advice = _ADVICE.get(name, "" if text else _ANY_ADVICE)
    return ItemError(f"{what} raised {name}{place}.{said} {advice}".rstrip(), name)


def _own_places(exc: BaseException) -> list[tuple[str, int]]:
    """Return file and line of the frames in the user's own files, the innermost first.

    Those are the file of the function that was called, and all others of the transforms.
    """
    frames = list(traceback.walk_tb(exc.__traceback__))[1:]  # the first is our own call
    if not frames:
        return []
    called = _file(frames[0][0])
    own = [(_file(frame), line) for frame, line in frames[::-1] if _is_own(frame, called)]
    return list(dict.fromkeys(own))  # a recursive function may be there a thousand times


def _is_own(frame: FrameType, called: str) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return _file(frame) == called or module.startswith(f"{_PACKAGE}.")


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename


def _named(places: list[tuple[str, int]]) -> str:
    return f" at {Path(places[0][0]).name}:{places[0][1]}" if places else ""


def _shown(exc: BaseException, places: list[tuple[str, int]]) -> str:
    """Return the part of an exception's text that may be shown."""
    # Imported only after a failure, since a cold start compiles every import.
    from ddb_transform.user_code.raised_text import has_literal, raised_text  # noqa: PLC0415

    text = _text_of(exc)
    written = raised_text(*places[0]) if places else ""
    if not written and any(has_literal(*place, text) for place in places):
        written = text
    return _clean(written, _TEXT_CHARS)


def _text_of(exc: BaseException) -> str:
    """Return the text of an exception; empty if its class fails to make one."""
    try:
        only = exc.args[0] if len(exc.args) == 1 else exc
        return str(only if isinstance(only, str) else exc)
    except BaseException:  # noqa: BLE001  # a user's class
        return ""


def _clean_class(exc: BaseException) -> str:
    """Return the class by which the ledger counts an exception; an ItemError names its own."""
    given = exc.error_class if isinstance(exc, ItemError) else type(exc).__name__
    text = given if isinstance(given, str) else type(exc).__name__
    return _clean("".join(text.split()), _CLASS_CHARS) or "ItemError"


def _clean(text: str, most: int) -> str:
    """Return text that fits any log and the ledger: UTF-8, printable, one line, shortened."""
    plain = " ".join(str.__str__(text).encode(errors="replace").decode().split())
    printable = "".join(char if char.isprintable() else "?" for char in plain)
    return printable if len(printable) <= most else f"{printable[: most - 3]}..."
