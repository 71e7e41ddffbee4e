"""Runs one command, and ends all its processes when the command or its starter ends.

``python -m airflow_ddb_migrate.local.processes.guardian bound COMMAND ...`` has a pipe from its
starter as standard input. The pipe closes however the starter ends, even by ``kill -9``. ``free``
runs until it is told to end. Both end every descendant, whatever its process group: on Linux,
orphans become children of this process. macOS cannot do that, so an orphan may stay there.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import psutil

BOUND, FREE = "bound", "free"

_PR_SET_CHILD_SUBREAPER = 36
_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.05
_STARTER_ENDED = signal.SIGUSR1
_AWAITED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, _STARTER_ENDED}


def main(arguments: Sequence[str]) -> int:
    """Run the command until it, its starter or a signal ends it; return an exit code."""
    how, *command = arguments
    _adopt_orphans()
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_unblock)  # noqa: PLW1509, S603
    if how == BOUND:
        threading.Thread(target=_await_starter, daemon=True).start()
    code = _await_end(child.pid)
    _end_descendants()
    return code


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)


def _await_starter() -> None:
    """Wait until the pipe closes: nothing is ever written to it."""
    os.read(0, 1)
    os.kill(os.getpid(), _STARTER_ENDED)


def _await_end(child: int) -> int:
    while (received := signal.sigwait(_AWAITED)) == signal.SIGCHLD:
        status = _reap().get(child)
        if status is not None:
            return os.waitstatus_to_exitcode(status) % 256
    return 128 + received


def _reap() -> dict[int, int]:
    """Collect the processes that have ended; return their statuses by pid."""
    ended = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            ended[pid] = status
    return ended


def _end_descendants() -> None:
    """End all descendants by SIGTERM, then by SIGKILL, including those that start meanwhile."""
    deadline = time.monotonic() + _GRACE_SECONDS
    asked: set[int] = set()
    while left := psutil.Process().children(recursive=True):
        is_late = time.monotonic() > deadline
        for process in left:
            if is_late or process.pid not in asked:
                asked.add(process.pid)
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL if is_late else signal.SIGTERM)
        time.sleep(_POLL_SECONDS)
        _reap()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
