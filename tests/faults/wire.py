"""Faults on the wire: which requests are hit, and what happens to them. Seeded."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.engines.fates import refuse
from tests.support.engines.proxy import Fate, Forward, Request, Response

Hits = Callable[[Request], bool]

_THROTTLED = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
)
_UNWELL = ((500, "InternalServerError"), (503, "ServiceUnavailable"))
_FAILED_STATEMENTS = ("ThrottlingError", "ProvisionedThroughputExceeded", "InternalServerError")


@dataclass(slots=True)
class Storm:
    """Hits ``share`` of the requests that ``hits`` names, ``most`` times at most."""

    draw: random.Random
    hits: Hits
    fate: Callable[[random.Random], Fate]
    share: float
    most: int
    struck: int = field(default=0, init=False)

    def __call__(self, request: Request) -> Fate | None:
        if self.struck >= self.most or not self.hits(request):
            return None
        if self.draw.random() >= self.share:
            return None
        self.struck += 1
        return self.fate(self.draw)


@dataclass(slots=True)
class Outage:
    """From its ``first`` request on, a ``share`` of what ``hits`` names fails for a while."""

    draw: random.Random
    hits: Hits
    fate: Callable[[random.Random], Fate]
    first: int
    seconds: float
    share: float = 1.0
    clock: Callable[[], float] = time.monotonic
    struck: int = field(default=0, init=False)
    _asked: int = field(default=0, init=False)
    _ends: float = field(default=0.0, init=False)

    def __call__(self, request: Request) -> Fate | None:
        if not self.hits(request):
            return None
        self._asked += 1
        if self._asked == self.first:
            self._ends = self.clock() + self.seconds
        if self._asked < self.first or self.clock() > self._ends:
            return None
        if self.draw.random() >= self.share:
            return None
        self.struck += 1
        return self.fate(self.draw)


@dataclass(slots=True)
class AtRequest:
    """Does something at the n-th requests of a door: before the emulator hears of one, or after."""

    door: str
    at: Mapping[int, bool]
    act: Callable[[], None]
    struck: int = field(default=0, init=False)
    _asked: int = field(default=0, init=False)

    def __call__(self, request: Request) -> Fate | None:
        if request.door != self.door:
            return None
        self._asked += 1
        if self._asked not in self.at:
            return None
        self.struck += 1
        return self._after if self.at[self._asked] else self._before

    def _before(self, request: Request, forward: Forward) -> Response:
        self.act()
        return forward(request)

    def _after(self, request: Request, forward: Forward) -> Response:
        response = forward(request)
        self.act()
        return response


def throttled(draw: random.Random, *, table_arn: str, operation: str) -> Fate:
    """Throttle with a reason, as DynamoDB does since 2025."""
    reason = f"Table{operation}ProvisionedThroughputExceeded"
    code = draw.choice(_THROTTLED)
    spelt = "throttlingReasons" if code == "ThrottlingException" else "ThrottlingReasons"
    reasons = [{"reason": reason, "resource": table_arn}]
    return refuse(400, code, "Throughput exceeds the current capacity.", **{spelt: reasons})


def unwell(draw: random.Random) -> Fate:
    return refuse(*draw.choice(_UNWELL))


def partial(draw: random.Random) -> Fate:
    """Let some statements of a batch fail; of some of them that is not true, they did land."""
    seed = draw.random()

    def fate(request: Request, forward: Forward) -> Response:
        return _partial(request, forward, random.Random(seed))

    return fate


def _partial(request: Request, forward: Forward, draw: random.Random) -> Response:
    said = request.said
    statements = said["Statements"]
    every = range(len(statements))
    failing = {i: draw.choice(_FAILED_STATEMENTS) for i in every if draw.random() < 0.4}
    unknown = [i for i, code in failing.items() if code == "InternalServerError"]
    landed = {i for i in unknown if draw.random() < 0.5}
    sent = [i for i in every if i not in failing or i in landed]
    answers = _answers(request, forward, {**said, "Statements": [statements[i] for i in sent]})
    if isinstance(answers, Response):
        return answers
    told: dict[int, Any] = dict(zip(sent, answers["Responses"], strict=True))
    told |= {i: {"Error": {"Code": code, "Message": "A fault."}} for i, code in failing.items()}
    body = {**answers, "Responses": [told[i] for i in every]}
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return Response(200, headers, json.dumps(body).encode())


def _answers(
    request: Request, forward: Forward, said: Mapping[str, Any]
) -> dict[str, Any] | Response:
    if not said["Statements"]:
        return {"Responses": []}
    response = forward(request.saying(said))
    return json.loads(response.body) if response.status == 200 else response
