"""Reads the regular files of a folder. Follows no links, even if one appears meanwhile.

Every part of a path is opened below the part before it, so a folder that is replaced by a link
after it was listed is refused. Hard links are regular files.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from airflow_ddb_migrate.core.errors import InvalidInputError

_NO_LINK: Final = (
    os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
)  # so that opening a pipe does not block
_FOLDER: Final = _NO_LINK | os.O_DIRECTORY
# Errors of opening a file of which a part is now missing, or a link.
_ANOTHER: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENXIO}
_KINDS: Final = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a folder, as it was first seen. ``name``: its path from the top, with '/'."""

    name: str
    status: os.stat_result

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def kind(self) -> str:
        """What the entry is if it is not a regular file; empty if it is."""
        format_ = stat.S_IFMT(self.status.st_mode)
        return "" if format_ == stat.S_IFREG else _KINDS.get(format_, "no regular file")


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """An open folder: what replaces it later is not read."""

    handle: int

    def entries(self, folder: str = "") -> Iterator[Entry]:
        """Yield the entries of a folder below this one; ``folder`` is empty for this one."""
        with self._opened(folder, _FOLDER) as handle, os.scandir(handle) as rows:
            for row in rows:
                name = f"{folder}/{row.name}" if folder else row.name
                yield Entry(name, row.stat(follow_symlinks=False))

    def entry(self, name: str) -> Entry | None:
        """Return one entry below this folder; None if it does not exist."""
        folder, _, last = name.rpartition("/")
        try:
            with self._opened(folder, _FOLDER) as handle:
                return Entry(name, os.stat(last, dir_fd=handle, follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read(self, entry: Entry) -> bytes:
        """Return the content of a regular file with the size that was seen.

        :raises InvalidInputError: it is another file now, or was written to meanwhile.
        """
        content = self._content(entry)
        if content is None:
            raise InvalidInputError(
                f"{entry.name!r} changed while it was read. Try again once nothing writes to the "
                "folder. Nothing was deployed."
            )
        return content

    def _content(self, entry: Entry) -> bytes | None:
        size = entry.status.st_size
        try:
            with self._opened(entry.name, _NO_LINK) as handle:
                if not _same(os.fstat(handle), entry.status):
                    return None
                with open(handle, "rb", closefd=False) as file:
                    content = file.read(size + 1)
                is_same = _same(os.fstat(handle), entry.status)
        except OSError as exc:
            if exc.errno in _ANOTHER:
                return None
            raise
        return content if is_same and len(content) == size else None

    @contextmanager
    def _opened(self, name: str, flags: int) -> Iterator[int]:
        """Open a path below this folder part by part; an OSError names the whole path."""
        *folders, last = name.split("/")
        handle = os.dup(self.handle)
        try:
            for part, how in (*((each, _FOLDER) for each in folders), (last or ".", flags)):
                below = os.open(part, how, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle
        except OSError as exc:
            raise OSError(exc.errno, exc.strerror, name or ".") from exc
        finally:
            os.close(handle)


@contextmanager
def opened_folder(path: Path) -> Iterator[OpenFolder]:
    """Open a folder that a user named. It may be a link, since the user chose it."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield OpenFolder(handle)
    finally:
        os.close(handle)


def _same(now: os.stat_result, seen: os.stat_result) -> bool:
    """Return whether it is the same file, not written to and not renamed."""
    return all(
        getattr(now, name) == getattr(seen, name)
        for name in ("st_dev", "st_ino", "st_mode", "st_size", "st_mtime_ns", "st_ctime_ns")
    )
