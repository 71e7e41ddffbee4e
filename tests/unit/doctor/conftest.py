"""A table, its ledger and a stack, for what the doctor reads of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.worlds.migration_world import moto_dynamodb
from tests.support.worlds.site_world import SiteWorld


@pytest.fixture(scope="module")
def service() -> Iterator[Any]:
    with moto_dynamodb() as client:
        yield client


@pytest.fixture
def world(service: Any) -> Iterator[SiteWorld]:
    yield SiteWorld(service)
    for name in service.list_tables()["TableNames"]:
        service.delete_table(TableName=name)
