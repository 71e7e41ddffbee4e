"""The embedded emulator as a process: found again, ended whole, adapted by one shim."""

import contextlib
import http.client
import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from airflow_ddb_migrate.aws.clients import AUTOSCALING, Clients
from airflow_ddb_migrate.aws.errors import aws_call
from airflow_ddb_migrate.aws.services.autoscaling import scaling_targets
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.core.errors import CredentialsError, InvalidInputError, MigrationError
from airflow_ddb_migrate.hooks.migration import SiteAddress
from airflow_ddb_migrate.local.airflow_environment import connection
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from airflow_ddb_migrate.local.emulated_aws.emulator import REGION, Emulator
from botocore.exceptions import ClientError
from tests.support.waiting import HANG_SECONDS, await_that

_LOOPBACK = "0100007F"  # 127.0.0.1, as the kernel writes it


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's /proc")
def test_it_listens_on_loopback_only(emulator: Emulator) -> None:
    """It executes code, so nobody else may reach it."""
    assert "127.0.0.1" == urlsplit(emulator.endpoint_url).hostname
    assert {_LOOPBACK} == set(_listening(emulator.process.pid))


def test_it_answers_to_its_own_credentials(clients: Clients, emulator: Emulator) -> None:
    """Clients of the emulator carry its key and its endpoint, whatever is set outside."""
    assert emulator.endpoint_url == clients.sts.meta.endpoint_url
    assert "000000000000" == clients.sts.get_caller_identity()["Account"]


@pytest.mark.parametrize(
    ("service", "operation", "words"),
    [
        ("cloudformation", "describe_stacks", {}),
        ("dynamodb", "list_tables", {}),
        ("s3", "list_buckets", {}),
        (AUTOSCALING, "describe_scalable_targets", {"ServiceNamespace": "dynamodb"}),
    ],
)
def test_another_key_is_refused_in_words(
    emulator: Emulator, service: str, operation: str, words: dict[str, str]
) -> None:
    """Whoever still has the key of another start reads what to do, in each of AWS's protocols."""
    stranger = boto3.Session("LOCAL" + "0" * 32, "test", region_name=REGION)
    client = stranger.client(service, endpoint_url=emulator.endpoint_url)

    with pytest.raises(CredentialsError, match="local up"), aws_call("any", service):
        getattr(client, operation)(**words)


_FORM = urlencode({"Action": "CreateStack", "StackName": "evil", "TemplateBody": "{}"})

_WEBSOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("POST", "/", {"Origin": "http://evil.example"}, _FORM),  # a form of any page
        ("POST", "/", {}, _FORM),  # another user of this machine
        ("GET", f"/?{_FORM}", {}, None),  # an image of any page: no Origin, no preflight
        ("OPTIONS", "/", {"Origin": "http://evil.example"}, None),  # a preflight
        ("POST", "/", {"Host": "evil.example"}, _FORM),  # a name that leads here by now
        ("GET", "/_ministack/health", {}, None),
        ("POST", "/_ministack/reset", {}, ""),
        ("GET", "/", _WEBSOCKET, None),  # which no preflight asks for either
    ],
)
def test_a_web_page_reaches_nothing(
    emulator: Emulator, method: str, path: str, headers: dict[str, str], body: str | None
) -> None:
    """What a browser sends for a page that knows only the port: 403, and nothing is made."""
    address = urlsplit(emulator.endpoint_url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=HANG_SECONDS)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with contextlib.closing(connection):
        connection.request(method, path, body, form | headers)
        answer = connection.getresponse()
        answer.read()

    assert 403 == answer.status
    assert "Access-Control-Allow-Origin" not in answer.headers
    stacks = emulator.client("cloudformation").describe_stacks()["Stacks"]
    assert "evil" not in {stack["StackName"] for stack in stacks}


