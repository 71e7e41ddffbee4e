"""The page of metrics and its dashboard name what is sent, and nothing else."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.catalog import Detail, Metric
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "metrics.md").read_text()
DASHBOARD = json.loads((ROOT / "docs" / "metrics-dashboard.json").read_text())
ROW = re.compile(r"^\| `(\w+)` \| (Count|Seconds|Percent) \|", re.MULTILINE)
SEARCH = re.compile(
    r"""SEARCH\('\{(\w+),([\w,]+)\} MetricName="(\w+)" Stack="[\w-]+"', '(Sum|Average)', 60\)"""
)
SETS = {*Detail.MIGRATION.sets}
SENT = {metric.name for metric in (*catalog.WORKER, *catalog.SAFETY_NET)}


@pytest.mark.parametrize(
    ("heading", "metrics"),
    [
        ("Worker metrics", catalog.WORKER),
        ("Safety net metrics", catalog.SAFETY_NET),
        ("Airflow gauges", catalog.GAUGES),
    ],
)
def test_a_table_has_each_metric_with_its_unit(heading: str, metrics: tuple[Metric, ...]) -> None:
    """That these are sent is shown by the embedded stack: tests/integration/test_metrics.py."""
    (section,) = re.findall(rf"(?ms)^## {heading}$(.*?)(?=^## |\Z)", PAGE)

    assert {metric.name: metric.unit for metric in metrics} == dict(ROW.findall(section))


def drawn() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield namespace, name and dimensions of all that the dashboard draws."""
    for widget in DASHBOARD["widgets"]:
        for row in widget["properties"]["metrics"]:
            if isinstance(row[0], dict):
                yield from _searched(row[0]["expression"])
            else:
                namespace, name, *dimensions = [word for word in row if isinstance(word, str)]
                yield namespace, name, tuple(dimensions[::2])


def _searched(expression: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    found = SEARCH.fullmatch(expression)
    if found:
        yield found[1], found[3], tuple(found[2].split(","))
    else:
        assert not expression.startswith("SEARCH"), expression


def test_the_dashboard_draws_what_is_sent() -> None:
    """CloudWatch draws an empty graph of anything else, and says nothing."""
    assert {catalog.NAMESPACE} == {namespace for namespace, _, _ in drawn()}
    assert set() == {name for _, name, _ in drawn()} - SENT
    assert set() == {dimensions for _, _, dimensions in drawn()} - SETS


def test_the_dashboard_leaves_nothing_out() -> None:
    """Who opens it sees every metric once."""
    assert SENT == {name for _, name, _ in drawn()}


def test_widgets_lie_beside_each_other() -> None:
    """CloudWatch has 24 columns, and refuses no overlap."""
    places: dict[tuple[int, int], Any] = {}
    for widget in DASHBOARD["widgets"]:
        for x in range(widget["x"], widget["x"] + widget["width"]):
            for y in range(widget["y"], widget["y"] + widget["height"]):
                assert x < 24
                assert (x, y) not in places, widget["properties"]["title"]
                places[x, y] = widget
