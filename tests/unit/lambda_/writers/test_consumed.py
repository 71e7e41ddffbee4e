"""What a write took: all of it for the bill, and the busiest resource's part for the budget."""

from typing import Any

import pytest
from airflow_ddb_migrate.core.ledger.counts import Units
from ddb_transform.writers.consumed import written_units


def report(total: float, **indexes: float) -> dict[str, Any]:
    """One of DynamoDB's: the total, and what each global index got of it."""
    parts = {name: {"CapacityUnits": units} for name, units in indexes.items()}
    table = {"CapacityUnits": total - sum(indexes.values())}
    return {"CapacityUnits": total, "Table": table, "GlobalSecondaryIndexes": parts}


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], Units()),
        ([{}], Units()),
        ([report(1)], Units(written=1, busiest=1)),
        ([report(2, i=1)], Units(written=2, busiest=1)),
        ([report(3, i=2)], Units(written=3, busiest=2)),
        ([report(5, i=1, j=1)], Units(written=5, busiest=3)),
        ([report(2, i=1), report(1), report(2, j=1)], Units(written=5, busiest=3)),
        ([report(3, i=2), report(3, i=2), report(3, j=2)], Units(written=9, busiest=4)),
    ],
    ids=["none", "empty", "table", "index", "moved", "large", "batch", "busy index"],
)
def test_the_busiest_resource_is_told_from_the_others(
    reports: list[dict[str, Any]], expected: Units
) -> None:
    """The table, or the index that all requests of a batch together ask for more."""
    assert expected == written_units(reports)


def test_a_local_index_counts_as_the_table() -> None:
    """They share one capacity."""
    local = {"l": {"CapacityUnits": 1.0}}
    told = {"CapacityUnits": 2.0, "Table": {"CapacityUnits": 1.0}, "LocalSecondaryIndexes": local}

    assert Units(written=2, busiest=2) == written_units([told])


def test_what_is_not_told_apart_counts_as_the_table() -> None:
    """So an engine that reports no indexes makes a migration slower, never faster."""
    assert Units(written=2, busiest=2) == written_units([{"CapacityUnits": 2.0}])
