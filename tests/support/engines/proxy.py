"""A proxy between AWS clients and the emulator, that faults may work on.

Each door is a port with a name, so that a fault can tell the workers' requests from Airflow's. A
fault is asked about every request, in their order; the first that answers decides its fate.
"""

import http.client
import json
import re
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

_HOP = frozenset({"connection", "transfer-encoding", "content-length", "x-amz-crc32", "expect"})
_UPSTREAM_SECONDS = 60.0
_SERVICE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")
_TABLE = re.compile(r'^(?:UPDATE|DELETE FROM|SELECT .* FROM) "([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. ``table`` is the first table that it names, ``bucket`` the bucket; or empty."""

    door: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """Its name, where the service speaks JSON; of S3 the method."""
        target = self.headers.get("X-Amz-Target", "")
        return target.rpartition(".")[2] or self.method

    @property
    def service(self) -> str:
        """What it is signed for: dynamodb, s3, states, ...; empty if unsigned."""
        found = _SERVICE.search(self.headers.get("Authorization", ""))
        return found[1] if found else ""

    @property
    def is_dynamodb(self) -> bool:
        return self.headers.get("X-Amz-Target", "").startswith("DynamoDB_")

    @property
    def bucket(self) -> str:
        is_s3 = "X-Amz-Target" not in self.headers
        return urlsplit(self.path).path.split("/")[1] if is_s3 else ""

    @property
    def table(self) -> str:
        said = self.said
        if "TableName" in said:
            return str(said["TableName"])
        named = [_TABLE.match(row["Statement"]) for row in said.get("Statements", ())]
        return named[0][1] if named and named[0] else ""

    @property
    def said(self) -> dict[str, Any]:
        is_json = "X-Amz-Target" in self.headers and self.body
        return json.loads(self.body) if is_json else {}

    def saying(self, said: Mapping[str, Any]) -> "Request":
        return replace(self, body=json.dumps(said).encode())

    def asking(self, operation: str, said: Mapping[str, Any]) -> "Request":
        """Return another request to the same service, in the name of the same caller."""
        known = self.headers.items()
        headers = {name: value for name, value in known if name.lower() != "x-amz-target"}
        service = self.headers["X-Amz-Target"].rpartition(".")[0]
        headers["X-Amz-Target"] = f"{service}.{operation}"
        return replace(self, headers=headers).saying(said)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Gone(Exception):  # noqa: N818  # what a client sees is no answer
    """The connection ends without an answer."""


class Fate(Protocol):
    """What becomes of a request: ``forward`` sends it to the emulator."""

    def __call__(self, request: Request, forward: "Forward") -> Response: ...


class Forward(Protocol):
    def __call__(self, request: Request) -> Response: ...


class Fault(Protocol):
    """Decides about a request, or returns None. It is asked by one thread at a time."""

    def __call__(self, request: Request) -> Fate | None: ...


@dataclass(slots=True)
class FaultProxy:
    """Doors to the emulator. ``faults`` may be changed at any time; ``counts`` are requests.

    ``engine`` answers in the emulator's place what no fault has answered, or asks it in turn.
    """

    upstream: str = ""
    faults: Sequence[Fault] = ()
    engine: Fate | None = None
    counts: dict[str, int] = field(default_factory=dict)
    _servers: list[ThreadingHTTPServer] = field(default_factory=list, init=False)
    _lock: Any = field(default_factory=threading.Lock, init=False)

    def door(self, name: str) -> str:
        """Open a door; return its URL."""
        handler = type("Door", (_Handler,), {"proxy": self, "door": name})
        server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def answer(self, request: Request) -> Response:
        with self._lock:
            self.counts[request.door] = self.counts.get(request.door, 0) + 1
            fates = (fault(request) for fault in self.faults)
            fate = next((fate for fate in fates if fate is not None), None)
        return fate(request, self._through) if fate else self._through(request)

    def _through(self, request: Request) -> Response:
        engine = self.engine
        return engine(request, self._forward) if engine else self._forward(request)

    def _forward(self, request: Request) -> Response:
        connection = http.client.HTTPConnection(
            urlsplit(self.upstream).netloc, timeout=_UPSTREAM_SECONDS
        )
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        try:
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            return Response(answer.status, dict(answer.getheaders()), answer.read())
        except (OSError, http.client.HTTPException) as exc:
            raise Gone from exc
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed ends its connection as it likes."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    proxy: FaultProxy
    door: str

    def handle_expect_100(self) -> bool:
        """Say at once that the body may come: S3's clients wait for that."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            door=self.door,
            method=self.command,
            path=self.path,
            headers=self.headers,  # type: ignore[arg-type]  # names in any case
            body=body,
        )
        try:
            self._send(self.proxy.answer(request))
        except (Gone, OSError):
            self._hang_up()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815  # the base's names

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", self._length(response))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _length(self, response: Response) -> str:
        """Return the body's length; of a HEAD it is the one that a GET would have."""
        known = {name.lower(): value for name, value in response.headers.items()}
        of_get = known.get("content-length", "0")
        return of_get if self.command == "HEAD" else str(len(response.body))

    def _hang_up(self) -> None:
        """Reset the connection: whoever waits for an answer learns that none comes."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Say nothing."""
