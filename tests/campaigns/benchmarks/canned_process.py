"""Starts the canned server and reads its counts."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the server was asked; ``writes`` counts every repetition, ``distinct`` none."""

    requests: dict[str, int]
    writes: int
    distinct: int
    units: int
    ledger_requests: int


@dataclass(frozen=True, slots=True)
class CannedServer:
    """A running canned server."""

    endpoint_url: str

    def asked(self) -> Asked:
        """Return what was asked since the last time."""
        with urllib.request.urlopen(f"{self.endpoint_url}/counts") as answer:
            return Asked(**json.load(answer))


@contextmanager
def canned_server(*arguments: str) -> Iterator[CannedServer]:
    """Run the server in a process of its own."""
    command = [sys.executable, "-m", "tests.campaigns.benchmarks.canned", *arguments]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield CannedServer(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()
