"""Control planes as AWS has them: what was just made or ended is seen late, and so are rights.

Each is a fault of the proxy. Sources: the API models of DescribeExecution and ListExecutions
("eventually consistent ... may not reflect very recent updates") and of UpdateStateMachine
("executions started immediately after ... may use the previous" definition), AWS's page on IAM
(changes take seconds to be seen everywhere), S3's model of HeadObject.
"""

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.engines.fates import refuse
from tests.support.engines.proxy import Fate, Forward, Request, Response

_FOUND = frozenset({"DescribeExecution", "GetExecutionHistory", "ListMapRuns"})
_ROLE = "arn:aws:sts::000000000000:assumed-role/a-role/a-session"
_ENDS = ("error", "cause", "output", "outputDetails", "stopDate")


@dataclass(slots=True)
class StaleExecutions:
    """Step Functions, seen late: a ``share`` of what is asked about an execution is out of date.

    One that started less than ``start_seconds`` ago does not exist; one whose end is known for
    less than ``end_seconds`` runs.
    """

    draw: random.Random
    start_seconds: float
    end_seconds: float
    share: float = 1.0
    clock: Callable[[], float] = time.monotonic
    struck: int = field(default=0, init=False)
    _started: dict[str, float] = field(default_factory=dict, init=False)
    _ended: dict[str, float] = field(default_factory=dict, init=False)
    _lock: Any = field(default_factory=threading.Lock, init=False)

    def __call__(self, request: Request) -> Fate | None:
        if request.service != "states":
            return None
        if request.operation == "StartExecution":
            return self._start
        if request.operation not in _FOUND | {"ListExecutions"}:
            return None
        return self._seen_late if self.draw.random() < self.share else None

    def _start(self, request: Request, forward: Forward) -> Response:
        response = forward(request)
        if response.status == 200:
            with self._lock:
                self._started[json.loads(response.body)["executionArn"]] = self.clock()
        return response

    def _seen_late(self, request: Request, forward: Forward) -> Response:
        if request.operation == "ListExecutions":
            return self._listed(forward(request))
        if self._is_new(request.said["executionArn"]):
            self.struck += 1
            return refuse(400, "ExecutionDoesNotExist", "Execution Does Not Exist")(
                request, forward
            )
        response = forward(request)
        is_end = request.operation == "DescribeExecution" and response.status == 200
        return self._described(response) if is_end else response

    def _is_new(self, arn: str) -> bool:
        with self._lock:
            return self.clock() - self._started.get(arn, -self.start_seconds) < self.start_seconds

    def _listed(self, response: Response) -> Response:
        said = json.loads(response.body)
        rows = said.get("executions", [])
        kept = [row for row in rows if not self._is_new(row["executionArn"])]
        if len(kept) == len(rows):
            return response
        self.struck += 1
        return _saying(response, {**said, "executions": kept})

    def _described(self, response: Response) -> Response:
        said = json.loads(response.body)
        if said["status"] == "RUNNING":
            return response
        with self._lock:
            known_since = self._ended.setdefault(said["executionArn"], self.clock())
        if self.clock() - known_since >= self.end_seconds:
            return response
        self.struck += 1
        former = {name: value for name, value in said.items() if name not in _ENDS}
        return _saying(response, {**former, "status": "RUNNING"})


@dataclass(slots=True)
class FormerDefinition:
    """The first execution that starts after UpdateStateMachine has the definition of before it.

    The emulator reads a definition a moment after it has answered: ``read_seconds``.
    """

    machine_arn: str
    former: str
    read_seconds: float = 0.5
    struck: int = field(default=0, init=False)

    def __call__(self, request: Request) -> Fate | None:
        is_start = request.service == "states" and request.operation == "StartExecution"
        if self.struck or not is_start or request.said["stateMachineArn"] != self.machine_arn:
            return None
        self.struck += 1
        return self._start

    def _start(self, request: Request, forward: Forward) -> Response:
        arn = {"stateMachineArn": self.machine_arn}
        known = json.loads(forward(request.asking("DescribeStateMachine", arn)).body)
        self._define(request, forward, self.former)
        try:
            return forward(request)
        finally:
            time.sleep(self.read_seconds)
            self._define(request, forward, known["definition"])

    def _define(self, request: Request, forward: Forward, definition: str) -> None:
        said = {"stateMachineArn": self.machine_arn, "definition": definition}
        assert forward(request.asking("UpdateStateMachine", said)).status == 200


@dataclass(slots=True)
class LateRights:
    """From a role's first request on, a ``share`` of all is denied for so many seconds."""

    draw: random.Random
    hits: Callable[[Request], bool]
    seconds: float
    share: float
    clock: Callable[[], float] = time.monotonic
    struck: int = field(default=0, init=False)
    _until: float | None = field(default=None, init=False)

    def __call__(self, request: Request) -> Fate | None:
        if not self.hits(request):
            return None
        if self._until is None:
            self._until = self.clock() + self.seconds
        if self.clock() >= self._until or self.draw.random() >= self.share:
            return None
        self.struck += 1
        if request.is_dynamodb:
            action = f"{request.service}:{request.operation}"
            words = f"User: {_ROLE} is not authorized to perform: {action}"
            return refuse(400, "AccessDeniedException", words)
        return refuse(403, "AccessDenied", "Access Denied")


def hidden_keys(request: Request) -> Fate | None:
    """S3 for whoever may not list the bucket: a key that is missing is forbidden, not missing."""
    is_key = request.service == "s3" and request.path.strip("/").count("/") > 0
    return _forbidden if is_key and request.method in {"HEAD", "GET"} else None


def _forbidden(request: Request, forward: Forward) -> Response:
    response = forward(request)
    if response.status != 404:
        return response
    return refuse(403, "AccessDenied", "Access Denied")(request, forward)


def _saying(response: Response, said: Any) -> Response:
    return Response(response.status, response.headers, json.dumps(said).encode())
