"""Lets only the user who started it reach the embedded stack, which runs code on this machine.

Any web page can send form or image requests to loopback, or point a host name there (DNS
rebinding), and any user of the machine can connect. None of them knows the key, which is random for
each start. No AWS client sends an ``Origin``.
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
_CODE = "InvalidClientTokenId"  # AWS's error code for an unknown key


def new_key() -> str:
    """Return a key of 128 random bits in the form of an access key id."""
    return f"LOCAL{secrets.token_hex(_KEY_BYTES).upper()}"


def signed_service(headers: Headers) -> str:
    """Return the service that a request is signed for, such as ``dynamodb``; empty if unsigned."""
    found = _CREDENTIAL.match(_only(headers, "authorization"))
    return found["service"] if found else ""


@dataclass(frozen=True, slots=True)
class Gate:
    """An ASGI app in front of another: it answers 403 unless a request has the key.

    A request has ``key`` as its access key id, or as its session token, since the emulator chooses
    the access key id of its Lambdas. ``is_issued`` returns whether the emulator issued an access
    key id, which only a caller with the key can have asked for.
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
        """Return why a request is refused; empty if it may pass."""
        host = _only(headers, "host")
        if not _HOSTS.fullmatch(host):
            return f"its Host is {host[:64]!r}, not 127.0.0.1."
        if _all(headers, "origin"):
            return "it comes from a web page."
        if not self._knows(headers):
            return "its access key id is not the one of this start of the stack."
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
    """Answer with an error in the form of AWS's protocols, so that clients can show it."""
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
    """Return a header's value; empty if the header is missing or occurs twice."""
    found = _all(headers, name)
    return found[0] if len(found) == 1 else ""


def _all(headers: Headers, name: str) -> list[str]:
    return [v.decode("latin-1") for n, v in headers if n.decode("latin-1").lower() == name]
