"""What may become of a request: done by the emulator or not, answered or not."""

import json
import time
from typing import Any

from tests.support.engines.proxy import Fate, Forward, Gone, Request, Response


def refuse(status: int, code: str, message: str = "A fault.", **more: Any) -> Fate:
    """Answer with an error; the emulator never hears of the request."""

    def fate(request: Request, forward: Forward) -> Response:
        return error(request, status, code, message, **more)

    return fate


def error(request: Request, status: int, code: str, message: str, **more: Any) -> Response:
    """Return an error as the service that was asked writes it."""
    if "X-Amz-Target" in request.headers:
        kind = f"com.amazonaws.dynamodb.v20120810#{code}" if request.is_dynamodb else code
        body = json.dumps({"__type": kind, "message": message, **more}).encode()
        return Response(status, {"Content-Type": "application/x-amz-json-1.0"}, body)
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(status, {"Content-Type": "application/xml"}, text.encode())


def reset(request: Request, forward: Forward) -> Response:
    """Hang up before the emulator hears of it."""
    raise Gone


def lose(request: Request, forward: Forward) -> Response:
    """Let the emulator do it, and lose the answer."""
    forward(request)
    raise Gone


def delay(seconds: float) -> Fate:
    def fate(request: Request, forward: Forward) -> Response:
        time.sleep(seconds)  # the wire is slow: there is no clock to inject
        return forward(request)

    return fate
