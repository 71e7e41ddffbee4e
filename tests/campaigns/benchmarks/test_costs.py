"""Figures that are worth watching beside the write path. They never fail on time."""

import functools
import os
import statistics
import time
from collections.abc import Callable

import pytest
from airflow_ddb_migrate import build_segment_payload
from airflow_ddb_migrate.core.ledger.records import TypedItem
from airflow_ddb_migrate.core.plan.planner import plan_migration
from ddb_transform.contract.load import load_transform
from ddb_transform.contract.transform import Context, Transform
from tests.campaigns.benchmarks.measure import Report
from tests.support.factories import MIGRATION
from tests.support.plans import facts, sampled, wishes

_RUNS = 7
_APPLIED = 500


def milliseconds(call: Callable[[], object]) -> float:
    """Return the median of several runs."""
    taken = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        call()
        taken.append(1_000 * (time.perf_counter() - began))
    return statistics.median(taken)


@pytest.mark.parametrize("segments", [100, 10_000, 1_000_000])
def test_payload(segments: int, report: Report) -> None:
    """Building the map's input takes milliseconds and stays far below the limit."""
    size = len(build_segment_payload("orders", segments).encode())
    report.keep(
        f"payload_ms_{segments}", milliseconds(lambda: build_segment_payload("orders", segments))
    )
    report.keep(f"payload_bytes_{segments}", size)
    assert size <= 60_000


def test_plan(report: Report) -> None:
    """A plan is arithmetic: its seconds are AWS's answers alone."""
    table, seen, wanted = facts(10_000), sampled(), wishes()

    def plan() -> object:
        return plan_migration(table, seen, wanted, migration_id=MIGRATION, transform="t")

    report.keep("plan_ms", milliseconds(plan))


@pytest.mark.skipif("BENCH" not in os.environ, reason="make bench runs it")
@pytest.mark.parametrize(
    ("outcome", "updated_at"), [("unchanged", "2030-01-01"), ("changed", "2020-01-01")]
)
def test_untouched_attributes_are_cheap(outcome: str, updated_at: str, report: Report) -> None:
    """A transform pays for the attributes it touches; what is written is measured as a whole."""
    transform = load_transform(
        "add_updated_at", Context("m", "2026-01-01T00:00:00.000Z", key_names=("id",))
    )
    costs = {}
    for attributes in (1, 100):
        item = {"id": {"S": "a"}, "updatedAt": {"S": updated_at}}
        item |= {f"a{n}": {"N": str(n)} for n in range(attributes)}
        costs[attributes] = milliseconds(functools.partial(_apply, transform, item)) / _APPLIED
        assert outcome == transform.apply(item).outcome
    report.keep(f"{outcome}_100_attributes_vs_1", costs[100] / costs[1])
    report.keep(f"{outcome}_100_attributes_us", 1_000 * costs[100])


def _apply(transform: Transform, item: TypedItem) -> None:
    for _ in range(_APPLIED):
        transform.apply(item)
