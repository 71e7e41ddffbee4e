"""Background processes that end with their starter, or are found and stopped by a later one."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_ddb_migrate.local.processes import guardian

_STOP_SECONDS = 20.0  # longer than a guardian's patience
_POLL_SECONDS = 0.1
_PIPES: dict[int, int] = {}  # by guardian: what it reads of closes when this process ends


@dataclass(frozen=True, slots=True)
class Background:
    """A command's guardian, which ends all that came from the command.

    It leads their process group; ``started`` tells it from a later process of its pid.
    """

    pid: int
    started: str

    @property
    def is_alive(self) -> bool:
        return _start_time(self.pid) == self.started

    def stop(self) -> None:
        """End all of it: politely, then for good."""
        if self.is_alive:
            self._end()
        if self.pid in _PIPES:
            os.close(_PIPES.pop(self.pid))

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        self._await_end()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # a guardian that hangs, or that an old version had
        self._await_end()

    def _await_end(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
            if not self.is_alive:
                return
            time.sleep(_POLL_SECONDS)

    def remember(self, file: Path) -> None:
        file.write_text(json.dumps({"pid": self.pid, "started": self.started}))

    @classmethod
    def recall(cls, file: Path) -> "Background | None":
        """Read a remembered process; None when there is none, or the file is damaged."""
        try:
            data = json.loads(file.read_text())
            return cls(int(data["pid"]), str(data["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def launch(
    command: Sequence[str], *, env: Mapping[str, str], log: Path, stays: bool = False
) -> Background:
    """Start a command in a process group of its own, its output in a file.

    It ends, with all that it started, when this process ends in whatever way; ``stays``: not before
    it is stopped.
    """
    how = guardian.FREE if stays else guardian.BOUND
    log.parent.mkdir(parents=True, exist_ok=True)
    ours, theirs = os.pipe()[::-1]
    with log.open("ab") as out, open(theirs, "rb") as pipe:  # noqa: PTH123  # a descriptor
        process = subprocess.Popen(  # noqa: S603  # our own commands
            [sys.executable, "-m", guardian.__name__, how, *command],
            env=dict(env),
            stdin=subprocess.DEVNULL if stays else pipe,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.returncode = 0  # left to itself: found again by its pid, not by this object
    _PIPES[process.pid] = ours
    return Background(process.pid, _start_time(process.pid))


def free_port() -> int:
    """Return a port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_time(pid: int) -> str:
    """Return when a process began, as the kernel counts; empty when there is none, or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _start_time_by_ps(pid)
    return "" if fields[0] == "Z" else fields[19]


def _start_time_by_ps(pid: int) -> str:
    """The same where there is no /proc."""
    if Path("/proc/self").exists():
        return ""
    answer = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    words = answer.stdout.split(maxsplit=1)
    return words[1].strip() if len(words) > 1 and not words[0].startswith("Z") else ""
