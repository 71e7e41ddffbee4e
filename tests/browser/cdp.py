"""A browser that is spoken to by Chrome's DevTools protocol, through a pipe."""

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.browser.browser import command
from tests.support.waiting import HANG_SECONDS

# The browser reads commands from descriptor 3 and answers on 4.
_ON_PIPES = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1'


@dataclass(slots=True)
class Connection:
    """Messages are JSON, each ended by a zero byte; those that nobody asked for are kept."""

    process: "subprocess.Popen[bytes]"
    events: list[dict[str, Any]] = field(default_factory=list)
    _number: int = 0
    _rest: bytes = b""

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        message |= {"sessionId": session} if session else {}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\0")
        self.process.stdin.flush()
        return self._answer(self._number, method)

    def _answer(self, number: int, method: str) -> dict[str, Any]:
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            came = self._messages(deadline)
            self.events += [message for message in came if "method" in message]
            for message in came:
                if message.get("id") == number:
                    assert "error" not in message, f"{method}: {message['error']}"
                    return dict(message["result"])
        raise AssertionError(f"the browser did not answer {method}")

    def _messages(self, deadline: float) -> list[dict[str, Any]]:
        """Return what has come, or nothing in time."""
        assert self.process.stdout
        pipe = self.process.stdout.fileno()
        if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return []
        came = os.read(pipe, 1 << 20)
        assert came, "the browser ended"
        *whole, self._rest = (self._rest + came).split(b"\0")
        return [json.loads(text) for text in whole]


@contextmanager
def browser() -> Iterator[Connection]:
    """Start a browser; it ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _ON_PIPES, "sh", *command(profile), "--remote-debugging-pipe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield Connection(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