@pytest.mark.parametrize("header", [("Origin", "http://evil.example"), ("Host", "evil.example")])
def test_the_key_alone_does_not_open_it_to_a_page(
    emulator: Emulator, header: tuple[str, str]
) -> None:
    """No AWS client sends an Origin, or asks for another host."""
    client = emulator.client("dynamodb")

    def add(request: Any, **_: Any) -> None:
        request.headers[header[0]] = header[1]

    client.meta.events.register("before-sign.dynamodb.ListTables", add)

    with pytest.raises(ClientError) as refused:
        client.list_tables()
    assert 403 == refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_its_folder_is_its_owners(tmp_path: Path) -> None:
    """Key, logs and items lie in it; a folder that an older version left open is closed."""
    folder = tmp_path / "state"
    (folder / "logs").mkdir(parents=True)
    folder.chmod(0o755)

    with emulators.start_emulator(folder) as running:
        assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
        commands = [
            Path(f"/proc/{pid}/cmdline").read_bytes() for pid in _group(running.process.pid)
        ]
        assert {False} == {running.access_key.encode() in command for command in commands}
        assert running.access_key not in repr(running)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_of_this_machine_does_not_learn_the_key(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither from the folder, nor from its processes; and what they log does not have it."""
    paths = [emulator.state_dir / name for name in ("emulator.json", "logs/emulator.log")]
    paths += [Path(f"/proc/{pid}/environ") for pid in _group(emulator.process.pid)]

    seen = [
        subprocess.run(
            ["cat", path],
            user=65_534,
            group=65_534,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        for path in paths
    ]

    assert [""] * len(paths) == [one.stdout for one in seen]
    assert all("Permission denied" in one.stderr for one in seen), seen
    logs = [path.read_bytes() for path in (emulator.state_dir / "logs").rglob("*")]
    assert logs
    assert not any(emulator.access_key.encode() in log for log in logs)


def test_a_folder_of_somebodys_own_is_left_open(tmp_path: Path) -> None:
    """`local up --state-dir .` does not lock others out of a project."""
    folder = tmp_path / "project"
    folder.mkdir(mode=0o755)
    (folder / "README.md").touch()

    with pytest.raises(InvalidInputError, match=r"has other files, such as 'README.md'"):
        emulators.start_emulator(folder)
    assert 0o755 == stat.S_IMODE(folder.stat().st_mode)


@pytest.mark.parametrize("path", ["a-file", "a-file/below"])
def test_what_is_no_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    """In a sentence, with what to do."""
    (tmp_path / "a-file").touch()

    assert 1 == main.main(["local", "up", "--state-dir", str(tmp_path / path)])
    assert "cannot be used" in capsys.readouterr().err


def test_each_start_has_a_key_of_its_own(tmp_path: Path) -> None:
    """Yesterday's exports reach nothing today."""
    with emulators.start_emulator(tmp_path) as first:
        pass
    with emulators.start_emulator(tmp_path) as second:
        assert first.access_key != second.access_key
        assert second == emulators.find_emulator(tmp_path)


def test_auto_scaling_is_answered(clients: Clients, emulator: Emulator) -> None:
    """Truthfully: nobody has registered a target."""
    assert emulator.endpoint_url == clients.autoscaling.meta.endpoint_url
    assert () == scaling_targets(clients.autoscaling, "orders", ["", "by_origin"])


def test_airflow_reaches_it(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection of the local Airflow holds endpoint and key."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(emulator))
    address = SiteAddress(table_name="t", stack_name="s", dag_id="d", run_id="r")

    assert "000000000000" == address.clients().sts.get_caller_identity()["Account"]


def test_a_later_process_finds_and_stops_it(tmp_path: Path) -> None:
    """`local down` needs nothing but the folder."""
    started = emulators.start_emulator(tmp_path)

    found = emulators.find_emulator(tmp_path)
    assert found is not None
    found.stop()

    assert (started.endpoint_url, False) == (found.endpoint_url, started.is_alive)
    assert emulators.find_emulator(tmp_path) is None
    assert not (tmp_path / "tmp").exists()
    assert (tmp_path / "logs" / "emulator.log").exists()


def test_kill_9_of_the_starter_leaves_nothing(tmp_path: Path) -> None:
    """It could stop nothing; the emulator sees its end."""
    starter = subprocess.run(
        [sys.executable, "-c", _START_AND_DIE, str(tmp_path), "goes"],
        check=False,
        capture_output=True,
    )
    assert -signal.SIGKILL == starter.returncode
    left = emulators.find_emulator(tmp_path)
    assert left is not None

    await_that(lambda: not left.is_alive, lambda: left, poll_seconds=0.1)
    assert [] == _listening(left.process.pid)


def test_a_start_ends_one_that_stayed(tmp_path: Path) -> None:
    """A folder has one emulator: the next start ends the one before."""
    subprocess.run(
        [sys.executable, "-c", _START_AND_DIE, str(tmp_path), "stays"],
        check=False,
        capture_output=True,
    )
    left = emulators.find_emulator(tmp_path)
    assert left is not None
    assert left.is_alive

    with emulators.start_emulator(tmp_path) as running:
        assert (False, True) == (left.is_alive, running.is_alive)
        assert left.endpoint_url != running.endpoint_url


def test_a_foreign_process_with_the_remembered_pid_is_left_alone(tmp_path: Path) -> None:
    """After a reboot the pid may be anybody's."""
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    remembered = {"pid": bystander.pid, "started": "1"}
    (tmp_path / "emulator.pid").write_text(json.dumps(remembered))

    found = emulators.find_emulator(tmp_path)
    assert found is not None
    found.stop()

    assert bystander.poll() is None
    bystander.communicate(b"\n")


@pytest.mark.story
def test_up_keeps_the_one_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """`local up` twice: the same endpoint, nothing to change; then `local down` ends it."""
    request.addfinalizer(lambda: main.main(["local", "down", "--state-dir", str(tmp_path)]))
    said = []
    for command in ("up", "up", "down", "down"):
        assert 0 == main.main(["local", command, "--state-dir", str(tmp_path)])
        said.append(capsys.readouterr().out)

    endpoints = [re.findall(r"AWS_ENDPOINT_URL=(\S+)", text) for text in said[:2]]
    assert (1, endpoints[0]) == (len(endpoints[0]), endpoints[1])
    assert "  export AWS_ACCESS_KEY_ID=LOCAL" in said[0]
    assert "Stack ddb-migrate: nothing to change." in said[1]
    assert ["Stopped.\n", f"No embedded stack runs from {tmp_path}: nothing to do.\n"] == said[2:]
    assert [tmp_path / "logs"] == list(tmp_path.iterdir())


def test_up_replaces_one_whose_key_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """An older version left it running, and it would answer anybody."""
    request.addfinalizer(lambda: main.main(["local", "down", "--state-dir", str(tmp_path)]))
    former = emulators.start_emulator(tmp_path)
    (tmp_path / "emulator.json").rename(tmp_path / "emulator.url")

    assert 0 == main.main(["local", "up", "--state-dir", str(tmp_path)])

    assert not former.is_alive
    assert former.endpoint_url not in capsys.readouterr().out


def test_it_leaves_nothing_outside_its_folder(tmp_path: Path) -> None:
    """Every folder that it writes to is a part of the one that is removed."""
    environment = emulators._environment(tmp_path, port=1, key="k", max_concurrency=1)

    folders = {environment[name] for name in ("TMPDIR", "STATE_DIR", "S3_DATA_DIR")}
    assert {True} == {Path(folder).is_relative_to(tmp_path / "tmp") for folder in folders}


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator is no dependency of the provider."""
    monkeypatch.setattr(emulators, "find_spec", lambda name: None)

    with pytest.raises(MigrationError, match=r"airflow-ddb-migrate\[local\]"):
        emulators.start_emulator(tmp_path)


_START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from airflow_ddb_migrate.local.emulated_aws import emulator
emulator.start_emulator(Path(sys.argv[1]), stays=sys.argv[2] == "stays")
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
