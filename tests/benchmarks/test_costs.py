"""Ratios that are worth watching. They print, and never fail on time."""

import subprocess
import sys
import time

import pytest
from airflow_ddb_migrate import build_segment_payload
from ddb_transform.transform import Context, load


@pytest.mark.parametrize("segments", [100, 10_000, 1_000_000])
def test_payload(segments, capsys):
    """Building the map's input takes milliseconds and stays far below the limit."""
    began = time.perf_counter()
    payload = build_segment_payload("orders", segments)
    milliseconds = 1_000 * (time.perf_counter() - began)
    size = len(payload.encode())
    with capsys.disabled():
        print(f"\npayload of {segments:>9,} segments: {size:>6,} bytes, {milliseconds:.1f} ms")
    assert size <= 60_000


def test_dag_parse(capsys):
    """The example DAG costs little over importing Airflow itself."""
    sdk, dag = (_seconds(code) for code in ("import airflow.sdk", "import dags.ddb_migration"))
    with capsys.disabled():
        print(f"\nimport airflow.sdk {sdk:.2f} s, the example DAG {dag:.2f} s: {dag / sdk:.2f} x")


def test_untouched_items_are_cheap(capsys):
    """A transform pays for the attributes it touches, not for those it leaves alone."""
    transform = load("add_updated_at", Context("m", "2026-01-01T00:00:00.000Z", key_names=("id",)))
    costs = {}
    for attributes in (1, 100):
        item = {"id": {"S": "a"}, **{f"a{n}": {"N": str(n)} for n in range(attributes)}}
        began = time.perf_counter()
        for _ in range(2_000):
            transform.apply(item)
        costs[attributes] = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n100 attributes cost {costs[100] / costs[1]:.2f} x of 1 attribute")
    assert transform.apply(item).outcome == "changed"


def _seconds(code):
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        best = min(best, time.perf_counter() - began)
    return best
