"""Airflow's processes: found by what they are, killed as a crash kills, started again."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from airflow_ddb_migrate.local.airflow import Airflow
from airflow_ddb_migrate.local.processes import guardian
from airflow_ddb_migrate.local.processes.background import Background, launch

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.01  # a task may live for a second only


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    session: int
    command: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        text = Path(f"/proc/{self.pid}/environ").read_bytes().decode()
        return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


@dataclass(slots=True)
class Parts:
    """The processes of one ``airflow standalone``, which starts none of its parts again.

    A part goes down with its children, as in a container, and comes back with the same command
    and environment, on the same database.
    """

    airflow: Airflow
    started: list[Background] = field(default_factory=list)

    def restart(self, name: str) -> None:
        """Kill a part, such as ``triggerer``, and start it again at once."""
        part = self._part(name)
        environment = part.environment
        kill(_with_children(part.pid))
        log = self.airflow.home / f"{name}.log"
        self.started.append(launch(part.command, env=environment, log=log))

    def restart_all(self) -> None:
        """Kill every process of Airflow, and start it again on the same home and ports."""
        whole = next(each for each in running() if each.pid == self.airflow.process.pid)
        environment = whole.environment
        kill(each.pid for each in running() if each.session in self._sessions)
        self.started.clear()
        log = self.airflow.home / "standalone.log"
        command = whole.command[whole.command.index(guardian.BOUND) + 1 :]
        self.airflow.process = launch(command, env=environment, log=log)
        self.airflow.process.remember(self.airflow.home / "airflow.pid.json")
        self.airflow._token = ""

    def stop(self) -> None:
        """End what was started here; the rest ends with Airflow."""
        for each in self.started:
            each.stop()

    @property
    def _sessions(self) -> set[int]:
        return {self.airflow.process.pid, *(each.pid for each in self.started)}

    def _part(self, name: str) -> Process:
        """Find a part; one that forks is the parent of its like."""
        found = [
            each
            for each in running()
            if each.session in self._sessions
            and len(each.command) > 1
            and each.command[-1] == name
            and Path(each.command[-2]).name == "airflow"
        ]
        pids = {each.pid for each in found}
        return next(each for each in found if each.parent not in pids)


def task_process(task_instance_id: str) -> int:
    """Wait until a task runs in a process of its own; return it, not the worker above it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for each in running():
            words = " ".join(each.command)
            if task_instance_id in words and "LocalExecutor" not in words:
                return each.pid
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"task instance {task_instance_id} has no process")


def kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def running() -> list[Process]:
    return list(_processes())


def _processes() -> Iterator[Process]:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().decode(errors="replace").strip("\0 ")
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if command and fields[0] != "Z":
            words = tuple(command.split("\0"))
            yield Process(int(path.name), int(fields[1]), int(fields[3]), words)


def _with_children(pid: int) -> set[int]:
    """Return a process and all below it."""
    found = {pid}
    processes = running()
    while more := {each.pid for each in processes if each.parent in found} - found:
        found |= more
    return found
