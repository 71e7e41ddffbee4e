"""The command: its arguments, its page and its exit code."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.doctor import patient


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
