"""Finds out, at a cold start, which shortcuts past botocore can be used.

Lambda's botocore is not ours to choose, and its version proves nothing. So each shortcut is tried:
the client makes a request without it and with it, and this process answers. The shortcut is used
only if both times the same is sent and read. In any other case, also after an exception, botocore
does the work.
"""

import json
import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, NamedTuple

import botocore
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from airflow_ddb_migrate.core.ledger.runtime import LambdaRuntime
from ddb_transform.botocore_shortcuts import ANSWERS, BATCHES, PAGES, REASONS, Shortcut

_JSON = "application/x-amz-json-1.0"
_TABLE = "?"  # not a valid table name: nothing could happen if it were sent
_HEADERS = ("Content-Type", "X-Amz-Target")
_WIRED = {
    "B": {"S": "a \N{SNOWMAN}"},
    "n": {"N": "1E+2"},
    "b": {"B": "AP8="},
    "set": {"BS": ["AP8=", ""]},
    "in": {"L": [{"M": {"B": {"B": "AA=="}, "x": {"NULL": True}, "y": {"BOOL": False}}}]},
    "ns": {"NS": ["1", "2.50"]},
    "ss": {"SS": ["", "B"]},
}
_PARAMETERS = [
    {"S": "a \N{SNOWMAN}"},
    {"N": "1E+2"},
    {"B": b"\x00\xff"},
    {"BS": [b"\x00\xff", b""]},
    {"L": [{"M": {"B": {"B": b"\x00"}, "x": {"NULL": True}, "y": {"BOOL": False}}}]},
    {"NS": ["1", "2.50"]},
    {"SS": ["", "B"]},
]
_USED = {"TableName": _TABLE, "CapacityUnits": 2.5}
_SCANNED = {
    "Items": [_WIRED, {"id": {"S": "2"}}],
    "Count": 2,
    "ScannedCount": 3,
    "LastEvaluatedKey": {"id": {"B": "AP8="}},
    "ConsumedCapacity": _USED,
}
_ANSWERED = {
    "Responses": [
        {"TableName": _TABLE, "Item": _WIRED},
        {"Error": {"Code": "ConditionalCheckFailed", "Message": "no", "Item": _WIRED}},
        {"TableName": _TABLE},
    ],
    "ConsumedCapacity": [_USED],
}
_THROTTLED = {
    "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "message": "slower",
    "ThrottlingReasons": [
        {"reason": "TableReadKeyRangeThroughputExceeded", "resource": "arn:aws:dynamodb:::t"}
    ],
}


class _OtherProtocolError(Exception):
    """Requests are not JSON, so an answer in JSON would be misread."""


class _Exchange(NamedTuple):
    """A request as it would be sent, and its answer as the client returns it."""

    headers: dict[str, str]
    body: bytes
    answer: dict[str, Any]

    def sends_as(self, usual: "_Exchange") -> bool:
        return self.headers == usual.headers and json.loads(self.body) == json.loads(usual.body)

    def reads_as(self, usual: "_Exchange") -> bool:
        return _plain(self.answer) == _plain(usual.answer)


class _Probe(NamedTuple):
    shortcut: Shortcut
    ask: Callable[[Any], dict[str, Any]]
    status: int
    answer: dict[str, Any]


def take_shortcuts(client: Any) -> LambdaRuntime:
    """Let a DynamoDB client use the shortcuts that work; return which, and why not the others."""
    model = client.meta.service_model
    return {
        "python": platform.python_version(),
        "botocore": botocore.__version__,
        "protocol": str(
            getattr(model, "resolved_protocol", "") or model.metadata.get("protocol", "")
        ),
        "shortcuts": {probe.shortcut.name: _tried(client, probe) for probe in _PROBES},
    }


def _tried(client: Any, probe: _Probe) -> str:
    """Use a shortcut, or return why not."""
    try:
        reason = _reason_against(client, probe)
    except _OtherProtocolError as exc:
        reason = f"requests are {exc}"
    except Exception as exc:  # noqa: BLE001  # an unknown botocore may raise anything; do without
        reason = f"{type(exc).__name__}: {exc}"
    if reason:
        probe.shortcut.leave(client)
    return reason


def _reason_against(client: Any, probe: _Probe) -> str:
    emitted: set[str] = set()
    with _spied(client, probe.shortcut, emitted):
        usual = _exchange(client, probe)
    missing = [event for event in probe.shortcut.handlers if event not in emitted]
    if missing:
        return f"botocore does not emit {missing[0].partition('.')[0]}"
    probe.shortcut.take(client)
    found = _exchange(client, probe)
    if probe.shortcut is REASONS:
        return "" if found.answer.get("ThrottlingReasons") else "they are dropped"
    if not found.sends_as(usual):
        return "its request differs from botocore's"
    return "" if found.reads_as(usual) else "its answer differs from botocore's"


def _exchange(client: Any, probe: _Probe) -> _Exchange:
    sent: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        if _header(request, "Content-Type") != _JSON:
            raise _OtherProtocolError(_header(request, "Content-Type"))
        sent.append(request)
        return AWSResponse(request.url, probe.status, {"Content-Type": _JSON}, _Body(probe.answer))

    with _registered(client, "before-send.dynamodb", answer):
        try:
            found = probe.ask(client)
        except ClientError as exc:
            found = dict(exc.response)
    (request,) = sent
    headers = {name: _header(request, name) for name in _HEADERS}
    return _Exchange(headers, request.body, found)


@contextmanager
def _spied(client: Any, shortcut: Shortcut, emitted: set[str]) -> Iterator[None]:
    """Note which of a shortcut's events botocore emits."""

    def note(event: str, **_: Any) -> None:
        emitted.add(event)

    with ExitStack() as stack:
        for event in shortcut.handlers:
            stack.enter_context(_registered(client, event, partial(note, event)))
        yield


@contextmanager
def _registered(client: Any, event: str, handler: Callable[..., Any]) -> Iterator[None]:
    """Register a handler before all others, until the block ends."""
    events = client.meta.events
    events.register_first(event, handler)
    try:
        yield
    finally:
        events.unregister(event, handler)


class _Body:
    """The part of urllib3's response that AWSResponse uses."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def stream(self) -> Iterator[bytes]:
        yield json.dumps(self._answer).encode()


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in answer.items() if k not in {"ResponseMetadata", "PageBytes"}}


def _header(request: Any, name: str) -> str:
    value = request.headers.get(name)
    return value.decode() if isinstance(value, bytes) else str(value)


def _scan(client: Any) -> dict[str, Any]:
    return client.scan(TableName=_TABLE)  # type: ignore[no-any-return]


def _batch(client: Any) -> dict[str, Any]:
    statement = {"Statement": 'UPDATE "?" SET "\N{SNOWMAN}"=?', "Parameters": _PARAMETERS}
    return client.batch_execute_statement(  # type: ignore[no-any-return]
        Statements=[statement, {"Statement": "x"}], ReturnConsumedCapacity="INDEXES"
    )


_PROBES = (
    _Probe(PAGES, _scan, 200, _SCANNED),
    _Probe(ANSWERS, _batch, 200, _ANSWERED),
    _Probe(BATCHES, _batch, 200, _ANSWERED),
    _Probe(REASONS, _scan, 400, _THROTTLED),
)
