"""A client without botocore's walks says and reads the same as one with them."""

import base64
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from ddb_transform.botocore_probe import take_shortcuts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.engines.botocores import EMITS_BEFORE_PARSE
from tests.support.typed_values import ATTRIBUTES


class Server(ThreadingHTTPServer):
    """Answers every request alike, and keeps the last one."""

    status = 200
    answer = b"{}"
    asked: bytes = b""
    headers: Any = None

    @property
    def request_body(self) -> Any:
        return json.loads(self.asked)


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.headers = self.headers
        self.server.asked = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), _Handler) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture(scope="module")
def clients(server: Server) -> tuple[Any, Any]:
    """One as boto3 makes it, and one without the walks."""

    def client(**config: Any) -> Any:
        return boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    fast = client(parameter_validation=False)
    take_shortcuts(fast)
    return client(), fast


def on_wire(value: Any) -> str:
    return base64.b64encode(value).decode()


def page_of(clients: tuple[Any, Any], server: Server, answer: dict[str, Any]) -> tuple[Any, Any]:
    """The same answer as either client reads it."""
    server.status, server.answer = 200, json.dumps(answer, default=on_wire).encode()
    usual, fast = (client.scan(TableName="orders") for client in clients)
    fast.pop("PageBytes", None)
    return _plain(usual), _plain(fast)


def _plain(answer: Any) -> Any:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# Pages


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(ATTRIBUTES, max_size=4))
def test_any_page_is_read_as_boto3_reads_it(
    clients: tuple[Any, Any], server: Server, items: list[Any]
) -> None:
    """Every type, binary in lists and maps as well, numbers as they are written."""
    key = {"id": {"B": b"\x00\xff"}}
    answer = {"Items": items, "Count": len(items), "LastEvaluatedKey": key}

    usual, fast = page_of(clients, server, answer)

    assert usual == fast
    assert key == fast["LastEvaluatedKey"]


@pytest.mark.parametrize(
    "item",
    [
        {"B": {"S": "x"}},
        {"BS": {"L": [{"S": "B"}]}},
        {"x": {"S": '"B":"AA=="'}},
        {"x": {"M": {"B": {"S": "AA=="}, "BS": {"SS": ["AA=="]}}}},
        {"x": {"M": {"B": {"M": {"B": {"B": b"\x00"}}}}}},
        {"B": {"B": b"B"}, "BS": {"BS": [b"BS", b""]}},
    ],
)
def test_names_that_look_like_types_stay_names(
    clients: tuple[Any, Any], server: Server, item: Any
) -> None:
    """Only what is binary becomes bytes."""
    usual, fast = page_of(clients, server, {"Items": [item]})

    assert ([item], usual) == (fast["Items"], fast)


def test_a_last_page_has_no_key(clients: tuple[Any, Any], server: Server) -> None:
    """Nothing is made up."""
    usual, fast = page_of(clients, server, {"Items": [], "Count": 0, "ScannedCount": 7})

    assert usual == fast
    assert "LastEvaluatedKey" not in fast


@pytest.mark.skipif(not EMITS_BEFORE_PARSE, reason="this botocore emits no before-parse")
def test_a_page_tells_its_size(clients: tuple[Any, Any], server: Server) -> None:
    """Where an engine reports no units, they are estimated from it."""
    server.status, server.answer = 200, b'{"Items": []}'

    assert 13 == clients[1].scan(TableName="orders")["PageBytes"]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [("scan", {"TableName": "t"}), ("batch_execute_statement", {"Statements": []})],
)
def test_errors_are_botocores(
    clients: tuple[Any, Any], server: Server, call: str, arguments: Any
) -> None:
    """Code, message and throttling reasons."""
    server.status = 400
    server.answer = json.dumps(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException",
            "message": "slower",
            "throttlingReasons": [{"reason": "TableReadX", "resource": "arn"}],
        }
    ).encode()

    with pytest.raises(ClientError) as raised:
        getattr(clients[1], call)(**arguments)

    assert {"Message": "slower", "Code": "ThrottlingException"} == raised.value.response["Error"]
    assert [{"reason": "TableReadX", "resource": "arn"}] == raised.value.response[
        "throttlingReasons"
    ]


# Batches


def bodies(clients: tuple[Any, Any], server: Server, arguments: Any) -> list[Any]:
    """What either client sends."""
    server.status, server.answer = 200, b'{"Responses": []}'
    found = []
    for client in clients:
        client.batch_execute_statement(**arguments)
        found.append(server.request_body)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(ATTRIBUTES, min_size=1, max_size=3))
def test_any_batch_is_sent_as_boto3_sends_it(
    clients: tuple[Any, Any], server: Server, items: list[Any]
) -> None:
    """Statements, parameters of every type, and what to return; signed, with its length."""
    statements = [
        {
            "Statement": f'UPDATE "t" SET "{i}\N{SNOWMAN}"=?',
            "Parameters": list(item.values()) or [{"NULL": True}],
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        for i, item in enumerate(items)
    ]

    usual, fast = bodies(
        clients, server, {"Statements": statements, "ReturnConsumedCapacity": "TOTAL"}
    )

    assert usual == fast
    assert len(items) == len(fast["Statements"])
    assert "AWS4-HMAC-SHA256" in server.headers["Authorization"]
    assert "DynamoDB_20120810.BatchExecuteStatement" == server.headers["X-Amz-Target"]


def test_the_callers_batch_is_left_as_it_is(clients: tuple[Any, Any], server: Server) -> None:
    """It may be sent again."""
    statements = [{"Statement": "x", "Parameters": [{"B": b"\x00"}]}]
    arguments = {"Statements": statements}

    first, second = bodies(clients, server, arguments), bodies(clients, server, arguments)

    assert first == second
    assert [{"Statement": "x", "Parameters": [{"B": b"\x00"}]}] == statements


def test_responses_are_read_as_boto3_reads_them(clients: tuple[Any, Any], server: Server) -> None:
    """Errors of statements, and items with binary values."""
    server.status = 200
    server.answer = json.dumps(
        {
            "Responses": [
                {"TableName": "t"},
                {"TableName": "t", "Item": {"b": {"B": "AP8="}}},
                {"Error": {"Code": "ConditionalCheckFailed", "Item": {"b": {"BS": ["AP8="]}}}},
            ],
            "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 3.0}],
        }
    ).encode()

    call: Callable[[Any], Any] = lambda client: client.batch_execute_statement(  # noqa: E731
        Statements=[{"Statement": "x"}]
    )
    usual, fast = map(_plain, map(call, clients))

    assert usual == fast
    assert {"b": {"B": b"\x00\xff"}} == fast["Responses"][1]["Item"]
    assert {"b": {"BS": [b"\x00\xff"]}} == fast["Responses"][2]["Error"]["Item"]
