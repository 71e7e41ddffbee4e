"""Finds the interpreters of this machine; none is downloaded."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_WHICH = "import sys; print('%d.%d' % sys.version_info[:2])"


def running() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


@cache
def find(minor: str) -> Path | None:
    """Return an interpreter such as ``3.12``, or None."""
    return next((path for path in _candidates(minor) if _is(path, minor)), None)


def _candidates(minor: str) -> Iterator[Path]:
    """A shim of pyenv may be on the path and not work: so pyenv is asked by its folder."""
    if minor == running():
        yield Path(sys.executable)
    for folder in os.get_exec_path():
        yield Path(folder) / f"python{minor}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{minor}.*/bin/python{minor}"), reverse=True)


def _is(path: Path, minor: str) -> bool:
    try:
        done = subprocess.run(
            [path, "-c", _WHICH], capture_output=True, text=True, timeout=60, check=False
        )
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == minor
