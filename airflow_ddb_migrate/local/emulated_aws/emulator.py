"""The AWS emulator: a process on loopback with a private folder for its state and logs.

It runs code that callers send, so it answers only requests with a key that is random for each start
(see ``gate``).
"""

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.local.emulated_aws.gate import new_key
from airflow_ddb_migrate.local.processes.background import Background, free_port, launch
from airflow_ddb_migrate.local.processes.folders import private_folder

REGION = "us-east-1"

_START_SECONDS = 300.0  # a crash is noticed at once; only a hang takes this long
_POLL_SECONDS = 0.05
_LOCAL_CONCURRENCY = 4
_REMEMBERED = ("emulator.pid", "emulator.json")
_FORMERLY = ("emulator.url", "autoscaling.pid", "autoscaling.url")  # of older versions
_STATE = (*_REMEMBERED, *_FORMERLY, "logs", "tmp")
_SECRET = "test"  # noqa: S105 # signatures are not checked; the access key id is the secret


@dataclass(frozen=True, slots=True)
class Emulator:
    """A started emulator. ``stop`` ends it and removes its temporary folder."""

    endpoint_url: str
    access_key: str = field(repr=False)
    process: Background
    state_dir: Path

    @property
    def credentials(self) -> dict[str, str]:
        """The keyword arguments of a boto3 session with access to this emulator."""
        return {"aws_access_key_id": self.access_key, "aws_secret_access_key": _SECRET}

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which any AWS client reaches this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": REGION,
            **{name.upper(): value for name, value in self.credentials.items()},
        }

    @property
    def exports(self) -> str:
        """The lines that set these variables in a shell."""
        return "\n".join(f"  export {name}={value}" for name, value in self.environment.items())

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client for a service; ``options`` are those of ``Session.client``."""
        import boto3

        session = boto3.Session(region_name=REGION, **self.credentials)
        return session.client(service, **{"endpoint_url": self.endpoint_url, **options})

    def clients(self) -> Clients:
        """Return clients that reach this emulator and nothing else."""
        return Clients(self.client)

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive

    @property
    def answers_us(self) -> bool:
        """Whether it runs and its key is known. An older version's key is not known."""
        return self.is_alive and bool(self.access_key)

    def stop(self) -> None:
        self.process.stop()
        shutil.rmtree(self.state_dir / "tmp", ignore_errors=True)
        for name in _REMEMBERED:
            (self.state_dir / name).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_emulator(
    state_dir: Path, *, max_concurrency: int = _LOCAL_CONCURRENCY, stays: bool = False
) -> Emulator:
    """Start the emulator and wait until it answers. One that was left running is stopped first.

    :param stays: it outlives this process. Otherwise it ends with this process, however that ends.
    :raises MigrationError: the extra ``local`` is not installed, or the emulator did not start.
    """
    if find_spec("ministack") is None:
        raise MigrationError(
            "The embedded stack needs the extra 'local': pip install 'airflow-ddb-migrate[local]'."
        )
    state_dir = private_folder(state_dir.resolve(), holds=_STATE)
    former = find_emulator(state_dir)
    if former:
        former.stop()
    (state_dir / "tmp").mkdir(exist_ok=True)
    port, key = free_port(), new_key()
    process = launch(
        [sys.executable, "-m", "airflow_ddb_migrate.local.emulated_aws.launcher"],
        env=_environment(state_dir, port, key, max_concurrency),
        log=state_dir / "logs" / "emulator.log",
        stays=stays,
    )
    emulator = Emulator(_url(port), key, process, state_dir)
    _remember(emulator)
    _await_answer(emulator)
    return emulator


def find_emulator(state_dir: Path) -> Emulator | None:
    """Return the emulator that the folder's state names, running or not; None if there is none."""
    pid, access = (state_dir / name for name in _REMEMBERED)
    process = Background.recall(pid)
    if process is None:
        return None
    try:
        known = json.loads(access.read_text())
        return Emulator(known["endpoint_url"], known["access_key"], process, state_dir)
    except (OSError, ValueError, KeyError, TypeError):
        return Emulator("", "", process, state_dir)  # it can only be stopped


def _remember(emulator: Emulator) -> None:
    pid, access = (emulator.state_dir / name for name in _REMEMBERED)
    known = {"endpoint_url": emulator.endpoint_url, "access_key": emulator.access_key}
    access.write_text(json.dumps(known))
    emulator.process.remember(pid)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _environment(state_dir: Path, port: int, key: str, max_concurrency: int) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "COVERAGE_"))}
    return {
        **inherited,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_SESSION_TOKEN": key,  # its Lambdas inherit this, but not the access key id
        "BIND_HOST": "127.0.0.1",  # it runs code, so never on another interface
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
    """Return whether anything answers. Even a refusal shows that the stack behind the gate runs."""
    try:
        httpx.get(url, timeout=1)
    except httpx.HTTPError:
        return False
    return True
