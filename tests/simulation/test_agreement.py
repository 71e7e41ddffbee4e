"""The product's own worker and the page model tell the same time and units."""

import pytest
from tests.migration_world import moto_dynamodb
from tests.simulation import model, real_loop
from tests.simulation.model import run
from tests.simulation.scenarios import Scenario
from tests.simulation.table import SimTable
from tests.simulation.workers import Latency

ITEMS = 20_480
NONE = (0.0, 0.0)
AT_ONCE = Latency(cold=NONE, warm=NONE, begin=NONE, end=NONE)


def scenario(**fields) -> Scenario:
    """One lane of 20 MiB in a single partition, a share of 500."""
    known = {"gib": 20 / 1_024, "write": 4_000, "write_budget": 500, "total_segments": 1}
    return Scenario(name="one lane", says="", max_concurrency=1, **{**known, **fields})


CASES = {
    "share": scenario(),
    "processor": scenario(write_budget=1_000),
    "burst": scenario(used=dict.fromkeys(range(4), 0.9), burst_seconds=20.0),
    "partition": scenario(used=dict.fromkeys(range(4), 0.7), burst_seconds=1.0),
}


@pytest.fixture(scope="module")
def dynamodb():
    with moto_dynamodb() as client:
        yield client


@pytest.mark.parametrize("name", CASES)
def test_agreement(name, dynamodb, monkeypatch):
    """Bound by its share, its processor, or a partition with and without a burst: within 5 %."""
    monkeypatch.setattr(model, "Latency", lambda: AT_ONCE)
    expected = run(CASES[name])
    real = real_loop.work(
        dynamodb, SimTable(expected.world.table.limits), ITEMS, CASES[name].write_budget
    )
    seconds = real.clock.now - real.began

    assert ITEMS == real.written == round(expected.world.items)
    assert expected.world.read_units == pytest.approx(real.read_units, rel=0.05)
    assert expected.seconds == pytest.approx(seconds, rel=0.05)
