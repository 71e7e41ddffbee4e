"""DynamoDBs for live traffic, each started once."""

from collections.abc import Iterator

import pytest
from tests.live import endpoints
from tests.live.endpoints import Endpoint


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoints.ministack(tmp_path_factory.mktemp("ministack")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def dynalite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoints.dynalite(tmp_path_factory.mktemp("dynalite")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def double_on_dynalite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Batches for dynalite, which has none: the fast writer on storage that is not ours."""
    folder = tmp_path_factory.mktemp("double-on-dynalite")
    with endpoints.double(folder, storage=endpoints.dynalite) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoints.double(tmp_path_factory.mktemp("double")) as endpoint:
        yield endpoint
