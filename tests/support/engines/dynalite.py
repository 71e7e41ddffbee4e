"""dynalite, a DynamoDB that shares no code with the emulator: as node runs it, on loopback."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_ddb_migrate.local.processes.background import Background, free_port, launch
from tests.support.engines.node_tools import commands_of
from tests.support.waiting import HANG_SECONDS

_PACKAGE = Path(__file__).parents[2] / "live"


@contextmanager
def dynalite(folder: Path, *, update_table_ms: int = 0) -> Iterator[str]:
    """Yield the URL. In memory; tables come and go at once, and stay UPDATING so long."""
    command = commands_of(_PACKAGE, "dynalite") / "dynalite"
    port = free_port()
    log = folder / "dynalite.log"
    times = {"create": 0, "delete": 0, "update": update_table_ms}
    words = [word for change, ms in times.items() for word in (f"--{change}TableMs", str(ms))]
    process = launch(
        [str(command), "--host", "127.0.0.1", "--port", str(port), *words],
        env=os.environ,
        log=log,
    )
    try:
        _await_answer(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


def _await_answer(process: Background, port: int, log: Path) -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline and process.is_alive:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"dynalite did not answer within {HANG_SECONDS:.0f} s: {log.read_text()}")
