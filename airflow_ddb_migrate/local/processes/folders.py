"""Folders that other users of this machine cannot read: they have keys, logs and items."""

from collections.abc import Collection
from pathlib import Path

from airflow_ddb_migrate.core.errors import InvalidInputError

_OWNER_ONLY, _OTHERS = 0o700, 0o077
_ADVICE = (
    "The embedded stack needs a folder of its own, which it closes to other users. Give a new or "
    "empty folder."
)


def private_folder(folder: Path, *, holds: Collection[str] | None = None) -> Path:
    """Create a folder that only its owner can enter, or close an existing one; return it.

    ``holds`` has the names of all files that such a folder can have. An open folder with anything
    else in it, such as ``/tmp`` or a project, has another purpose and is not closed.

    :raises InvalidInputError: it is such a folder, belongs to another user, or is not a folder.
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
            f"{folder} is open to other users and has other files, such as {foreign[0]!r}. "
            f"{_ADVICE}"
        )
    folder.chmod(_OWNER_ONLY)
