"""A DynamoDB in this process, worlds and workers on it, and a dispatcher with scripted writers."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from ddb_transform import worker as workers
from ddb_transform.contract import transformed_page
from ddb_transform.writers import dispatch
from tests.support.worlds.migration_world import MigrationWorld, moto_dynamodb
from tests.unit.lambda_.writers import writing


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


@pytest.fixture
def world(dynamodb: Any) -> Callable[..., MigrationWorld]:
    """A factory of worlds on the module's DynamoDB."""
    return lambda **options: MigrationWorld(dynamodb, **options)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 10 items, each saved, and a look at the ledger at every item."""
    monkeypatch.setattr(workers, "SCAN_PAGE_ITEMS", 10)
    monkeypatch.setattr(workers, "save_seconds", lambda _: 0)
    monkeypatch.setattr(transformed_page, "_TICK_SECONDS", -1)
    monkeypatch.setattr(dispatch, "_LOOK_SECONDS", 0.001)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What a writer thread calls to go on only when the main thread has looked once more."""
    looks = threading.Semaphore(0)
    tick = workers.Worker._tick

    def note(self: workers.Worker) -> None:
        try:
            tick(self)
        except BaseException:
            looks.release(2)  # it will not look again
            raise
        looks.release()

    monkeypatch.setattr(workers.Worker, "_tick", note)

    def look() -> None:
        while looks.acquire(blocking=False):
            pass  # looks of before
        for _ in range(2):  # the first may have begun before
            assert looks.acquire(timeout=5)

    return look
