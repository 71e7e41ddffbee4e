"""The product's own worker and the page model tell the same time and units."""

from dataclasses import replace

import pytest
from tests.simulation.agreement import compare
from tests.simulation.scenarios import Scenario
from tests.support.worlds.migration_world import moto_dynamodb

pytestmark = pytest.mark.story  # half a minute of two processors

ITEMS = 20_480


def scenario(**fields) -> Scenario:
    """One lane of 20 MiB in a single partition, a share of 500."""
    known = {"gib": 20 / 1_024, "write": 4_000, "write_budget": 500, "total_segments": 1}
    return Scenario(name="one lane", says="", max_concurrency=1, **{**known, **fields})


CASES = {
    "share": scenario(),
    "processor": scenario(write_budget=2_500),
    "burst": scenario(used=dict.fromkeys(range(4), 0.9), burst_seconds=20.0),
    "partition": scenario(used=dict.fromkeys(range(4), 0.7), burst_seconds=1.0),
    "lanes": scenario(total_segments=3, used={1: 0.7}, burst_seconds=1.0),
}


@pytest.fixture(scope="module")
def dynamodb():
    with moto_dynamodb() as client:
        yield client


@pytest.mark.parametrize("name", CASES)
def test_agreement(name, dynamodb):
    """Bound by its share, its processor, or a partition with and without a burst: within 5 %."""
    agreement = compare(dynamodb, CASES[name])

    assert ITEMS == agreement.worker.items == agreement.model.items
    assert agreement.is_met, str(agreement)


def test_disagreement(dynamodb):
    """A model that is a tenth slower than the worker is told apart."""
    agreement = compare(dynamodb, replace(CASES["share"], gib=1 / 1_024))
    slower = replace(agreement.model, seconds=1.1 * agreement.worker.seconds)

    assert agreement.is_met
    assert not replace(agreement, model=slower).is_met
