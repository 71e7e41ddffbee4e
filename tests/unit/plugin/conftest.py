"""Routes on Airflow's auth manager and database, with a migration in memory behind them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.starting.start import StartResult
from airflow_ddb_migrate.aws.site import Site
from airflow_ddb_migrate.plugin.app import make_app
from airflow_ddb_migrate.plugin.views import Looks
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.worlds.migration_world import moto_dynamodb
from tests.support.worlds.site_world import SiteWorld
from tests.unit.plugin.airflow_database import airflow_database, token_of

DAG, RUN = "ddb_migration", "manual__2026-01-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def database() -> Iterator[None]:
    with airflow_database():
        yield


@pytest.fixture(scope="module")
def service() -> Iterator[Any]:
    with moto_dynamodb() as client:
        yield client


@pytest.fixture
def world(service: Any) -> Iterator[SiteWorld]:
    yield RunWorld(service)
    for name in service.list_tables()["TableNames"]:
        service.delete_table(TableName=name)


class RunWorld(SiteWorld):
    """A world whose migrations are started by the DAG run whose tab is opened."""

    def start(self, site: Site | None = None, **fields: Any) -> StartResult:
        started_by = f"DAG {DAG}, run {RUN}"
        return SiteWorld.start(self, site, **{"started_by": started_by, **fields})


class WorldLooks(Looks):
    """Looks at a world of a test, whatever the connection."""

    def __init__(self, world: SiteWorld) -> None:
        super().__init__()
        self.world = world

    def open_site(self, where: Any, dag_id: str, run_id: str, migration_id: str) -> Any:
        return self.world.site_for(migration_id)


@pytest.fixture
def app(database: None, world: SiteWorld) -> FastAPI:
    """Airflow's app with the plugin where Airflow mounts it."""
    root = FastAPI()
    root.mount("/ddb-migrate", make_app(WorldLooks(world)))
    return root


@pytest.fixture
def client_of(app: FastAPI) -> Callable[[str], TestClient]:
    """A browser of a user with this role; of nobody without one."""

    def make(role: str = "") -> TestClient:
        client = TestClient(app, base_url="http://airflow", raise_server_exceptions=False)
        if role:
            client.cookies.set("_token", token_of("ann", role))
        return client

    return make
