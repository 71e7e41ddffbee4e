"""A place for migrations: a DynamoDB in this process, everything else in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from tests.support.factories import REGION
from tests.support.worlds import capacity_world
from tests.support.worlds.capacity_world import Place
from tests.support.worlds.migration_world import moto_dynamodb
from tests.support.worlds.site_world import SiteWorld


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


@pytest.fixture(scope="module")
def scaling_service(service: Any) -> Any:
    """moto's auto scaling, in the same world as its DynamoDB."""
    return boto3.client("application-autoscaling", region_name=REGION)


@pytest.fixture
def make_place(dynamodb: Any, scaling_service: Any) -> Iterator[Callable[..., Place]]:
    """A factory of one table to prewarm and restore, with its auto scaling."""

    def make(mode: str = "PROVISIONED", indexes: int = 0, scaled: str = "no") -> Place:
        return capacity_world.make_place(
            dynamodb, scaling_service, mode=mode, indexes=indexes, scaled=scaled
        )

    yield make
    capacity_world.deregister_all(scaling_service)
