"""The proxy does to requests what a fault says, and tells the emulator what it should."""

import json
import random
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from ddb_transform.failures import throttling_reason
from tests.faults.wire import AtRequest, Outage, Storm, partial, throttled, unwell
from tests.live.endpoints import Endpoint
from tests.support.engines import fates
from tests.support.engines.proxy import FaultProxy, Request, Response

_STATEMENT = 'UPDATE "orders" SET "x"=? WHERE "id"=?'


@pytest.fixture
def sent() -> list[Request]:
    """Every request that reached the service behind the proxy."""
    return []


@pytest.fixture
def proxy(sent: list[Request], monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """A proxy before a service that knows no condition and does all it is told."""

    def forward(self: FaultProxy, request: Request) -> Response:
        sent.append(request)
        answers = [{} for _ in request.said.get("Statements", ())]
        body = json.dumps({"Responses": answers} if answers else {}).encode()
        return Response(200, {"Content-Type": "application/x-amz-json-1.0"}, body)

    monkeypatch.setattr(FaultProxy, "_forward", forward)
    with FaultProxy() as running:
        yield running


@pytest.fixture
def write(proxy: FaultProxy) -> Callable[[], dict]:
    """Send a batch of ten statements through the proxy."""
    dynamodb = Endpoint(proxy.door("workers")).client()
    statements = [
        {"Statement": _STATEMENT, "Parameters": [{"S": "x"}, {"S": str(i)}]} for i in range(10)
    ]
    return lambda: dynamodb.batch_execute_statement(Statements=statements)


def test_a_request_names_its_table(proxy, sent, write) -> None:
    """Of a batch it is the first statement's."""
    write()

    assert [("workers", "BatchExecuteStatement", "orders")] == [
        (one.door, one.operation, one.table) for one in sent
    ]


def test_a_lost_answer_is_of_a_request_that_was_done(proxy, sent, write) -> None:
    """A reset one never arrives; the client cannot tell the one from the other."""
    arrived = []
    for fate in (fates.lose, fates.reset):
        proxy.faults = [lambda request, fate=fate: fate]
        with pytest.raises(ConnectionClosedError):
            write()
        arrived.append(len(sent))

    assert [1, 1] == arrived


def test_a_throttled_request_says_why(proxy, sent, write) -> None:
    """With the reasons that DynamoDB gives; it never arrives."""
    draw = random.Random(1)
    proxy.faults = [lambda request: throttled(draw, table_arn="arn", operation="Write")]
    with pytest.raises(ClientError) as caught:
        write()

    assert "TableWriteProvisionedThroughputExceeded arn" == throttling_reason(caught.value)
    assert [] == sent


def test_a_partial_batch_tells_each_statements_fate(proxy, sent, write) -> None:
    """Some fail, and of those that nobody knows of some have landed."""
    draw = random.Random(3)
    proxy.faults = [lambda request: partial(draw)]
    answers = write()["Responses"]
    failed = [row["Error"]["Code"] for row in answers if "Error" in row]

    assert 10 == len(answers)
    assert 0 < len(failed) < 10
    assert 10 - len(failed) <= len(sent[0].said["Statements"]) < 10


def test_a_storm_passes(proxy, sent, write) -> None:
    """After so many faults the service answers again."""
    storm = Storm(random.Random(0), lambda request: True, unwell, share=1.0, most=2)
    proxy.faults = [storm]
    for _ in range(2):
        with pytest.raises(ClientError):
            write()
    write()

    assert (2, 1) == (storm.struck, len(sent))


def test_an_outage_is_one_of_time() -> None:
    """It begins with a request and ends with the clock."""
    now = [0.0]
    request = Request(door="workers", method="PUT", path="/b/k", headers={}, body=b"")
    outage = Outage(
        random.Random(0), lambda one: True, unwell, first=2, seconds=30, clock=lambda: now[0]
    )
    struck = []
    for seconds in (0, 0, 30, 31):
        now[0] = seconds
        struck.append(outage(request) is not None)

    assert [False, True, True, False] == struck


def test_something_happens_at_the_n_th_request(proxy, sent, write) -> None:
    """Before the service hears of it, or after."""
    seen = []
    proxy.faults = [AtRequest("workers", {1: False, 2: True}, lambda: seen.append(len(sent)))]
    write()
    write()

    assert [0, 2] == seen
