"""The DynamoDBs that live traffic runs on: the emulator, and dynalite, which shares no code."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from airflow_ddb_migrate.local.emulated_aws import emulator
from airflow_ddb_migrate.local.emulated_aws.emulator import REGION
from botocore.config import Config
from tests.support.engines import dynalite as dynalites
from tests.support.factories import data_table

# No retries: what an application sent twice, it could not tell from a lost update.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=32,
    parameter_validation=False,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A DynamoDB that answers."""

    url: str
    credentials: Mapping[str, str] = field(default_factory=dict)

    def client(self) -> Any:
        session = boto3.Session(region_name=REGION, **self.credentials)
        return session.client("dynamodb", endpoint_url=self.url, config=_CONFIG)


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
