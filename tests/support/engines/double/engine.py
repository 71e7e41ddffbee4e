"""DynamoDB as strict as AWS: what the proxy's engine answers, over the emulator's storage."""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError
from tests.support.engines.double import batches, expressions, index_keys
from tests.support.engines.double.capacity import scan_units
from tests.support.engines.double.names import hidden, shown
from tests.support.engines.double.tables import TableState
from tests.support.engines.double.upstream import Upstream, as_error
from tests.support.engines.fates import error
from tests.support.engines.proxy import Forward, Request, Response

_HEADERS = {"Content-Type": "application/x-amz-json-1.0"}
_FALSE = re.compile(rb'\{\s*"NULL"\s*:\s*false\s*\}')
_START = ("ConsistentRead", "ExclusiveStartKey", "IndexName", "Segment", "TotalSegments")


@dataclass(slots=True)
class StrictDynamo:
    """An engine of the proxy; all that is not DynamoDB's passes.

    A change of capacity takes ``updating_seconds`` of ``clock``.
    """

    clock: Callable[[], float] = time.monotonic
    updating_seconds: float = 0.5
    _tables: dict[str, TableState] = field(default_factory=dict, init=False)
    _schemas: dict[str, Any] = field(default_factory=dict, init=False)
    _lock: Any = field(default_factory=threading.RLock, init=False)

    def __call__(self, request: Request, forward: Forward) -> Response:
        if not request.is_dynamodb:
            return forward(request)
        request = replace(request, body=_true(request.body))
        upstream = Upstream(request, forward, schemas=self._schemas)
        try:
            answer = self._answer(upstream, request.operation, request.said)
        except ClientError as exc:
            return _refusal(request, exc)
        return Response(200, _HEADERS, json.dumps(answer).encode())

    def _answer(self, upstream: Upstream, operation: str, said: dict[str, Any]) -> Any:
        if operation == "BatchExecuteStatement":
            return batches.execute(upstream, said)
        if operation in {"DescribeTable", "UpdateTable"}:
            with self._lock:
                state = self._state(said["TableName"])
                is_change = operation == "UpdateTable"
                self._schemas.pop(said["TableName"], None)  # indexes come and go
                return state.change(upstream, said) if is_change else state.describe(upstream)
        if operation in {"CreateTable", "DeleteTable"}:
            self._tables.pop(said["TableName"], None)
            self._schemas.pop(said["TableName"], None)
        expressions.check(said)
        index_keys.check(upstream, operation, said)
        answer = _asked(upstream, operation, said)
        if operation == "Scan" and "ConsumedCapacity" in answer:
            answer["ConsumedCapacity"]["CapacityUnits"] = _scanned(upstream, said, answer)
        return answer

    def _state(self, table: str) -> TableState:
        state = TableState(self.clock, table, self.updating_seconds)
        return self._tables.setdefault(table, state)


def _asked(upstream: Upstream, operation: str, said: Mapping[str, Any]) -> dict[str, Any]:
    response = upstream.ask(operation, hidden(said))
    answer: dict[str, Any] = json.loads(response.body) if response.body else {}
    if response.status >= 400:  # HTTP's
        raise ClientError(as_error(answer), operation)
    return shown(answer)


def _scanned(upstream: Upstream, said: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Return a page's read units; what the filter dropped is read once more, to be weighed."""
    items, count = answer.get("Items", ()), answer.get("ScannedCount", 0)
    if count and ("ProjectionExpression" in said or len(items) < count):
        start = {n: said[n] for n in (*_START, "TableName") if n in said}
        items = upstream.scan(**start, Limit=count)["Items"]
    return scan_units(items, consistent=bool(said.get("ConsistentRead")))


def _true(body: bytes) -> bytes:
    """NULL is true, whatever was sent."""
    return _FALSE.sub(b'{"NULL": true}', body) if b'"NULL"' in body else body


def _refusal(request: Request, exc: ClientError) -> Response:
    said = exc.response["Error"]
    more = {"Item": exc.response["Item"]} if "Item" in exc.response else {}
    reasons = {n: v for n, v in exc.response.items() if n.lower() == "throttlingreasons"}
    status = 500 if said["Code"].startswith("InternalServer") else 400
    return error(request, status, said["Code"], said["Message"], **shown(more), **reasons)
