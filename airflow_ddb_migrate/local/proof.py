"""Compare the migrated table with the data from which it was loaded, item by item."""

from collections.abc import Iterator
from typing import Any

from airflow_ddb_migrate.core.errors import MigrationError
from airflow_ddb_migrate.local import sample

_ADDED = "updatedAt"
_SHOWN = 3


def some_items(dynamodb: Any, count: int) -> list[dict[str, Any]]:
    """Return three current items of the table: the first, middle and last that were loaded."""
    wanted = {0, count // 2, count - 1}
    loaded = [item for number, item in enumerate(sample.items(count)) if number in wanted]
    return [_get(dynamodb, item) for item in loaded[:_SHOWN]]


def difference(dynamodb: Any, before: dict[str, Any]) -> str:
    """Return a line on what changed in the item."""
    after = _get(dynamodb, before)
    changed = {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
    words = ", ".join(
        f"{name}: {before.get(name, 'absent')} -> {after.get(name, 'removed')}"
        for name in sorted(changed)
    )
    kept = len(after.keys() - changed)
    return f"  {' '.join(_key(before))}: {words or 'no change'}; {kept} attributes as before"


def check_every_item(dynamodb: Any, count: int) -> str:
    """Compare every item with its source.

    :raises MigrationError: an item is missing, not migrated, or changed in another attribute.
    """
    expected = {_key(item): item for item in sample.items(count)}
    for item in _all(dynamodb):
        source = expected.pop(_key(item), None)
        if _ADDED not in item or {n: v for n, v in item.items() if n != _ADDED} != source:
            raise MigrationError(f"Item {_key(item)} is not what it should be: {sorted(item)}")
    if expected:
        raise MigrationError(
            f"{len(expected):,} items are missing, among them {next(iter(expected))}"
        )
    return f"Checked {count:,} items: each has {_ADDED}, every other attribute is as it was loaded."


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["carrier_flight"]["S"], item["time_hour_origin"]["S"]


def _get(dynamodb: Any, item: dict[str, Any]) -> dict[str, Any]:
    key = {name: item[name] for name in ("carrier_flight", "time_hour_origin")}
    answer = dynamodb.get_item(TableName=sample.TABLE, Key=key, ConsistentRead=True)
    return answer["Item"]  # type: ignore[no-any-return]


def _all(dynamodb: Any) -> Iterator[dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=sample.TABLE, ConsistentRead=True)
    for page in pages:
        yield from page["Items"]
