"""Ratios that are worth watching. They print, and never fail on time."""

import os
import subprocess
import sys
import time

import pytest
from airflow_ddb_migrate import build_segment_payload
from ddb_transform.load import load
from ddb_transform.transform import Context


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


@pytest.mark.skipif("BENCH" not in os.environ, reason="make bench runs it")
def test_dag_parse(capsys):
    """The example DAG costs little over importing Airflow itself."""
    sdk, dag = (_seconds(code) for code in ("import airflow.sdk", "import dags.ddb_migration"))
    with capsys.disabled():
        print(f"\nimport airflow.sdk {sdk:.2f} s, the example DAG {dag:.2f} s: {dag / sdk:.2f} x")


@pytest.mark.parametrize(
    ("outcome", "updated_at"), [("unchanged", "2030-01-01"), ("changed", "2020-01-01")]
)
def test_untouched_attributes_are_cheap(outcome, updated_at, capsys):
    """A transform pays for the attributes it touches; what is written is measured as a whole."""
    transform = load("add_updated_at", Context("m", "2026-01-01T00:00:00.000Z", key_names=("id",)))
    costs = {}
    for attributes in (1, 100):
        item = {"id": {"S": "a"}, "updatedAt": {"S": updated_at}}
        item |= {f"a{n}": {"N": str(n)} for n in range(attributes)}
        began = time.perf_counter()
        for _ in range(2_000):
            transform.apply(item)
        costs[attributes] = (time.perf_counter() - began) / 2_000
    with capsys.disabled():
        print(
            f"\n{outcome}: 100 attributes cost {costs[100] / costs[1]:.2f} x of 1 attribute, "
            f"{1e6 * costs[100]:.0f} us"
        )
    assert outcome == transform.apply(item).outcome


def _seconds(code):
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        best = min(best, time.perf_counter() - began)
    return best
