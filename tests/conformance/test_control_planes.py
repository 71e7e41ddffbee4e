"""Control planes as AWS has them: what was just made, ended or granted is seen late."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow_ddb_migrate.deployment.upload import Uploader
from botocore.exceptions import ClientError
from ddb_transform.failures import code_of
from tests.live import endpoints
from tests.live.endpoints import Endpoint
from tests.support.engines.double.control_planes import (
    FormerDefinition,
    LateRights,
    StaleExecutions,
    hidden_keys,
)
from tests.support.engines.proxy import FaultProxy, Request, Response

ARN = "arn:aws:states:us-east-1:000000000000:execution:machine:one"
ENDED = {"executionArn": ARN, "status": "SUCCEEDED", "output": "{}", "stopDate": 1.0}


@dataclass
class World:
    """Step Functions with one execution, behind the double; a clock that a test sets on."""

    now: float = 0.0
    described: dict[str, Any] = field(default_factory=lambda: dict(ENDED))
    fault: StaleExecutions = field(init=False)

    def __post_init__(self) -> None:
        self.fault = StaleExecutions(random.Random(0), 5.0, 3.0, clock=lambda: self.now)

    def __call__(self, operation: str, **said: Any) -> dict[str, Any]:
        asked = request(operation, said)
        fate = self.fault(asked)
        response = fate(asked, self.forward) if fate else self.forward(asked)
        return {"status_code": response.status, **json.loads(response.body)}

    def forward(self, asked: Request) -> Response:
        answers = {
            "StartExecution": {"executionArn": ARN},
            "DescribeExecution": self.described,
            "ListExecutions": {"executions": [{"executionArn": ARN}, {"executionArn": "other"}]},
            "ListMapRuns": {"mapRuns": []},
        }
        return Response(200, {}, json.dumps(answers[asked.operation]).encode())

    def status(self) -> str:
        answer = self("DescribeExecution", executionArn=ARN)
        return str(answer.get("__type") or answer["status"])


def request(operation: str, said: dict[str, Any], service: str = "states") -> Request:
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request",
        "X-Amz-Target": f"AWSStepFunctions.{operation}",
    }
    body = json.dumps(said).encode()
    return Request(door="airflow", method="POST", path="/", headers=headers, body=body)


def test_an_execution_is_not_found_for_a_while_after_its_start() -> None:
    """Nor listed, nor are its map runs; another is."""
    world = World(described={"executionArn": ARN, "status": "RUNNING"})
    world("StartExecution", name="one")

    seen = [world.status()]
    listed = [world("ListExecutions")["executions"]]
    map_runs = world("ListMapRuns", executionArn=ARN)
    world.now = 5.0
    seen.append(world.status())
    listed.append(world("ListExecutions")["executions"])

    assert ["ExecutionDoesNotExist", "RUNNING"] == seen
    assert [["other"], [ARN, "other"]] == [[one["executionArn"] for one in rows] for rows in listed]
    assert (400, "ExecutionDoesNotExist") == (map_runs["status_code"], map_runs["__type"])


def test_an_execution_runs_on_for_a_while_after_its_end() -> None:
    """Without an end's date or output; one that was never started here is told as it is."""
    world = World()

    first = world("DescribeExecution", executionArn=ARN)
    world.now = 3.0

    assert {"executionArn": ARN, "status": "RUNNING", "status_code": 200} == first
    assert "SUCCEEDED" == world.status()


def test_a_share_of_what_is_asked_is_up_to_date() -> None:
    """Two looks in a row may contradict each other."""
    world = World()
    world.fault.share = 0.5

    assert {"RUNNING", "SUCCEEDED"} == {world.status() for _ in range(20)}


def test_an_execution_may_start_with_the_definition_of_before_an_update() -> None:
    """One does; the next has the new one, and so has whoever asks for it."""
    defined, started = ["new"], []

    def forward(asked: Request) -> Response:
        if asked.operation == "UpdateStateMachine":
            defined.append(asked.said["definition"])
        if asked.operation == "StartExecution":
            started.append(defined[-1])
        return Response(200, {}, json.dumps({"definition": defined[-1]}).encode())

    fault = FormerDefinition("arn", "former", read_seconds=0)
    asked = request("StartExecution", {"stateMachineArn": "arn"})
    for _ in range(2):
        fate = fault(asked)
        _ = fate(asked, forward) if fate else forward(asked)

    assert (["former", "new"], "new") == (started, defined[-1])


@pytest.mark.parametrize(("service", "code"), [("dynamodb", 400), ("s3", 403)])
def test_a_role_is_denied_for_a_while_after_its_first_request(service: str, code: int) -> None:
    """Then never again."""
    now = [0.0]
    fault = LateRights(random.Random(0), lambda _: True, 4.0, 1.0, clock=lambda: now[0])
    asked = request("PutItem", {}, service)
    if service == "s3":
        asked = Request(door="workers", method="PUT", path="/b/k", headers={}, body=b"")
    else:
        asked.headers["X-Amz-Target"] = "DynamoDB_20120810.PutItem"  # type: ignore[index]

    fates = []
    for seconds in (0.0, 3.9, 4.0):
        now[0] = seconds
        fates.append(fault(asked))

    assert [True, True, False] == [fate is not None for fate in fates]
    assert fates[0] is not None
    assert code == fates[0](asked, lambda _: Response(200, {}, b"")).status


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Clients of S3 that may list the bucket, and that may not."""
    with (
        endpoints.ministack(tmp_path_factory.mktemp("s3")) as behind,
        FaultProxy(behind.url, faults=[hidden_keys]) as proxy,
    ):
        hidden = Endpoint(proxy.door("s3"), behind.credentials)
        open_s3, hidden_s3 = (one.client(service="s3") for one in (behind, hidden))
        open_s3.create_bucket(Bucket="keys")
        yield open_s3, hidden_s3


def test_a_missing_key_is_forbidden_without_the_right_to_list(doors: Any) -> None:
    """The emulator says 404 whatever the rights; one that is there is told."""
    codes = []
    for s3 in doors:
        with pytest.raises(ClientError) as caught:
            s3.head_object(Bucket="keys", Key="missing")
        codes.append(code_of(caught.value))
    doors[0].put_object(Bucket="keys", Key="there", Body=b"1")

    assert ["404", "403"] == codes
    assert 1 == doors[1].head_object(Bucket="keys", Key="there")["ContentLength"]


def test_a_deployment_uploads_where_it_may_not_list(doors: Any) -> None:
    """And a second time finds what is there."""
    said: list[str] = []
    upload: Callable[..., str] = Uploader(doors[1], "keys", said.append)

    assert ["code", "code"] == [upload("code", b"zip") for _ in range(2)]
    assert 1 == len(said)
