"""Folders that other users of this machine must not look into: they hold keys, logs and items."""

from collections.abc import Collection
from pathlib import Path

from airflow_ddb_migrate.core.errors import InvalidInputError

_OWNER_ONLY, _OTHERS = 0o700, 0o077
_ADVICE = (
    "The embedded stack needs a folder of its own, which it closes to other users: name one that "
    "is new or empty."
)


def private_folder(folder: Path, *, holds: Collection[str] | None = None) -> Path:
    """Make a folder that its owner alone can enter, or close one that is there; return it.

    ``holds`` are the names of all that such a folder may hold: with anything else in it, an open
    folder is somebody's own, as ``/tmp`` or a project, and is not closed.

    :raises InvalidInputError: it is such a folder, another user's, or no folder.
    """
    try:
        folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        if folder.stat().st_mode & _OTHERS:
            _close(folder, holds)
    except OSError as exc:
        raise InvalidInputError(f"{folder} cannot be used: {exc.strerror}. {_ADVICE}") from exc
    return folder


def _close(folder: Path, holds: Collection[str] | None) -> None:
    foreign = sorted({entry.name for entry in folder.iterdir()} - set(holds or ()))
    if holds is not None and foreign:
        raise InvalidInputError(
            f"{folder} is open to other users and holds other files, as {foreign[0]!r}. {_ADVICE}"
        )
    folder.chmod(_OWNER_ONLY)
