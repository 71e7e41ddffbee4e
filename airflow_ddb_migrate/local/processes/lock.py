"""One demo at a time in a folder. A killed demo leaves no lock behind."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.local.processes.folders import private_folder


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel releases it however this process ends.

    :raises MigrationError: another process holds it.
    """
    with (private_folder(folder) / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise MigrationError(
                f"Another demo is running in {folder}. Wait for it, or stop it with Ctrl-C."
            ) from exc
        yield
