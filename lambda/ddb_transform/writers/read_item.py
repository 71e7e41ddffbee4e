"""Reads an item as it is now."""

from typing import Any

from airflow_ddb_migrate.core.ledger.records import TypedItem


def read_item(dynamodb: Any, table_name: str, key: TypedItem) -> tuple[TypedItem | None, float]:
    """Read one item consistently; return it (None: it is gone) and the read units consumed."""
    answer = dynamodb.get_item(
        TableName=table_name, Key=key, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
    )
    return answer.get("Item"), answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
