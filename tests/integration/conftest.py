"""The embedded stack for integration tests: started once, deployed to by the product's own push."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import Stack
from airflow_ddb_migrate.local.emulated_aws import emulator as emulators
from airflow_ddb_migrate.local.emulated_aws.emulator import Emulator
from airflow_ddb_migrate.local.stack import deploy_to
from tests.support.worlds.chain_world import ChainWorld, chain_world


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed stack, and clients for the emulator that it is deployed to."""

    stack: Stack
    clients: Clients
    endpoint_url: str


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A running emulator, with the shim."""
    with emulators.start_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="session")
def clients(emulator: Emulator) -> Clients:
    return emulator.clients()


@pytest.fixture(scope="session")
def deployed_stack(emulator: Emulator, clients: Clients) -> Deployed:
    """The default stack, which may migrate every table of the emulator."""
    stack = deploy_to(emulator, quiet=True)
    return Deployed(stack, clients, emulator.endpoint_url)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainWorld]:
    """The chain, on an emulator whose Lambda processes a test may kill."""
    folder = tmp_path_factory.mktemp("chain")
    with chain_world(folder, tmp_path_factory.mktemp("transforms")) as running:
        yield running


@pytest.fixture
def make_table(clients: Clients) -> Callable[..., str]:
    """A factory of tables with one string key ``id``, each under a name of its own."""

    def make(*, items: int = 0, **settings: object) -> str:
        name = f"orders-{uuid.uuid4().hex[:8]}"
        known = {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        clients.dynamodb.create_table(TableName=name, **{**known, **settings})
        for i in range(items):
            clients.dynamodb.put_item(TableName=name, Item={"id": {"S": f"item-{i}"}})
        return name

    return make
