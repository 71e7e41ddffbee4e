"""Who gets past the gate of the embedded stack."""

import asyncio
from typing import Any

import pytest
from airflow_ddb_migrate.local.emulated_aws.gate import Gate, new_key

KEY = new_key()
ISSUED = "ASIAISSUED"
HOST = "127.0.0.1:4566"


async def _inside(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


def signed(key: str = KEY, service: str = "dynamodb") -> str:
    scope = f"{key}/20260101/us-east-1/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def asked(*headers: tuple[str, str], kind: str = "http") -> list[dict[str, Any]]:
    """Return what is sent to whoever asks with these headers, beside those of a client of ours."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    gate = Gate(_inside, KEY, lambda key: key == ISSUED)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    asyncio.run(gate({"type": kind, "headers": raw}, None, send))
    return sent


def status(*headers: tuple[str, str]) -> int:
    return int(asked(*headers)[0]["status"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4566", "localhost", "localhost:4566"])
def test_a_client_of_whoever_started_it_gets_in(host: str) -> None:
    """By its loopback address or that one's name, with any port."""
    assert 200 == status(("host", host), ("authorization", signed()))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4566",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:4566",
        "localhost.evil.example",
        "localhost.",
        "localhost.:4566",
        "LOCALHOST:4566",
        "LocalHost",
        "[::1]",
        "[::1]:4566",
        "::1",
        "[::ffff:127.0.0.1]:4566",
        "127.1",
        "127.0.0.2:4566",
        "0.0.0.0:4566",
        "2130706433",
        "0x7f000001",
        "127.0.0.1:4566@evil.example",
        "evil.example@127.0.0.1",
        "127.0.0.1:evil",
        "127.0.0.1, evil.example",
        "127.0.0.1\n",
        "localhost\x00",
        "",
    ],
)
def test_no_other_name_leads_in(host: str) -> None:
    """A page of that name would be of the same origin (DNS rebinding); also with the right key."""
    assert 403 == status(("host", host), ("authorization", signed()))


def test_of_two_hosts_none_counts() -> None:
    """Nor is there a request without one."""
    two = (("host", HOST), ("Host", "evil.example"), ("authorization", signed()))

    assert [403, 403] == [status(*two), status(("authorization", signed()))]


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", f"http://{HOST}", "http://localhost:3000"]
)
def test_no_page_gets_in(origin: str) -> None:
    """Not even one of this machine: no AWS client sends where a page is from."""
    headers = (("host", HOST), ("authorization", signed()), ("Origin", origin))

    assert 403 == status(*headers)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer x",
        "Basic dGVzdDp0ZXN0",
        signed("test"),
        signed(KEY.lower()),
        signed(KEY[:-1]),
        signed(f"{KEY}0"),
        signed(f"x, Credential={KEY}"),
        f" {signed()}",
        signed("\xe9" * 37),
    ],
)
def test_whoever_does_not_know_the_key_stays_out(authorization: str) -> None:
    """Another user of this machine, or an image of a page: a GET without anything."""
    assert [403, 403] == [
        status(("host", HOST), ("authorization", authorization)),
        status(("host", HOST)),
    ]


def test_lambdas_and_issued_keys_get_in() -> None:
    """What the emulator starts knows the key as its session token."""
    token = (("authorization", signed("ASIA1")), ("x-amz-security-token", KEY))

    assert 200 == status(("host", HOST), *token)
    assert 200 == status(("host", HOST), ("authorization", signed(ISSUED)))


@pytest.mark.parametrize("target", [(), (("x-amz-target", "DynamoDB_20120810.ListTables"),)])
def test_a_refusal_says_why_and_no_page_can_read_it(target: tuple[tuple[str, str], ...]) -> None:
    """In the form of AWS's errors, without markup of whoever asked, and never with the key."""
    start, body = asked(("host", "<script>x"), ("authorization", signed()), *target)

    names = {name.lower() for name, _ in start["headers"]}
    assert 403 == start["status"]
    assert not any(name.startswith(b"access-control") for name in names)
    assert b"ddb-migrate local up" in body["body"]
    assert KEY.encode() not in body["body"]
    assert b"<script>" not in body["body"] or b"json" in dict(start["headers"])[b"content-type"]


def test_a_websocket_is_closed() -> None:
    """No preflight asks for one."""
    assert ["websocket.close"] == [one["type"] for one in asked(("host", HOST), kind="websocket")]


def test_every_start_has_a_key_of_its_own() -> None:
    """Of 128 random bits."""
    keys = {new_key() for _ in range(100)}

    assert (100, {37}) == (len(keys), {len(key) for key in keys})
