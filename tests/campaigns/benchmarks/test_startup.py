"""What it costs to be there: imports in fresh interpreters, each as a ratio or on top of another.

Interpreters take turns, so that what else the machine does meets them all; medians count.
"""

import io
import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from airflow_ddb_migrate.deployment.packaging.bundle import build
from tests.campaigns.benchmarks.measure import ROUNDS, Report

_ROOT = Path(__file__).parents[3]

_PARSE = """
import time
import airflow.sdk
sdk = time.process_time()
import dags.ddb_migration
print(sdk, time.process_time())
"""

_PLUGIN = """
import time
from airflow.plugins_manager import AirflowPlugin
began = time.perf_counter()
import airflow_ddb_migrate.plugin.entry
print(time.perf_counter() - began)
"""

_UNCOMPILED = "PYTHONDONTWRITEBYTECODE"  # an installed package is compiled; Lambda's has -B

pytestmark = [
    pytest.mark.skipif("BENCH" not in os.environ, reason="make bench runs it"),
    pytest.mark.timeout(0),
]


def run(code: str, *options: str, folder: Path = _ROOT) -> str:
    command = [sys.executable, *options, "-c", code]
    kept = {name: value for name, value in os.environ.items() if name != _UNCOMPILED}
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder, env=kept)
    return done.stdout


def in_turn(
    codes: Mapping[str, str], *options: str, folder: Path = _ROOT
) -> dict[str, list[float]]:
    """Return the seconds of each code, once a round; each ran once before, unmeasured."""
    seconds: dict[str, list[float]] = {name: [] for name in codes}
    for code in codes.values():
        run(code, *options, folder=folder)
    for _ in range(ROUNDS):
        for name, code in codes.items():
            began = time.perf_counter()
            run(code, *options, folder=folder)
            seconds[name].append(time.perf_counter() - began)
    return seconds


def test_cold_start(tmp_path: Path, report: Report) -> None:
    """The zip in an interpreter of its own, compiled anew as on Lambda, over boto3 alone."""
    bundle = build()
    zipfile.ZipFile(io.BytesIO(bundle.content)).extractall(tmp_path)
    report.keep("bundle_bytes", len(bundle.content))
    codes = {"boto3": "import boto3", "handler": "import ddb_transform.handler"}

    seconds = in_turn(codes, "-B", folder=tmp_path)

    where = "import ddb_transform.handler as h; print(h.__file__)"
    assert run(where, "-B", folder=tmp_path).startswith(str(tmp_path))
    report.ratio("cold_start_vs_boto3", seconds["handler"], seconds["boto3"])


def test_dag_parse(report: Report) -> None:
    """The example DAG costs little over importing Airflow itself, in CPU from the first line on.

    One thread computes all the time: on an idle machine that is the time it takes.
    """
    run(_PARSE)  # compiled ahead, as an installed package

    rounds = [tuple(map(float, run(_PARSE).splitlines()[-1].split())) for _ in range(ROUNDS)]

    sdk, dag = zip(*rounds, strict=True)
    report.ratio("dag_parse_vs_sdk", dag, sdk)
    beyond = [1_000 * (both - one) for one, both in rounds]
    report.keep("dag_parse_ms", statistics.median(beyond))


def test_plugin_import(report: Report) -> None:
    """Every process of Airflow loads it: what it adds when Airflow is there already."""
    report.keep("plugin_import_ms", 1_000 * statistics.median(_plugin() for _ in range(ROUNDS)))


def _plugin() -> float:
    return float(run(_PLUGIN).splitlines()[-1])
