"""An AWS that hangs takes a few threads of ours, and none of Airflow's."""

import asyncio
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import anyio.to_thread
import httpx
import pytest
from airflow_ddb_migrate.plugin import app as plugin
from airflow_ddb_migrate.plugin.app import make_app
from airflow_ddb_migrate.plugin.threads import BusyError, OwnThreads
from airflow_ddb_migrate.plugin.views import Looks
from fastapi import FastAPI
from tests.unit.plugin.airflow_database import token_of

LOOKS = 100


class Hanging(Looks):
    """Looks at an AWS that does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()

    def site(self, asked: Any, *, change: bool) -> Any:  # as its base
        assert self.answered.wait(60)
        return asked

    def view(self, asked: Any) -> Any:
        return {"migration_id": self.site(asked, change=False).migration_id}


@pytest.fixture
def hanging(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    monkeypatch.setattr(plugin, "_LOOKING", OwnThreads(4, "test"))
    looks = Hanging()
    yield looks
    looks.answered.set()


def served(looks: Looks) -> FastAPI:
    """Airflow's app: a route of its own, in its own threads, and the plugin."""
    root = FastAPI()

    @root.get("/airflow")
    def route() -> str:
        return "well"

    root.mount("/ddb-migrate", make_app(looks))
    return root


def test_a_hundred_looks_at_an_aws_that_hangs_leave_airflow_its_threads(hanging: Hanging) -> None:
    """Its routes answer; four threads are ours; who has no room is told to come again."""
    transport = httpx.ASGITransport(served(hanging))

    async def look(client: httpx.AsyncClient, number: int) -> httpx.Response:
        return await client.get(f"/ddb-migrate/api/dag/run/migrations/m-{number}")

    async def scene() -> tuple[str, int, list[httpx.Response]]:
        cookies = {"_token": token_of("ann", "admin")}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://airflow", cookies=cookies, timeout=60
        ) as client:
            looks = [asyncio.create_task(look(client, number)) for number in range(LOOKS)]
            for refused in islice(asyncio.as_completed(looks), LOOKS - 20):
                await refused
            airflow = (await client.get("/airflow")).json()
            busy = anyio.to_thread.current_default_thread_limiter().borrowed_tokens
            hanging.answered.set()
            return airflow, busy, await asyncio.gather(*looks)

    airflow, busy, answers = asyncio.run(scene())

    statuses = [answer.status_code for answer in answers]
    ours = [t for t in threading.enumerate() if t.name.startswith("ddb-migrate-test")]
    assert ("well", 0) == (airflow, busy)
    assert (20, 80) == (statuses.count(200), statuses.count(503))
    assert {"3"} == {a.headers["retry-after"] for a in answers if a.status_code == 503}
    assert 4 == len(ours)


def test_room_comes_back() -> None:
    """Also after what raised."""
    threads = OwnThreads(1, "test")

    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            threads.submit(lambda: 1 / 0).result()
    assert 7 == threads.submit(lambda: 7).result()


def test_beyond_the_room_nothing_is_begun() -> None:
    """One works, four wait."""
    threads, go, began = OwnThreads(1, "test"), threading.Event(), []
    waiting = [threads.submit(lambda: began.append(1) or go.wait(60)) for _ in range(5)]

    with pytest.raises(BusyError, match="Try again in a few seconds"):
        threads.submit(lambda: began.append(2))
    go.set()
    for future in waiting:
        future.result()
    assert [1] * 5 == began
    while threads._room < 5:  # its callback runs behind the result
        time.sleep(0.001)
