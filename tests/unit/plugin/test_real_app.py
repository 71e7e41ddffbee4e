"""The plugin in Airflow's own app, with its XCom API and an auth manager of rights by DAG."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import httpx
import pytest
from airflow.api_fastapi.app import create_app, purge_cached_app
from airflow.models.dagbag import DBDagBag
from airflow.models.dagbundle import DagBundleModel
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.xcom import XComModel
from airflow.sdk import DAG
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.core.names import CHECK
from airflow_ddb_migrate.plugin.app import the_app
from airflow_ddb_migrate.plugin.views import Looks
from fastapi import FastAPI
from sqlalchemy import delete
from starlette.testclient import TestClient
from tests.support.waiting import HANG_SECONDS
from tests.support.worlds.site_world import SiteWorld
from tests.unit.plugin.airflow_database import start_task, token_of
from tests.unit.plugin.team_auth_manager import TeamAuthManager
from tests.unit.plugin.test_dag_runs import python_task

RUN = "run-1"
VICTIM = "orders-bbbbbbbbbbbb"
FROM_THE_PAGE = {"X-DDB-Migrate": "1", "Sec-Fetch-Site": "same-origin"}
LOOKS = 100


@pytest.fixture(scope="module")
def app(database: None) -> Iterator[FastAPI]:
    """Airflow's whole app; it finds the plugin as on a server. Each team has a DAG with a run."""
    with pytest.MonkeyPatch.context() as patch:
        name = f"{TeamAuthManager.__module__}.{TeamAuthManager.__qualname__}"
        patch.setenv("AIRFLOW__CORE__AUTH_MANAGER", name)
        purge_cached_app()
        the_app.cache_clear()
        for dag_id in ("team_a", "team_b"):
            _add_run(dag_id)
        yield create_app("core")
        purge_cached_app()
        the_app.cache_clear()


def _add_run(dag_id: str) -> None:
    with DAG(dag_id, schedule=None) as dag:
        start_task("start")
        python_task("other")
    lazy = LazyDeserializedDAG.from_dag(dag)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with create_session() as session:
        session.merge(DagBundleModel(name="teams"))
        session.flush()
        SerializedDAG.bulk_write_to_db("teams", None, [lazy], session=session)
        SerializedDagModel.write_dag(lazy, bundle_name="teams", session=session)
    with create_session() as session:
        known = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        assert known is not None
        known.create_dagrun(
            run_id=RUN,
            logical_date=now,
            run_after=now,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )


@pytest.fixture(autouse=True)
def _nothing_kept(app: FastAPI) -> Iterator[None]:
    """Each test begins with a run that has returned nothing, and that nobody has looked at."""
    the_app.cache_clear()
    yield
    with create_session() as session:
        session.execute(delete(XComModel))


@pytest.fixture
def victim(world: SiteWorld, monkeypatch: pytest.MonkeyPatch) -> SiteWorld:
    """A migration of team B that runs; AWS is what the world has."""
    world.start(world.site_for(VICTIM), started_by=f"DAG team_b, run {RUN}")
    monkeypatch.setattr(Looks, "open_site", lambda *args: world.site_for(args[-1]))
    return world


def signed_in(app: FastAPI, name: str) -> TestClient:
    client = TestClient(app, base_url="http://airflow", raise_server_exceptions=False)
    client.cookies.set("_token", token_of(name, "user"))
    return client


def plant(client: TestClient, dag_id: str, task_id: str, value: Any) -> None:
    """Write an XCom as whoever may do everything to a DAG can, by Airflow's API."""
    path = f"/api/v2/dags/{dag_id}/dagRuns/{RUN}/taskInstances/{task_id}/xcomEntries"
    answer = client.post(path, json={"key": "return_value", "value": value})
    assert 201 == answer.status_code, answer.text


def tab(dag_id: str, rest: str = "") -> str:
    return f"/ddb-migrate/api/{dag_id}/{RUN}/migrations{rest}"


