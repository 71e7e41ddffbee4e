"""The DynamoDBs that live traffic runs on.

The emulator; dynalite, which shares no code; and a double of AWS, the emulator behind a strict
front.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from airflow_ddb_migrate.local.emulated_aws import emulator
from airflow_ddb_migrate.local.emulated_aws.emulator import REGION
from botocore.config import Config
from tests.support.engines import dynalite as dynalites
from tests.support.engines.double.engine import StrictDynamo
from tests.support.engines.proxy import FaultProxy
from tests.support.factories import data_table

# No retries: what an application sent twice, it could not tell from a lost update.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=32,
    parameter_validation=False,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A DynamoDB that answers, and what else the engine has."""

    url: str
    credentials: Mapping[str, str] = field(default_factory=dict)

    def client(self, config: Config = _CONFIG, service: str = "dynamodb") -> Any:
        session = boto3.Session(region_name=REGION, **self.credentials)
        return session.client(service, endpoint_url=self.url, config=config)


def make_table(dynamodb: Any, name: str) -> None:
    """Create a table with the key ``id``, and wait until it is there."""
    data_table(dynamodb, name)
    dynamodb.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1_000}
    )


@contextmanager
def ministack(folder: Path) -> Iterator[Endpoint]:
    with emulator.start_emulator(folder) as running:
        yield Endpoint(running.endpoint_url, running.credentials)


@contextmanager
def dynalite(folder: Path) -> Iterator[Endpoint]:
    with dynalites.dynalite(folder) as url:
        yield Endpoint(url)


@contextmanager
def double(
    folder: Path,
    engine: StrictDynamo | None = None,
    storage: Callable[[Path], AbstractContextManager[Endpoint]] = ministack,
) -> Iterator[Endpoint]:
    with storage(folder) as behind, FaultProxy(behind.url, engine=engine or StrictDynamo()) as it:
        yield Endpoint(it.door("double"), behind.credentials)
