"""A DynamoDB in this process."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.migration_world import moto_dynamodb


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """Shared by a module's tests, each of which has a table of its own."""
    with moto_dynamodb() as client:
        yield client