@pytest.mark.parametrize("task_id", ["start", "other"])
def test_a_planted_xcom_reaches_no_migration_of_another_team(
    app: FastAPI, victim: SiteWorld, task_id: str
) -> None:
    """Neither under a task of somebody else's operator, nor under one of ours."""
    bob = signed_in(app, "bob")
    plant(bob, "team_a", task_id, {"migration_id": VICTIM})
    one = tab("team_a", f"/{VICTIM}")

    looks = [bob.get(f"{one}{rest}").status_code for rest in ("", "/lanes/0", "/quarantine")]
    presses = [
        bob.post(f"{one}/{button}", json={}, headers=FROM_THE_PAGE).status_code
        for button in ("pause", "resume", "stop", "retune")
    ]

    assert ({404}, {404}) == (set(looks), set(presses))
    control = victim.site.ledger.control(VICTIM)
    assert control is not None
    assert Command.RUN is control.command
    named = {found["migration_id"] for found in bob.get(tab("team_a")).json()["migrations"]}
    assert named == ({VICTIM} if task_id == "start" else set())


def test_the_run_of_another_team_is_not_there(app: FastAPI, victim: SiteWorld) -> None:
    """Whether there is such a DAG or not."""
    plant(signed_in(app, "cara"), "team_b", "start", {"migration_id": VICTIM})
    bob = signed_in(app, "bob")

    answers = [bob.get(tab(dag_id, f"/{VICTIM}")) for dag_id in ("team_b", "no_such_dag")]

    assert [(403, {"detail": "Forbidden"})] * 2 == [(a.status_code, a.json()) for a in answers]


def test_who_is_of_both_teams_may_follow(app: FastAPI, victim: SiteWorld) -> None:
    """From the run of the one to the migration of the other, and stop it."""
    cara = signed_in(app, "cara")
    plant(cara, "team_a", "start", {"migration_id": VICTIM})
    one = tab("team_a", f"/{VICTIM}")

    seen = cara.get(one)
    stopped = cara.post(f"{one}/stop", json={"reason": "wrong"}, headers=FROM_THE_PAGE)

    assert (200, "orders") == (seen.status_code, seen.json()["table"])
    assert 202 == stopped.status_code
    control = victim.site.ledger.control(VICTIM)
    assert control is not None
    assert (Command.STOP, "by cara: wrong") == (control.command, control.reason)


@pytest.mark.parametrize(("name", "expected"), [("cara", [VICTIM]), ("bob", []), ("dan", [])])
def test_the_list_asks_the_auth_manager(
    app: FastAPI,
    victim: SiteWorld,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    expected: list[str],
) -> None:
    """And AWS nothing for who may see no DAG."""
    monkeypatch.setattr(Looks, "_ledger", lambda *_: victim.site.ledger)
    victim.dynamodb.calls.clear()

    answer = signed_in(app, name).get("/ddb-migrate/api/list").json()

    assert expected == [row["migration_id"] for row in answer["migrations"]]
    assert (name == "dan") == (not victim.dynamodb.calls)


def test_an_aws_that_hangs_leaves_airflow_its_threads(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One viewer opens a hundred looks at as many checks: Airflow's own routes answer as ever."""
    answered = threading.Event()
    monkeypatch.setattr(Looks, "open_site", lambda *_: answered.wait(HANG_SECONDS) and 1 / 0)
    plant(signed_in(app, "bob"), "team_a", "start", {"migration_id": VICTIM})

    async def scene() -> tuple[list[int], list[int]]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://airflow",
            cookies={"_token": token_of("bob", "user")},
            timeout=HANG_SECONDS,
        ) as client:
            ones = [tab("team_a", f"/{VICTIM}-{CHECK}{number}") for number in range(LOOKS)]
            looks = [asyncio.create_task(client.get(one)) for one in ones]
            busy = [await look for look in islice(asyncio.as_completed(looks), LOOKS - 20)]
            path = "/api/v2/dags/team_a/dagRuns"
            routes = [asyncio.wait_for(client.get(path), HANG_SECONDS) for _ in range(5)]
            airflow = await asyncio.gather(*routes)
            answered.set()
            await asyncio.gather(*looks)
            return [one.status_code for one in airflow], [one.status_code for one in busy]

    airflow, busy = asyncio.run(scene())

    assert ([200] * 5, {503}) == (airflow, set(busy))
