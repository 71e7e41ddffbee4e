"""Background processes that can be found and stopped again, also after their starter was killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.1
_LAUNCHED: list["subprocess.Popen[bytes]"] = []  # one that is dropped warns while it runs


@dataclass(frozen=True, slots=True)
class Background:
    """A process group, named by its leader; ``started`` tells it from a later one of its pid."""

    pid: int
    started: str

    @property
    def is_alive(self) -> bool:
        return _start_time(self.pid) == self.started

    def stop(self) -> None:
        """End the whole group: politely, then for good."""
        if not self.is_alive:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, sign)
            if self._ended():
                break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # members that outlived their leader

    def _ended(self) -> bool:
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
            if not self.is_alive:
                return True
            time.sleep(_POLL_SECONDS)
        return False

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


def launch(command: Sequence[str], *, env: Mapping[str, str], log: Path) -> Background:
    """Start a process as the leader of its own group, its output in a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603  # our own commands
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.returncode = 0  # left to itself: found again by its pid, not by this object
    _LAUNCHED.append(process)
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
