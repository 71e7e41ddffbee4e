"""A DynamoDB in this process, and a dispatcher with scripted writers."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from ddb_transform import dispatch
from tests import writing
from tests.migration_world import moto_dynamodb


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """Shared by a module's tests, each of which has a table of its own."""
    with moto_dynamodb() as client:
        yield client


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., writing.Bench]]:
    """A factory of dispatchers with one thread: batches are answered in their order."""
    monkeypatch.setattr(dispatch, "_LOOK_SECONDS", 0.01)
    with ThreadPoolExecutor(1) as threads:
        yield partial(writing.bench, threads)
