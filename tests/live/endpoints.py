"""The DynamoDBs that live traffic runs on: the emulator, and dynalite, which shares no code."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from airflow_ddb_migrate.local import emulator
from airflow_ddb_migrate.local.emulator import CREDENTIALS, REGION
from airflow_ddb_migrate.local.processes import Background, free_port, launch
from botocore.config import Config
from tests.factories import data_table
from tests.node_tools import commands_of

_START_SECONDS = 10.0
# No retries: what an application sent twice, it could not tell from a lost update.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=32,
    parameter_validation=False,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A DynamoDB that answers."""

    url: str

    def client(self) -> Any:
        session = boto3.Session(region_name=REGION, **CREDENTIALS)
        return session.client("dynamodb", endpoint_url=self.url, config=_CONFIG)


def make_table(dynamodb: Any, name: str) -> None:
    """Create a table with the key ``id``, and wait until it is there."""
    data_table(dynamodb, name)
    dynamodb.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1_000}
    )


@contextmanager
def ministack(folder: Path) -> Iterator[Endpoint]:
    with emulator.start(folder) as running:
        yield Endpoint(running.endpoint_url)


@contextmanager
def dynalite(folder: Path) -> Iterator[Endpoint]:
    """In memory, on loopback, and tables change at once."""
    command = commands_of(Path(__file__).parent, "dynalite") / "dynalite"
    port = free_port()
    log = folder / "dynalite.log"
    times = [
        word for change in ("create", "delete", "update") for word in (f"--{change}TableMs", "0")
    ]
    process = launch(
        [str(command), "--host", "127.0.0.1", "--port", str(port), *times],
        env=os.environ,
        log=log,
    )
    try:
        _await_answer(process, port, log)
        yield Endpoint(f"http://127.0.0.1:{port}")
    finally:
        process.stop()


def _await_answer(process: Background, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.is_alive:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(
        f"dynalite did not answer within {_START_SECONDS:.0f} s: {log.read_text()}"
    )
