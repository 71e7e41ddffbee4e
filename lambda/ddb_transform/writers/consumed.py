"""The capacity that a write consumed, as DynamoDB reports it."""

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_ddb_migrate.core.ledger.counts import Units

DETAIL = "INDEXES"  # value of ReturnConsumedCapacity


def written_units(reports: Iterable[Mapping[str, Any]]) -> Units:
    """Add up the reports of one request.

    Units that are not reported for a global index count as the table's, and so do a local index's.
    So an engine that does not report indexes makes a migration slower, never faster.
    """
    total, indexes = 0.0, dict[str, float]()
    for report in reports:
        total += report.get("CapacityUnits", 0.0)
        for name, used in report.get("GlobalSecondaryIndexes", {}).items():
            indexes[name] = indexes.get(name, 0.0) + used.get("CapacityUnits", 0.0)
    table = total - sum(indexes.values())
    return Units(written=total, busiest=max(table, *indexes.values()) if indexes else table)
