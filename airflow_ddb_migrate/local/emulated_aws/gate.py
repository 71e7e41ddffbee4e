"""Lets only its starter reach the embedded stack, since the stack runs code on this machine.

Any web page can send a form or an image request to loopback, and can point a name of its own there
(DNS rebinding); any user of the machine can connect. None of them knows the key that is made at
random for each start, and no AWS client sends an ``Origin``.
"""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

_HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]+)?")
_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/, ]+)/[^/]+/[^/]+/(?P<service>[^/]+)/"
)
_KEY_BYTES = 16
_CODE = "InvalidClientTokenId"  # what AWS answers to a key that it does not know


def new_key() -> str:
    """Return a key of 128 random bits, which may stand where AWS has an access key id."""
    return f"LOCAL{secrets.token_hex(_KEY_BYTES).upper()}"


def signed_service(headers: Headers) -> str:
    """Return the service that a request is signed for, as ``dynamodb``; empty if unsigned."""
    found = _CREDENTIAL.match(_only(headers, "authorization"))
    return found["service"] if found else ""


@dataclass(frozen=True, slots=True)
class Gate:
    """An ASGI app before another: 403 for each request that is not the starter's.

    A request is the starter's if it names ``key`` as its access key id, or as its session token:
    the emulator gives its Lambdas an access key id of its own choice. ``is_issued`` returns whether
    the emulator itself gave out an access key id, to a caller that had passed.
    """

    app: ASGIApp
    key: str
    is_issued: Callable[[str], bool]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        refusal = "" if scope["type"] == "lifespan" else self.refusal(scope["headers"])
        if not refusal:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(scope["headers"], send, refusal)

    def refusal(self, headers: Headers) -> str:
        """Return why a request is refused; empty when it passes."""
        host = _only(headers, "host")
        if not _HOSTS.fullmatch(host):
            return f"it asks for the host {host[:64]!r}, not for 127.0.0.1."
        if _all(headers, "origin"):
            return "it comes from a web page."
        if not self._knows(headers):
            return "its access key id is not the one that was made when this stack was started."
        return ""

    def _knows(self, headers: Headers) -> bool:
        found = _CREDENTIAL.match(_only(headers, "authorization"))
        if found is None:
            return False
        named = (found["key"], _only(headers, "x-amz-security-token"))
        return any(map(self._is_key, named)) or self.is_issued(found["key"])

    def _is_key(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self.key.encode())


async def _refuse(headers: Headers, send: Any, refusal: str) -> None:
    """Answer in the form in which AWS's protocols put an error, so that clients can show it."""
    words = (
        f"The embedded stack refused this request: {refusal} 'ddb-migrate local up' prints the "
        "variables that reach the stack."
    )
    kind, body = _as_json(words) if _only(headers, "x-amz-target") else _as_xml(words)
    await send(
        {
            "type": "http.response.start",
            "status": 403,
            "headers": [(b"content-type", kind), (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})


def _as_json(words: str) -> tuple[bytes, bytes]:
    said: Mapping[str, str] = {"__type": _CODE, "message": words}
    return b"application/x-amz-json-1.0", json.dumps(said).encode()


def _as_xml(words: str) -> tuple[bytes, bytes]:
    text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    error = f"<Error><Code>{_CODE}</Code><Message>{text}</Message></Error>"
    return b"text/xml", f"<ErrorResponse>{error}</ErrorResponse>".encode()


def _only(headers: Headers, name: str) -> str:
    """Return a header's value; empty when it is missing, or there twice."""
    found = _all(headers, name)
    return found[0] if len(found) == 1 else ""


def _all(headers: Headers, name: str) -> list[str]:
    return [v.decode("latin-1") for n, v in headers if n.decode("latin-1").lower() == name]
