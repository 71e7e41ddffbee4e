"""Background processes: ended with all their children, found again, and never mistaken."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil
import pytest
from airflow_ddb_migrate.local.processes import background
from airflow_ddb_migrate.local.processes.background import Background, free_port, launch
from tests.support.waiting import await_that

# Tells its own pid and its child's, then waits for both to be ended.
_FAMILY = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
with open(sys.argv[1], "w") as told:
    print(os.getpid(), child.pid, file=told)
child.wait()
"""
# Starts one in a session of its own, by way of a child that ends: an orphan of another group.
_STRAYS = """
import subprocess, sys
wait = [sys.executable, "-c", "import time; time.sleep(600)"]
nested = "import subprocess as s, sys; w = sys.argv[1:]; d = s.DEVNULL; "
nested += "print(s.Popen(w, start_new_session=True, stdout=d, stderr=d).pid)"
stray = subprocess.run([sys.executable, "-c", nested, *wait], capture_output=True, text=True)
child = subprocess.Popen(wait)
with open(sys.argv[1], "w") as told:
    print(child.pid, int(stray.stdout), file=told)
child.wait()
"""
_STARTER = """
import os, signal, sys
from pathlib import Path
from airflow_ddb_migrate.local.processes.background import launch
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores it
command = [sys.executable, "-c", sys.argv[1], sys.argv[2]]
leader = launch(command, env=dict(os.environ), log=Path(sys.argv[3]), stays=sys.argv[4] == "stays")
leader.remember(Path(sys.argv[5]))
signal.pause()
"""
_STUBBORN = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "w") as told:
    print(os.getpid(), os.getpid(), file=told)
signal.pause()
"""


class Family:
    """A process and its child, once both are there."""

    def __init__(self, folder: Path, code: str = _FAMILY) -> None:
        told = folder / "told"
        os.mkfifo(told)
        self.leader = launch(
            [sys.executable, "-c", code, str(told)], env=dict(os.environ), log=folder / "log"
        )
        pids = told.read_text().split()  # blocks until they are there
        self.pids = [int(pid) for pid in pids]

    @property
    def alive(self) -> list[int]:
        return _alive(self.pids)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    family = Family(tmp_path)
    yield family
    family.leader.stop()


def test_a_launched_process_is_alive_and_leads_its_group(family: Family) -> None:
    """A signal to the group reaches what it started itself."""
    assert family.leader.is_alive
    assert [family.leader.pid] * 2 == [os.getpgid(pid) for pid in family.pids]


def test_stop_ends_the_whole_group(family: Family) -> None:
    """No worker of an emulator stays behind."""
    family.leader.stop()

    assert [] == family.alive
    assert not family.leader.is_alive


def test_stop_is_patient_and_then_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ignores the polite signal is killed."""
    monkeypatch.setattr(background, "_STOP_SECONDS", 0.2)
    family = Family(tmp_path, _STUBBORN)

    family.leader.stop()

    _await_end(*family.pids)


def test_stop_ends_strays_of_other_groups(tmp_path: Path) -> None:
    """Airflow starts its tasks in groups of their own; some are orphans by then."""
    family = Family(tmp_path, _STRAYS)
    assert 2 == len({os.getpgid(pid) for pid in family.pids})

    family.leader.stop()

    assert [] == family.alive


def test_what_a_crashed_command_left_is_ended(tmp_path: Path) -> None:
    """An emulator that is killed leaves no Lambda behind."""
    family = Family(tmp_path, _STRAYS)
    (command,) = _children(family.leader.pid) - set(family.pids)

    os.kill(command, signal.SIGKILL)

    _await_end(family.leader.pid, *family.pids)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_its_starter(tmp_path: Path, sign: signal.Signals) -> None:
    """However that ends: a killed test run leaves nothing."""
    starter, pids = _started(tmp_path, "goes")

    starter.send_signal(sign)
    starter.wait()

    _await_end(*pids)


def test_it_stays_if_it_is_to_stay(tmp_path: Path) -> None:
    """`local up` ends and leaves its stack, all of which `local down` ends."""
    starter, pids = _started(tmp_path, "stays")
    starter.kill()
    starter.wait()
    leader = Background.recall(tmp_path / "pid")
    assert leader is not None
    assert leader.is_alive
    assert pids == _alive(pids)

    leader.stop()

    assert [] == _alive(pids)


def _started(tmp_path: Path, how: str) -> tuple["subprocess.Popen[bytes]", list[int]]:
    told = tmp_path / "told"
    os.mkfifo(told)
    words = [_STRAYS, str(told), str(tmp_path / "log"), how, str(tmp_path / "pid")]
    starter = subprocess.Popen([sys.executable, "-c", _STARTER, *words], start_new_session=True)
    pids = [int(pid) for pid in told.read_text().split()]
    _await((tmp_path / "pid").exists)
    return starter, pids


def _children(pid: int) -> set[int]:
    return {each.pid for each in psutil.Process(pid).children()}


def _alive(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if background._start_time(pid)]


def _await_end(*pids: int) -> None:
    _await(lambda: not _alive(pids))


def _await(holds: Callable[[], object]) -> None:
    await_that(holds, lambda: "see the test", poll_seconds=0.02)


def test_stopping_twice_is_no_error(family: Family) -> None:
    """Clean-up code runs in more than one place."""
    family.leader.stop()
    family.leader.stop()

    assert not family.leader.is_alive


def test_a_process_that_was_killed_is_not_alive(family: Family) -> None:
    """A zombie that nobody waited for does not count."""
    os.killpg(family.leader.pid, signal.SIGKILL)
    os.waitid(os.P_PID, family.leader.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet collected

    assert not family.leader.is_alive


def test_it_is_found_again_by_its_file(family: Family, tmp_path: Path) -> None:
    """By another process, too: the file says all there is to know."""
    family.leader.remember(tmp_path / "pid")

    assert family.leader == Background.recall(tmp_path / "pid")


@pytest.mark.parametrize("text", ["", "12", "{}", '{"pid": "x", "started": "1"}', None])
def test_a_damaged_or_missing_file_remembers_nothing(tmp_path: Path, text: str | None) -> None:
    """A kill may have cut it off."""
    file = tmp_path / "pid"
    if text is not None:
        file.write_text(text)

    assert Background.recall(file) is None


def test_another_process_of_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    """Pids are used again; the time of the start is not."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        (tmp_path / "pid").write_text(json.dumps({"pid": bystander.pid, "started": "1"}))
        remembered = Background.recall(tmp_path / "pid")
        assert remembered is not None

        remembered.stop()

        assert bystander.poll() is None
        bystander.communicate(b"\n")


def test_the_output_goes_to_the_log(tmp_path: Path) -> None:
    """Folders are made; what was there from an earlier run stays."""
    log = tmp_path / "logs" / "it.log"
    for word in ("one", "two"):
        process = launch([sys.executable, "-c", f"print({word!r})"], env=dict(os.environ), log=log)
        os.waitpid(process.pid, 0)

    assert "one\ntwo\n" == log.read_text()


def test_a_free_port_can_be_bound() -> None:
    """It is one of the loopback interface's."""
    assert 1024 <= free_port() <= 65_535
