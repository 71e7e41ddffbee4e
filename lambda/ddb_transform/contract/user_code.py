"""Calls what a user wrote. Whatever goes wrong there is one item's error, shown without values."""

import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from airflow_ddb_migrate.core.errors import ItemError


def call(what: str, function: Callable[..., object], *arguments: object) -> object:
    """Call the function; ``what`` names it in the error.

    :raises ItemError: it raised; an ItemError of its own is passed on as it is.
    """
    try:
        return function(*arguments)
    except ItemError:
        raise
    except (Exception, SystemExit) as exc:
        raise ItemError(
            f"{what} raised {type(exc).__name__}{_where(exc)}.", type(exc).__name__
        ) from exc


def _where(exc: BaseException) -> str:
    """Name the last line of the user's own file; never the message, which may hold a value."""
    frames = list(traceback.walk_tb(exc.__traceback__))[1:]  # the first is the call of it
    own = [frame[1] for frame in frames if _file(frame) == _file(frames[0])]
    return f" at {Path(_file(frames[0])).name}:{own[-1]}" if own else ""


def _file(frame: tuple[FrameType, int]) -> str:
    return frame[0].f_code.co_filename
