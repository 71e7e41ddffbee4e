"""The embedded emulator as a process: found again, ended whole, adapted by one shim."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from airflow_ddb_migrate import cli
from airflow_ddb_migrate.aws.autoscaling import scaling_targets
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.local import emulator as emulators
from airflow_ddb_migrate.local.airflow_environment import connection
from airflow_ddb_migrate.local.emulator import Emulator
from airflow_ddb_migrate.operators._address import SiteAddress

_LOOPBACK = "0100007F"  # 127.0.0.1, as the kernel writes it


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's /proc")
def test_it_listens_on_loopback_only(emulator: Emulator) -> None:
    """It executes code, so nobody else may reach it."""
    assert "127.0.0.1" == urlsplit(emulator.endpoint_url).hostname
    for process in (emulator.process, emulator.autoscaling):
        assert {_LOOPBACK} == set(_listening(process.pid))


def test_it_answers_to_its_own_credentials(clients: Clients, emulator: Emulator) -> None:
    """Clients of the emulator carry fake credentials and its endpoint, whatever is set outside."""
    assert emulator.endpoint_url == clients.sts.meta.endpoint_url
    assert "000000000000" == clients.sts.get_caller_identity()["Account"]


def test_auto_scaling_is_answered_beside_it(clients: Clients, emulator: Emulator) -> None:
    """Truthfully: nobody has registered a target."""
    assert emulator.autoscaling_url == clients.autoscaling.meta.endpoint_url
    assert () == scaling_targets(clients.autoscaling, "orders", ["", "by_origin"])


def test_airflow_finds_both(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection of the local Airflow leads every service to where it is."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(emulator))
    address = SiteAddress(table_name="t", stack_name="s", dag_id="d", run_id="r")

    clients = address.clients()

    assert [emulator.endpoint_url, emulator.autoscaling_url] == [
        client.meta.endpoint_url for client in (clients.dynamodb, clients.autoscaling)
    ]


def test_one_without_the_other_is_not_alive(tmp_path: Path) -> None:
    """`local up` then starts both anew."""
    with emulators.start(tmp_path) as running:
        running.autoscaling.stop()

        assert (True, False) == (running.process.is_alive, running.is_alive)


def test_a_later_process_finds_and_stops_it(tmp_path: Path) -> None:
    """`local down` needs nothing but the folder."""
    started = emulators.start(tmp_path)

    found = emulators.find(tmp_path)
    assert found is not None
    found.stop()

    assert (started.endpoint_url, False) == (found.endpoint_url, started.is_alive)
    assert (started.autoscaling_url, False) == (
        found.autoscaling_url,
        started.autoscaling.is_alive,
    )
    assert emulators.find(tmp_path) is None
    assert not (tmp_path / "tmp").exists()
    assert (tmp_path / "logs" / "emulator.log").exists()


def test_a_start_after_kill_9_clears_what_was_left(tmp_path: Path) -> None:
    """The starter was killed and could stop nothing: the next start ends the old emulator."""
    starter = subprocess.run(
        [sys.executable, "-c", _START_AND_DIE, str(tmp_path)], check=False, capture_output=True
    )
    assert -signal.SIGKILL == starter.returncode
    left = emulators.find(tmp_path)
    assert left is not None
    assert left.is_alive

    with emulators.start(tmp_path) as running:
        assert (False, True) == (left.is_alive, running.is_alive)
        assert not left.autoscaling.is_alive
        assert left.endpoint_url != running.endpoint_url


def test_a_foreign_process_with_the_remembered_pid_is_left_alone(tmp_path: Path) -> None:
    """After a reboot the pid may be anybody's."""
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    remembered = {"pid": bystander.pid, "started": "1"}
    (tmp_path / "emulator.pid").write_text(json.dumps(remembered))
    (tmp_path / "emulator.url").write_text("http://127.0.0.1:1")

    found = emulators.find(tmp_path)
    assert found is not None
    found.stop()

    assert bystander.poll() is None
    bystander.communicate(b"\n")


def test_up_keeps_the_one_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """`local up` twice: the same endpoint, nothing to change; then `local down` ends it."""
    request.addfinalizer(lambda: cli.main(["local", "down", "--state-dir", str(tmp_path)]))
    said = []
    for command in ("up", "up", "down", "down"):
        assert 0 == cli.main(["local", command, "--state-dir", str(tmp_path)])
        said.append(capsys.readouterr().out)

    endpoints = [re.findall(r"AWS_ENDPOINT_URL=(\S+)", text) for text in said[:2]]
    assert (1, endpoints[0]) == (len(endpoints[0]), endpoints[1])
    assert "  export AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING=http://127.0.0.1:" in said[0]
    assert "Stack ddb-migrate: nothing to change." in said[1]
    assert ["Stopped.\n", f"No embedded stack runs from {tmp_path}: nothing to do.\n"] == said[2:]
    assert [tmp_path / "logs"] == list(tmp_path.iterdir())


def test_it_leaves_nothing_outside_its_folder(tmp_path: Path) -> None:
    """Every folder that it writes to is a part of the one that is removed."""
    environment = emulators._environment(tmp_path, port=1, max_concurrency=1)

    folders = {environment[name] for name in ("TMPDIR", "STATE_DIR", "S3_DATA_DIR")}
    assert {True} == {Path(folder).is_relative_to(tmp_path / "tmp") for folder in folders}


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator is no dependency of the provider."""
    monkeypatch.setattr(emulators, "find_spec", lambda name: None)

    with pytest.raises(MigrationError, match=r"airflow-ddb-migrate\[local\]"):
        emulators.start(tmp_path)


_START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from airflow_ddb_migrate.local import emulator
emulator.start(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def _listening(leader: int) -> list[str]:
    """Return the local addresses, as the kernel writes them, on which the group listens."""
    inodes = {
        str(entry.readlink())
        for pid in _group(leader)
        for entry in Path(f"/proc/{pid}/fd").iterdir()
        if entry.is_symlink()
    }
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return [
        row[1].split(":")[0]
        for row in rows
        if row[3] == "0A" and f"socket:[{row[9]}]" in inodes  # 0A is LISTEN
    ]


def _group(leader: int) -> list[str]:
    pids = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _is_in(int(pid), leader)]


def _is_in(pid: int, leader: int) -> bool:
    try:
        return os.getpgid(pid) == leader
    except ProcessLookupError:
        return False
