"""The command: its arguments, its page and its exit code."""

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from airflow_ddb_migrate.cli import doctor, main
from airflow_ddb_migrate.doctor import checkup, patient


@pytest.fixture
def silent() -> Iterator[str]:
    """Something that takes connections and says nothing, like a network that drops packets."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for connection in kept:
            connection.close()


def test_an_endpoint_that_hangs_is_a_sentence_within_seconds(
    silent: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each service has its line, and nothing waits for a service twice."""
    monkeypatch.setattr(patient, "READ_SECONDS", 0.3)
    began = time.monotonic()

    code = main.main(["doctor", "--endpoint-url", silent, "--table", "orders", "--json"])

    assert 1 == code
    assert 60 > time.monotonic() - began  # without a limit of ours botocore waits 60 s for each
    found = json.loads(capsys.readouterr().out)
    levels = {row["check"]: row["level"] for row in found["checks"]}
    assert ("unknown", "failed") == (levels["credentials"], levels["endpoint-dynamodb"])
    assert "unknown" == levels["table"]
    assert (False, "us-east-1") == (found["healthy"], found["region"])


def test_without_credentials_it_says_where_they_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One failure and what could not be asked for it: no list of consequences."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    assert 1 == main.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert ["ok", "failed", "unknown"] == [line.split()[0] for line in lines[:-1]]


def test_without_a_region_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    assert 1 == main.main(["doctor"])
    assert "No region is set" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--table", "x"], ["--profile", "nobody"]], ids=str)
def test_what_is_given_wrong_is_one_message(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == main.main(["doctor", *arguments])
    assert capsys.readouterr().err.startswith("ddb-migrate: ")


def test_credentials_that_take_for_ever_are_looked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A credential_process that hangs, as one that waits for a token: nothing else waits for it."""
    config, never = tmp_path / "config", tmp_path / "never"
    os.mkfifo(never)
    config.write_text(f"[profile slow]\ncredential_process = cat {never}\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setattr(checkup, "CALLER_SECONDS", 0.2)

    assert 1 == main.main(["doctor", "--profile", "slow", "--json"])
    never.write_text("")  # so that the process ends, too

    checks = json.loads(capsys.readouterr().out)["checks"]
    assert [
        ("region", "ok"),
        ("credentials", "unknown"),
        ("credentials", "failed"),
        ("the-rest", "unknown"),
    ] == [(row["check"], row["level"]) for row in checks]


class _WebServer(BaseHTTPRequestHandler):
    """Something else than AWS: a proxy's page, in every answer."""

    def do_POST(self) -> None:
        self.send_response(int(self.server.status))  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b"<html><h1>Please sign in</h1>")

    do_GET = do_POST  # noqa: N815  # http.server's name

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.mark.parametrize("status", [200, 403, 501])
def test_a_web_server_is_not_taken_for_aws(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor a proxy that wants somebody to sign in."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _WebServer) as server:
        server.status = status  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"

        code = main.main(["doctor", "--endpoint-url", url, "--json"])
        server.shutdown()

    checks = {row["check"]: row for row in json.loads(capsys.readouterr().out)["checks"]}
    needed = ("dynamodb", "cloudformation", "stepfunctions", "lambda")
    assert 1 == code
    assert ["failed"] * 4 == [checks[f"endpoint-{name}"]["level"] for name in needed]
    assert re.search("is not (from )?AWS", checks["endpoint-dynamodb"]["found"])


def test_an_endpoint_that_is_no_url_is_said_of_the_endpoint(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And not of the credentials."""
    assert 1 == main.main(["doctor", "--endpoint-url", "localhost:4566"])

    assert "failed   endpoint " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["--region", "us-west-2"], {"AWS_DEFAULT_REGION": "us-east-1"}, "--region"),
        ([], {"AWS_DEFAULT_REGION": "us-east-1"}, "AWS_DEFAULT_REGION"),
        (["--profile", "p"], {"AWS_DEFAULT_REGION": "us-east-1"}, "AWS_DEFAULT_REGION"),
        (["--profile", "p"], {}, "the profile p"),
        ([], {"AWS_PROFILE": "q"}, "the profile q"),
        ([], {}, "the profile default"),
    ],
)
def test_a_region_names_where_boto3_found_it(
    arguments: list[str],
    environment: dict[str, str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """boto3's own order: the option, the variable, the profile; the variable beats a named one."""
    config = tmp_path / "config"
    names = ("default", "profile p", "profile q")
    config.write_text("".join(f"[{name}]\nregion = eu-{i}\n" for i, name in enumerate(names)))
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = main.command_parser().parse_args(["doctor", *arguments])

    found = doctor._patient(options).access

    assert expected == found.region_from
    by = {"--region": "us-west-2", "AWS_DEFAULT_REGION": "us-east-1"}
    profiles = {f"the profile {n.removeprefix('profile ')}": f"eu-{i}" for i, n in enumerate(names)}
    assert {**by, **profiles}[expected] == found.region
