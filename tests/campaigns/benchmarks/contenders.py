"""What people do instead: three scripts that set ``updatedAt`` of every item of a table.

Each function prepares a script and returns it: calling that does what is timed, and says how many
items it wrote. Clients are made and kept before, as any script does once.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from airflow_ddb_migrate.core.ledger.records import TypedItem, TypedValue
from botocore.config import Config
from tests.campaigns.benchmarks.items import ATTRIBUTE, KEY_NAMES, Prepared, key_of

Run = Callable[[], int]

PUT_THREADS = 16

# The fastest that botocore offers, for all alike: its checks of parameters cost most of a write.
_CONFIG = Config(parameter_validation=False, max_pool_connections=PUT_THREADS)


def put_loop(endpoint: str, table_name: str, stamp: str) -> Run:
    """Scan, set the attribute, PutItem of the whole item from many threads."""
    client = _client(endpoint)

    def put(item: TypedItem) -> None:
        client.put_item(TableName=table_name, Item={**item, ATTRIBUTE: {"S": stamp}})

    def run() -> int:
        with ThreadPoolExecutor(PUT_THREADS) as threads:
            pages = (list(threads.map(put, page)) for page in _pages(client, table_name))
            return sum(map(len, pages))

    return run


def batch_writer(endpoint: str, table_name: str, stamp: str) -> Run:
    """The naive way: ``Table.scan``, set the attribute, put everything by ``batch_writer``."""
    table = _table(endpoint, table_name)

    def run() -> int:
        count = 0
        with table.batch_writer() as batch:
            for item in itertools.chain.from_iterable(_resource_pages(table)):
                batch.put_item(Item={**item, ATTRIBUTE: stamp})
                count += 1
        return count

    return run


def update_loop(endpoint: str, table_name: str, stamp: str) -> Run:
    """Scan, and a conditional UpdateItem for one item after the other."""
    client = _client(endpoint)

    def run() -> int:
        count = 0
        for item in itertools.chain.from_iterable(_pages(client, table_name)):
            _update(client, table_name, item, {"S": stamp})
            count += 1
        return count

    return run


def update_writes(endpoint: str, table_name: str, changes: Sequence[Prepared]) -> Run:
    """The writes of ``update_loop`` alone."""
    client = _client(endpoint)

    def run() -> int:
        for change in changes:
            _update(client, table_name, change.item, change.after)
        return len(changes)

    return run


def _update(client: Any, table_name: str, item: TypedItem, after: TypedValue) -> None:
    """Write under the condition that ours writes under: it exists, as it was read."""
    exists = " AND ".join(f"attribute_exists({name})" for name in KEY_NAMES)
    client.update_item(
        TableName=table_name,
        Key=key_of(item),
        UpdateExpression="SET #name = :after",
        ConditionExpression=f"{exists} AND #name = :before",
        ExpressionAttributeNames={"#name": ATTRIBUTE},
        ExpressionAttributeValues={":before": item[ATTRIBUTE], ":after": after},
    )


def _pages(client: Any, table_name: str) -> Iterator[list[TypedItem]]:
    pages = client.get_paginator("scan").paginate(TableName=table_name)
    return (page["Items"] for page in pages)


def _resource_pages(table: Any) -> Iterator[list[dict[str, Any]]]:
    start: dict[str, Any] = {}
    while True:
        page = table.scan(**start)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


@functools.cache
def _client(endpoint: str) -> Any:
    return boto3.client("dynamodb", endpoint_url=endpoint, config=_CONFIG)


@functools.cache
def _table(endpoint: str, table_name: str) -> Any:
    resource = boto3.resource("dynamodb", endpoint_url=endpoint, config=_CONFIG)
    return resource.Table(table_name)
