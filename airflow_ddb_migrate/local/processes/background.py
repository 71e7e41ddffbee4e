"""Background processes that end with their starter, or that a later process finds and stops."""

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

import psutil

from airflow_ddb_migrate.local.processes import guardian

_STOP_SECONDS = 20.0  # longer than a guardian's patience
_POLL_SECONDS = 0.1
_CLOCK_SECONDS = 5.0  # a start time is relative to the boot, so it moves if the clock is corrected
_PIPES: dict[int, int] = {}  # by guardian: its pipe, which closes when this process ends


@dataclass(frozen=True, slots=True)
class Background:
    """A command's guardian, which ends all processes of the command.

    It leads their process group. ``started`` (seconds since the epoch) distinguishes it from a
    later process with the same pid.
    """

    pid: int
    started: float

    @property
    def is_alive(self) -> bool:
        began = _start_time(self.pid)
        return began > 0 and abs(began - self.started) < _CLOCK_SECONDS

    def stop(self) -> None:
        """End all of its processes: by SIGTERM, then by SIGKILL."""
        if self.is_alive:
            self._end()
        if self.pid in _PIPES:
            os.close(_PIPES.pop(self.pid))

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        self._await_end()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # the guardian hangs, or is of an old version
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
        """Read the process from its file; None if there is none, or the file is damaged."""
        try:
            data = json.loads(file.read_text())
            return cls(int(data["pid"]), float(data["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def launch(
    command: Sequence[str], *, env: Mapping[str, str], log: Path, stays: bool = False
) -> Background:
    """Start a command in a process group of its own, with its output in a file.

    It ends, with all processes that it started, when this process ends in any way. With ``stays``
    it runs until it is stopped.
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
    process.returncode = 0  # it is found again by its pid, not by this object
    _PIPES[process.pid] = ours
    return Background(process.pid, _start_time(process.pid))


def free_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_time(pid: int) -> float:
    """Return when a process began, since the epoch; 0 if there is none, or a zombie."""
    try:
        process = psutil.Process(pid)
        is_gone = process.status() == psutil.STATUS_ZOMBIE
        return 0.0 if is_gone else float(process.create_time())
    except psutil.Error:
        return 0.0
