"""Clients of botocores other than the one at hand, and a DynamoDB in this process behind them.

What a client sends is read by the protocol it was sent in, done by another client, and answered in
the same protocol.
"""

import inspect
import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import botocore.parsers
import botocore.session
from airflow_ddb_migrate.core.items.binary import base64_text
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from ddb_transform import handler
from tests.support.engines.statements import StatementEngine

JSON, CBOR = "json", "smithy-rpc-v2-cbor"
EMITS_BEFORE_PARSE = "before-parse" in inspect.getsource(Endpoint)
HAS_CBOR = hasattr(botocore.parsers, "RpcV2CBORParser")
_BATCH = "dynamodb.BatchExecuteStatement"


def client(service: Any, *, protocol: str = JSON, **config: Any) -> Any:
    """Return a client as the Lambda makes it, of a model with this protocol, for ``service``."""
    session = botocore.session.Session()
    session.register_component("data_loader", _ModelOf(protocol))
    made = session.create_client(
        "dynamodb",
        endpoint_url="http://gateway",  # no URL that moto would answer
        config=handler._PLAIN.merge(Config(**config)),
    )
    made._endpoint.http_session = _Gateway(service, made, protocol)
    return made


def knows_reasons(client: Any) -> bool:
    """Return whether a client's model has the reasons for throttling, as since 1.40.10."""
    shape = client.meta.service_model.shape_for("ProvisionedThroughputExceededException")
    return "ThrottlingReasons" in shape.members


def without_before_parse(service: Any) -> Any:
    """As before botocore 1.35.x."""
    made = client(service)
    made._endpoint._event_emitter = _Deaf(made.meta.events, "before-parse")
    return made


def with_other_before_parse(service: Any) -> Any:
    """The event is there, and what a handler leaves behind is not."""
    made = client(service)

    def forget(customized_response_dict: dict[str, Any], **_: Any) -> None:
        customized_response_dict.clear()

    made.meta.events.register_last("before-parse.dynamodb", forget)
    return made


def with_late_body(service: Any) -> Any:
    """Handlers of ``before-call`` do not get the body that is sent."""
    made = client(service)
    bodies: list[bytes] = []
    made.meta.events.register_first(
        f"before-call.{_BATCH}", lambda params, **_: bodies.append(params["body"])
    )
    made.meta.events.register_last(
        f"before-call.{_BATCH}", lambda params, **_: params.update(body=bodies.pop())
    )
    return made


def with_refused_handlers(service: Any) -> Any:
    """Handlers get arguments of other names."""
    made = client(service)
    made.meta.events = made._endpoint._event_emitter = _Renaming(made.meta.events)
    return made


class _ModelOf(Loader):
    """Loads DynamoDB's model as if this were its protocol."""

    def __init__(self, protocol: str) -> None:
        super().__init__()
        self._protocol = protocol

    def load_service_model(self, service_name: str, type_name: str, api_version: Any = None) -> Any:
        model = super().load_service_model(service_name, type_name, api_version)
        if (service_name, type_name) != ("dynamodb", "service-2"):
            return model
        named = {"protocol": self._protocol, "protocols": [self._protocol]}
        return {**model, "metadata": {**model["metadata"], **named}}


class _Emitter:
    def __init__(self, events: Any) -> None:
        self._events = events

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)


class _Deaf(_Emitter):
    def __init__(self, events: Any, unheard: str) -> None:
        super().__init__(events)
        self._unheard = unheard

    def emit(self, event_name: str, **arguments: Any) -> Any:
        heard = not event_name.startswith(self._unheard)
        return self._events.emit(event_name, **arguments) if heard else []


class _Renaming(_Emitter):
    def emit(self, event_name: str, **arguments: Any) -> Any:
        if event_name.startswith("before-parse"):
            arguments = {f"{name}_": value for name, value in arguments.items()}
        return self._events.emit(event_name, **arguments)


@dataclass(slots=True)
class _Gateway:
    service: Any
    client: Any
    protocol: str

    def send(self, request: Any) -> AWSResponse:
        status, answer = self._done(*self._asked(request))
        body = _cbor(answer) if self.protocol == CBOR else _json(answer)
        kinds = {JSON: "application/x-amz-json-1.0", CBOR: "application/cbor"}
        headers = {"Content-Type": kinds[self.protocol], "smithy-protocol": "rpc-v2-cbor"}
        return AWSResponse(request.url, status, headers, _Raw(body))

    def _asked(self, request: Any) -> tuple[str, dict[str, Any]]:
        target = request.headers.get("X-Amz-Target", b"").decode().rpartition(".")[2]
        name = target or request.url.rpartition("/")[2]
        shape = self.client.meta.service_model.operation_model(name).input_shape
        told = {"status_code": 200, "headers": {}, "body": request.body}
        asked = botocore.parsers.create_parser(self.protocol).parse(told, shape)
        return name, {k: v for k, v in asked.items() if k != "ResponseMetadata"}

    def _done(self, name: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        is_batch = name == "BatchExecuteStatement"
        calls: Callable[..., Any] = getattr(
            StatementEngine(self.service) if is_batch else self.service, xform_name(name)
        )
        try:
            return 200, _plain(calls(**asked))
        except ClientError as exc:
            error = dict(exc.response["Error"])
            said = {"__type": f"com.amazonaws#{error['Code']}", "message": error["Message"]}
            rest = {k: v for k, v in exc.response.items() if k not in {"Error", "message"}}
            return 400, {**_plain(rest), **said}


@dataclass(slots=True)
class _Raw:
    body: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.body


def _plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _json(answer: Any) -> bytes:
    def known(value: Any) -> Any:
        return value.timestamp() if isinstance(value, datetime) else base64_text(value)

    return json.dumps(answer, default=known).encode()


def _cbor(value: Any) -> bytes:
    """Encode what DynamoDB answers; RFC 8949."""
    return next(encode(value) for kind, encode in _ENCODERS if isinstance(value, kind))


def _cbor_list(value: Sequence[Any]) -> bytes:
    return _head(4, len(value)) + b"".join(map(_cbor, value))


def _cbor_map(value: Mapping[str, Any]) -> bytes:
    return _head(5, len(value)) + b"".join(_cbor(k) + _cbor(v) for k, v in value.items())


def _head(major: int, number: int) -> bytes:
    for extra, (most, form) in enumerate(((1 << 8, "B"), (1 << 16, ">H"), (1 << 32, ">I"))):
        if number < 24:
            return bytes([major << 5 | number])
        if number < most:
            return bytes([major << 5 | 24 + extra]) + struct.pack(form, number)
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


_ENCODERS: tuple[tuple[type, Callable[[Any], bytes]], ...] = (
    (type(None), lambda _: b"\xf6"),
    (bool, lambda value: b"\xf5" if value else b"\xf4"),
    (int, lambda value: _head(0, value) if value >= 0 else _head(1, -1 - value)),
    (float, lambda value: b"\xfb" + struct.pack(">d", value)),
    (datetime, lambda value: _head(6, 1) + _cbor(value.timestamp())),
    (str, lambda value: _head(3, len(value.encode())) + value.encode()),
    (bytes, lambda value: _head(2, len(value)) + value),
    (Mapping, _cbor_map),
    (Sequence, _cbor_list),
)
