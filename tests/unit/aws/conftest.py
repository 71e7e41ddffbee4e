"""A place for migrations: a DynamoDB in this process, everything else in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.migration_world import moto_dynamodb
from tests.site_world import SiteWorld


@pytest.fixture(scope="module")
def service() -> Iterator[Any]:
    with moto_dynamodb() as client:
        yield client


@pytest.fixture
def dynamodb(service: Any) -> Iterator[Any]:
    """An empty account: making a client for each test would take longer than the tests."""
    yield service
    for name in service.list_tables()["TableNames"]:
        service.delete_table(TableName=name)


@pytest.fixture
def world(dynamodb: Any) -> SiteWorld:
    """A table, its ledger, and a stack that may migrate it."""
    return SiteWorld(dynamodb)


@pytest.fixture
def make_world(dynamodb: Any) -> Callable[..., SiteWorld]:
    """The same with other settings of the table."""
    return lambda **settings: SiteWorld(dynamodb, table_settings=settings)
