"""A long migration on the embedded stack: nothing of ours grows. ``make soak`` runs it.

SOAK_SEGMENTS (10,000) sets its length: 8 to 25 segments a second on 2 processors. Memory and open
files of every process are sampled every two seconds. The first half is for warming up; over the
second half the line of least squares may grow by 6 MB or 5 % of the process's memory, whichever is
more, and by 2 open files. A process with fewer than 20 samples is shown and not judged.

Workers are judged over the whole run. What watches holds the rows of all lanes that have begun:
until the end it may grow by 10 KB for each of them; it is judged while it looks on for two minutes.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from tests.campaigns.soak.sampling import Process, Sampler
from tests.support.worlds.chain_world import ChainWorld, begin, chain_world, request

SEGMENTS = int(os.environ.get("SOAK_SEGMENTS", "10000"))
ITEMS = 2 * SEGMENTS
EVERY_SECONDS = 2.0
_WATCHERS = ("trigger", "viewer")
_ROW_KB, _WARM_MB = 10, 90  # of a lane's row in whoever looks; and of imports and first looks
_PATIENCE_SECONDS = 600
LATEST = Path(__file__).parents[3] / ".soak" / "latest.json"
_ROOT = Path(__file__).parents[3]
_IDENTITY = {"dag_id": "dag", "run_id": "run"}
_HEAD = f"{'process':<12}{'samples':>8}{'MB':>8}{'+MB':>7}{'files':>7}{'+files':>8}{'before':>9}"

pytestmark = [
    pytest.mark.skipif("SOAK" not in os.environ, reason="make soak runs it"),
    pytest.mark.timeout(0),
]


def test_memory_and_open_files_stay_flat(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Workers, trigger and viewer at the end of a long run hold what they held at its middle."""
    folder = tmp_path_factory.mktemp("soak")
    with chain_world(folder, tmp_path_factory.mktemp("transforms")) as world:
        table = _fill(world)
        site, began = world.site(table), time.monotonic()
        begin(site, request(segments=SEGMENTS))
        with (
            _watchers(world, table) as watchers,
            Sampler(lambda: _pids(world, watchers), 2) as seen,
        ):
            said = {role: _said(process) for role, process in watchers.items()}
            seconds, ended_at = time.monotonic() - began, seen.now
            _await_ends(watchers)
        rows = list(site.lanes.all(site.migration_id))
        changed = sum(row.counts.changed for row in rows)
    processes = list(seen.processes.values())
    for process in processes:
        process.since = ended_at if process.role in _WATCHERS else 0.0
    _report(processes, seconds)
    assert (Outcome.SUCCEEDED, SEGMENTS) == (_outcome(said["trigger"]), said["viewer"]["lanes"])
    assert (SEGMENTS, ITEMS) == (len(rows), changed)
    judged = [process for process in processes if process.is_judged and process.role != "emulator"]
    roles = {process.role for process in judged}
    assert {"worker", "trigger", "viewer"} == roles, "too short to judge: raise SOAK_SEGMENTS"
    assert [] == [leak for process in judged for leak in process.leaks()]
    most_mb = _WARM_MB + _ROW_KB * SEGMENTS / 1_024
    assert [] == [p.before_mb for p in judged if p.role in _WATCHERS and p.before_mb > most_mb]


def _fill(world: ChainWorld) -> str:
    """Make a table of small items that all need the change."""
    table = world.table(0)
    for start in range(0, ITEMS, 25):
        puts = [
            {"PutRequest": {"Item": {"id": {"S": f"item-{number:07d}"}, "n": {"N": str(number)}}}}
            for number in range(start, min(start + 25, ITEMS))
        ]
        world.clients.dynamodb.batch_write_item(RequestItems={table: puts})
    return table


@contextmanager
def _watchers(world: ChainWorld, table: str) -> Iterator[dict[str, "subprocess.Popen[str]"]]:
    processes = {role: _watch(world, table, role) for role in _WATCHERS}
    try:
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
            process.wait()


def _watch(world: ChainWorld, table: str, role: str) -> "subprocess.Popen[str]":
    running = emulators.find_emulator(world.folder)
    assert running is not None
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environment = {
        **inherited,
        **running.environment,
        "PYTHONPATH": f"{_ROOT / 'lambda'}:{_ROOT}",
        "AIRFLOW_HOME": str(world.folder / "airflow"),
    }
    command = [sys.executable, "-m", "tests.campaigns.soak.watching", role]
    return subprocess.Popen(
        [*command, json.dumps({"table_name": table, **_IDENTITY})],
        env=environment,
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def _said(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Return what a watcher says of the end, once it has come."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            return dict(json.loads(line))
    raise AssertionError(f"a watcher ended with {process.wait()}")


def _await_ends(watchers: dict[str, "subprocess.Popen[str]"]) -> None:
    for process in watchers.values():
        process.communicate(timeout=_PATIENCE_SECONDS)  # closes its pipe, too
        assert 0 == process.returncode


def _outcome(event: dict[str, Any]) -> Outcome:
    return Outcome.SUCCEEDED if event["status"] == "success" else Outcome.FAILED


def _pids(world: ChainWorld, watchers: dict[str, "subprocess.Popen[str]"]) -> dict[str, list[int]]:
    guardian = json.loads((world.folder / "emulator.pid").read_text())["pid"]
    emulator = psutil.Process(guardian).children()[0].pid
    ours = {role: [process.pid] for role, process in watchers.items()}
    return {"worker": world.lambda_pids(), **ours, "emulator": [emulator]}


def _report(processes: list[Process], seconds: float) -> None:
    """Print a line for each process, the emulator's for comparison, and keep the figures."""
    print(f"\n{SEGMENTS:,} segments, {ITEMS:,} items in {seconds:.0f} s\n{_HEAD}")
    for process in sorted(processes, key=lambda process: process.role):
        print(_line(process))
    LATEST.parent.mkdir(exist_ok=True)
    kept = [{"role": p.role, **_figures(p)} for p in processes if p.is_judged]
    LATEST.write_text(
        json.dumps({"segments": SEGMENTS, "seconds": round(seconds), "processes": kept}, indent=2)
    )


def _figures(process: Process) -> dict[str, float]:
    return {
        "samples": len(process.judged),
        "rss_mb": round(process.rss_mb, 1),
        "grown_mb": round(process.grown_mb, 1),
        "files": statistics.median(sample.files for sample in process.samples),
        "grown_files": round(process.grown_files, 1),
        "before_mb": round(process.before_mb, 1),
    }


def _line(process: Process) -> str:
    samples, rss, grown, files, more, before = _figures(process).values()
    name = process.role if process.is_judged else f"({process.role})"
    return (
        f"{name:<12}{samples:>8}{rss:>8.1f}{grown:>+7.1f}{files:>7.0f}{more:>+8.1f}{before:>+9.1f}"
    )
