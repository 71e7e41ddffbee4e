"""One emulator and one deployment, with a proxy, for all tests of faults."""

from collections.abc import Iterator

import pytest
from tests.faults.world import FaultWorld, fault_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultWorld]:
    with fault_world(tmp_path_factory.mktemp("faults")) as running:
        yield running
