"""Keys of indexes: one may not be longer than a table's, which the emulator does not mind."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.engines.double.capacity import value_bytes
from tests.support.engines.double.expressions import assigned
from tests.support.engines.double.upstream import Upstream, validation


def check(upstream: Upstream, operation: str, said: Mapping[str, Any]) -> None:
    """Judge what a request writes.

    :raises ClientError: AWS refuses it.
    """
    for table, item in _written(operation, said):
        for name, most in upstream.index_keys_of(table).items():
            if name in item and value_bytes(item[name]) > most:
                words = f"Size of the index key {name} has exceeded the limit of {most} bytes"
                raise validation(words, operation)


def _written(operation: str, said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if operation == "PutItem":
        yield said["TableName"], said["Item"]
    if operation == "UpdateItem":
        yield said["TableName"], assigned(said)
    if operation == "BatchWriteItem":
        for table, rows in (said.get("RequestItems") or {}).items():
            for row in rows:
                yield table, row.get("PutRequest", {}).get("Item", {})
