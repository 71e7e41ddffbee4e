"""The metrics of a whole migration, as CloudWatch would make them of the logs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_ddb_migrate.core.metrics import catalog
from tests.support.embedded_metrics import embedded, metric_names
from tests.support.worlds.chain_world import ChainWorld, migrated

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| (Count|Seconds|Percent) \|", re.MULTILINE)
# Emulators do not throttle; tests/unit/lambda_/test_meter.py shows each of these.
UNSEEN = {metric.name for metric in catalog.THROTTLES_BY_REASON}


def documented(heading: str) -> dict[str, str]:
    """Return the units of the metrics that a section of the page describes."""
    page = (ROOT / "docs" / "metrics.md").read_text()
    (section,) = re.findall(rf"(?ms)^## {heading}$(.*?)(?=^## |\Z)", page)
    return dict(ROW.findall(section))


def lines(world: ChainWorld, group: str, text: str) -> list[dict[str, Any]]:
    """Return the documents in a function's log that hold a text, each of them checked."""
    pages = world.clients._make("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=group)
    messages = (event["message"] for page in found for event in page["events"])
    return [line for line in embedded(messages) if text in str(line)]


def total(found: list[dict[str, Any]], name: str) -> float:
    return sum(line.get(name, 0) for line in found)


def units_of(found: list[dict[str, Any]]) -> Mapping[str, str]:
    return {
        metric["Name"]: metric["Unit"]
        for line in found
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }


def test_every_metric_of_the_page_comes_from_a_migration_and_no_other(world: ChainWorld) -> None:
    """Sums are what the ledger counts."""
    table = world.table(60)
    site, seen = migrated(
        world,
        table,
        transform="picky",
        params={"bad": ["item-00007"]},
        max_quarantined=10,
        write_units_per_second=1_000_000,
    )

    found = lines(world, world.stack.log_group, site.migration_id)

    assert documented("Worker metrics") == {metric.name: metric.unit for metric in catalog.WORKER}
    assert documented("Worker metrics").items() >= units_of(found).items()
    assert set(documented("Worker metrics")) - UNSEEN == set().union(*map(metric_names, found))
    counts, units = seen.progress.counts, seen.progress.units
    assert (60, 59, 1) == (counts.seen, counts.changed, counts.quarantined)
    assert (counts.seen, counts.changed, counts.quarantined) == tuple(
        total(found, name) for name in ("ItemsSeen", "ItemsChanged", "ItemsQuarantined")
    )
    assert (units.read, units.written) == (total(found, "ReadUnits"), total(found, "WriteUnits"))
    assert {(world.stack.name, table)} == {(line["Stack"], line["Table"]) for line in found}
    assert 8 == len(found)  # a slice for each segment
    assert not any(text in str(found) for text in ("item-00007", "hunter2", "nobody may see"))
