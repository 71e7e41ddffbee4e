"""A DynamoDB that answers at once what it was going to answer anyway, and counts what it is asked.

Run as a process of its own, so that the CPU time of the process that asks is the client's alone:
``python -m tests.campaigns.benchmarks.canned`` prints its port. Every condition holds. ``GET
/counts`` says what was asked since the last time. Other tables than those of items.py are kept in
memory. With ``--as-slow-as-aws`` an answer takes as long as one of AWS's, however many are on their
way.
"""

import asyncio
import functools
import json
import sys
from binascii import crc32
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.campaigns.benchmarks import items
from tests.campaigns.benchmarks.canned_ledger import CannedLedger
from tests.campaigns.benchmarks.items import Contents

PAGE_ITEMS = 1_000  # of about 1 KB: what fits into a page of 1 MB
_SCAN_SECONDS, _OTHER_SECONDS = 0.020, 0.005  # of an answer within a region, about


@dataclass(slots=True)
class Counts:
    """What was asked of the canned tables; ``units`` by the rules of core/items/sizes.py."""

    requests: Counter[str] = field(default_factory=Counter)
    writes: Counter[int] = field(default_factory=Counter)
    units: int = 0
    ledger_requests: int = 0

    def written(self, number: int) -> int:
        """Count one write of an item and return its units."""
        self.writes[number] += 1
        self.units += items.units(number)
        return items.units(number)

    def to_json(self) -> bytes:
        """Sum up: ``writes`` with every repetition, ``distinct`` without."""
        counts = {
            "requests": self.requests,
            "writes": self.writes.total(),
            "distinct": len(self.writes),
            "units": self.units,
            "ledger_requests": self.ledger_requests,
        }
        return json.dumps(counts).encode()


class Canned:
    """Answers requests: a body for an operation and a body."""

    def __init__(self) -> None:
        self._counts = Counts()
        self._ledger = CannedLedger()
        self._writes: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
            "UpdateItem": self._item_written,
            "PutItem": self._item_written,
            "DeleteItem": self._item_written,
            "BatchWriteItem": self._batch_written,
            "BatchExecuteStatement": self._statements_run,
        }

    def counts(self) -> bytes:
        """Return what was asked, and begin at zero again."""
        counts, self._counts = self._counts, Counts()
        return counts.to_json()

    def respond(self, operation: str, body: bytes) -> bytes:
        """Answer a request.

        :raises KeyError: it knows no such operation.
        """
        request = json.loads(body)
        if "TableName" in request and Contents.of(request["TableName"]) is None:
            self._counts.ledger_requests += 1
            return self._ledger.respond(operation, request)
        self._counts.requests[operation] += 1
        return _page(request) if operation == "Scan" else self._writes[operation](request)

    def _item_written(self, request: Mapping[str, Any]) -> bytes:
        key = request.get("Key") or request["Item"]
        return _consumed(request, self._counts.written(_number([key["id"]])))

    def _batch_written(self, request: Mapping[str, Any]) -> bytes:
        for entry in (entry for batch in request["RequestItems"].values() for entry in batch):
            self._counts.written(_number([entry["PutRequest"]["Item"]["id"]]))
        return b'{"UnprocessedItems":{}}'

    def _statements_run(self, request: Mapping[str, Any]) -> bytes:
        statements = request["Statements"]
        table = statements[0]["Statement"].split('"')[1]
        used = sum(self._counts.written(_number(one["Parameters"])) for one in statements)
        answer: dict[str, Any] = {"Responses": [{"TableName": table}] * len(statements)}
        if request.get("ReturnConsumedCapacity"):
            answer["ConsumedCapacity"] = [{"TableName": table, "CapacityUnits": float(used)}]
        return json.dumps(answer).encode()


def _number(values: list[Any]) -> int:
    """Return the item that a write is about: the one ``id`` among its values."""
    (number,) = [number for number in map(items.number_of, values) if number is not None]
    return number


def _consumed(request: Mapping[str, Any], used: float) -> bytes:
    if not request.get("ReturnConsumedCapacity"):
        return b"{}"
    capacity = {"TableName": request["TableName"], "CapacityUnits": float(used)}
    return json.dumps({"ConsumedCapacity": capacity}).encode()


def _page(request: Mapping[str, Any]) -> bytes:
    start = request.get("ExclusiveStartKey")
    first = _number([start["id"]]) + 1 if start else 0
    limit = min(int(request.get("Limit", PAGE_ITEMS)), PAGE_ITEMS)
    return _rendered(request["TableName"], first, limit)


@functools.cache
def _rendered(table_name: str, first: int, limit: int) -> bytes:
    contents = Contents.of(table_name)
    assert contents is not None
    numbers = range(first, min(first + limit, contents.count))
    page: dict[str, Any] = {
        "Items": [contents.item(number) for number in numbers],
        "Count": len(numbers),
        "ScannedCount": len(numbers),
        "ConsumedCapacity": {"TableName": table_name, "CapacityUnits": 128.0},
    }
    if numbers.stop < contents.count:
        page["LastEvaluatedKey"] = items.key_of(contents.item(numbers[-1]))
    return json.dumps(page, separators=(",", ":")).encode()


async def _serve(
    canned: Canned, is_slow: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            headers = dict(_headers(head))
            if "expect" in headers:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await writer.drain()
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if head.startswith(b"PUT "):  # an object of S3, which is taken and forgotten
                writer.write(_http("200 OK", b""))
                await writer.drain()
                continue
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            if is_slow and operation:
                await asyncio.sleep(_SCAN_SECONDS if operation == "Scan" else _OTHER_SECONDS)
            writer.write(_answer(canned, operation, body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _answer(canned: Canned, operation: str, body: bytes) -> bytes:
    """Answer, and say what is missing here rather than let a client try again and again."""
    try:
        return _http("200 OK", canned.respond(operation, body) if operation else canned.counts())
    except (AssertionError, KeyError, ValueError) as exc:
        error = {"__type": "ValidationException", "message": f"{operation}: {exc!r}"}
        return _http("400 Bad Request", json.dumps(error).encode())


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


def _http(status: str, body: bytes) -> bytes:
    """Frame an answer as DynamoDB does, checksum included: clients pay for reading it."""
    head = (
        f"HTTP/1.1 {status}\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n"
        "x-amzn-RequestId: 0123456789ABCDEFGHIJKLMNOPQRSTUVVV4KQNSO5AEMVJF66Q9ASUAAJG\r\n"
        f"x-amz-crc32: {crc32(body)}\r\n\r\n"
    )
    return head.encode() + body


async def main() -> None:
    canned = Canned()
    serve = functools.partial(_serve, canned, "--as-slow-as-aws" in sys.argv)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
