"""The AWS emulator: processes on loopback, with a temporary folder and logs of their own.

ministack answers for every service but auto scaling, which it does not have; a moto server beside
it answers for that one.
"""

import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from airflow_ddb_migrate.aws.clients import AUTOSCALING, Clients
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.local.processes import Background, free_port, launch

REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}  # the emulator's own

_START_SECONDS = 30.0
_POLL_SECONDS = 0.05
_LOCAL_CONCURRENCY = 4
_EMULATOR = "emulator"
_AUTOSCALING = "autoscaling"
_GONE = ("", Background(0, "never"))


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator. ``stop`` ends it and removes its temporary folder."""

    endpoint_url: str
    process: Background
    state_dir: Path
    autoscaling_url: str
    autoscaling: Background

    @property
    def service_endpoints(self) -> dict[str, str]:
        """Endpoints of the services that are not at ``endpoint_url``, by boto3's names."""
        return {AUTOSCALING: self.autoscaling_url}

    def clients(self) -> Clients:
        """Return clients that reach this emulator and nothing else."""
        import boto3

        session = boto3.Session(region_name=REGION, **CREDENTIALS)

        def make(service: str) -> Any:
            url = self.service_endpoints.get(service, self.endpoint_url)
            return session.client(service, endpoint_url=url)

        return Clients(make)

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive and self.autoscaling.is_alive

    def stop(self) -> None:
        self.process.stop()
        self.autoscaling.stop()
        shutil.rmtree(self.state_dir / "tmp", ignore_errors=True)
        for name in (_EMULATOR, _AUTOSCALING):
            _pid_file(self.state_dir, name).unlink(missing_ok=True)
            _endpoint_file(self.state_dir, name).unlink(missing_ok=True)

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
    (state_dir / "tmp").mkdir(parents=True, exist_ok=True)
    port, autoscaling_port = free_port(), free_port()
    environment = _environment(state_dir, port, max_concurrency)
    module = "airflow_ddb_migrate.local"
    autoscaling = _launch(
        state_dir,
        _AUTOSCALING,
        [f"{module}.autoscaling", str(autoscaling_port)],
        environment,
        autoscaling_port,
    )
    process = _launch(state_dir, _EMULATOR, [f"{module}.launcher"], environment, port)
    emulator = Emulator(_url(port), process, state_dir, _url(autoscaling_port), autoscaling)
    _await_answer(emulator)
    return emulator


def find(state_dir: Path) -> Emulator | None:
    """Return the emulator that this folder remembers, running or not; None when there is none."""
    found = {name: _recall(state_dir, name) for name in (_EMULATOR, _AUTOSCALING)}
    if not any(found.values()):
        return None
    url, process = found[_EMULATOR] or _GONE
    autoscaling_url, autoscaling = found[_AUTOSCALING] or _GONE
    return Emulator(url, process, state_dir, autoscaling_url, autoscaling)


def _recall(state_dir: Path, name: str) -> tuple[str, Background] | None:
    process = Background.recall(_pid_file(state_dir, name))
    if process is None or not _endpoint_file(state_dir, name).exists():
        return None
    return _endpoint_file(state_dir, name).read_text(), process


def _launch(
    state_dir: Path, name: str, module: list[str], environment: dict[str, str], port: int
) -> Background:
    process = launch(
        [sys.executable, "-m", *module], env=environment, log=state_dir / "logs" / f"{name}.log"
    )
    process.remember(_pid_file(state_dir, name))
    _endpoint_file(state_dir, name).write_text(_url(port))
    return process


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


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
        if _answers(emulator.endpoint_url) and _listens(emulator.autoscaling_url):
            return
        time.sleep(_POLL_SECONDS)
    emulator.stop()
    raise MigrationError(
        f"The emulator did not answer at {emulator.endpoint_url} and {emulator.autoscaling_url} "
        f"within {_START_SECONDS:.0f} s. See the logs in {emulator.state_dir / 'logs'}."
    )


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/_ministack/health", timeout=1).close()  # noqa: S310
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _listens(url: str) -> bool:
    """Tell whether a port takes connections; the answer may take a moment longer."""
    port = urlsplit(url).port
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port or 0)) == 0


def _pid_file(state_dir: Path, name: str) -> Path:
    return state_dir / f"{name}.pid"


def _endpoint_file(state_dir: Path, name: str) -> Path:
    return state_dir / f"{name}.url"
