"""The AWS emulator: one process group on loopback, with its own temporary folder and log."""

import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.local.processes import Background, free_port, launch

REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}  # the emulator's own

_START_SECONDS = 30.0
_POLL_SECONDS = 0.05
_LOCAL_CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator. ``stop`` ends it and removes its temporary folder."""

    endpoint_url: str
    process: Background
    state_dir: Path

    def clients(self) -> Clients:
        """Return clients that reach this emulator and nothing else."""
        import boto3

        session = boto3.Session(region_name=REGION, **CREDENTIALS)

        def make(service: str) -> Any:
            return session.client(service, endpoint_url=self.endpoint_url)

        return Clients(make)

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive

    def stop(self) -> None:
        self.process.stop()
        shutil.rmtree(self.state_dir / "tmp", ignore_errors=True)
        _pid_file(self.state_dir).unlink(missing_ok=True)
        _endpoint_file(self.state_dir).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(state_dir: Path, *, max_concurrency: int = _LOCAL_CONCURRENCY) -> Emulator:
    """Start the emulator and wait until it answers; one left from before is stopped first.

    :raises MigrationError: the extra ``local`` is not installed, or the emulator did not start.
    """
    if find_spec("ministack") is None:
        raise MigrationError(
            "The embedded stack needs the extra 'local': pip install 'airflow-ddb-migrate[local]'."
        )
    state_dir = state_dir.resolve()
    former = find(state_dir)
    if former:
        former.stop()
    port = free_port()
    (state_dir / "tmp").mkdir(parents=True, exist_ok=True)
    process = launch(
        [sys.executable, "-m", "airflow_ddb_migrate.local.launcher"],
        env=_environment(state_dir, port, max_concurrency),
        log=state_dir / "logs" / "emulator.log",
    )
    process.remember(_pid_file(state_dir))
    _endpoint_file(state_dir).write_text(f"http://127.0.0.1:{port}")
    emulator = Emulator(f"http://127.0.0.1:{port}", process, state_dir)
    _await_answer(emulator)
    return emulator


def find(state_dir: Path) -> Emulator | None:
    """Return the emulator that this folder remembers, running or not; None when there is none."""
    process = Background.recall(_pid_file(state_dir))
    if process is None or not _endpoint_file(state_dir).exists():
        return None
    return Emulator(_endpoint_file(state_dir).read_text(), process, state_dir)


def _environment(state_dir: Path, port: int, max_concurrency: int) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "COVERAGE_"))}
    return {
        **inherited,
        "AWS_DEFAULT_REGION": REGION,
        "BIND_HOST": "127.0.0.1",  # it runs code: never on another interface
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(state_dir / "tmp"),
        "STATE_DIR": str(state_dir / "tmp" / "state"),
        "S3_DATA_DIR": str(state_dir / "tmp" / "s3"),
        "DDB_MIGRATE_LOCAL_CONCURRENCY": str(max_concurrency),
    }


def _await_answer(emulator: Emulator) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and emulator.is_alive:
        if _answers(emulator.endpoint_url):
            return
        time.sleep(_POLL_SECONDS)
    emulator.stop()
    raise MigrationError(
        f"The emulator did not answer at {emulator.endpoint_url} within {_START_SECONDS:.0f} s. "
        f"See {emulator.state_dir / 'logs' / 'emulator.log'}."
    )


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/_ministack/health", timeout=1).close()  # noqa: S310
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _pid_file(state_dir: Path) -> Path:
    return state_dir / "emulator.pid"


def _endpoint_file(state_dir: Path) -> Path:
    return state_dir / "emulator.url"
