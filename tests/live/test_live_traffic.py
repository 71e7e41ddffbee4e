"""Live traffic wins: on four DynamoDBs, at a high rate, with conflicts on purpose."""

import os
from functools import partial
from operator import attrgetter

import pytest
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.records import LaneState
from tests.live import workers
from tests.live.checker import Rule
from tests.live.rush import Rush, manner_of, rush
from tests.live.workers import WriterName

_CAMPAIGN = int(os.environ.get("LIVE_SEEDS", "0"))

# Each engine and writer, and its seeds. Three are each manner once; those beyond are stories.
_EACH_MANNER = 3
_SEEDS = {
    ("ministack", "reference"): 10,
    ("ministack", "fast"): 10,
    ("dynalite", "reference"): 10,
    ("double", "fast"): 3,
    ("double_on_dynalite", "fast"): 1,
    ("double", "reference"): 0,
}
_RUNS = [
    pytest.param(
        engine,
        writer,
        seed,
        id=f"{engine}-{writer}-{seed}-{manner_of(seed).name}",
        marks=[pytest.mark.story] if seed >= _EACH_MANNER and not _CAMPAIGN else [],
    )
    for (engine, writer), seeds in _SEEDS.items()
    for seed in range(_CAMPAIGN or seeds)
]


@pytest.mark.parametrize(("engine", "writer", "seed"), _RUNS)
def test_a_migration_leaves_live_writes_and_deletes_as_they_are(
    request: pytest.FixtureRequest, engine: str, writer: WriterName, seed: int
) -> None:
    """Every acknowledged write and delete stays, every item is migrated, every item is counted."""
    result = rush(request.getfixturevalue(engine), seed, partial(workers.run, writer=writer))

    assert [] == [v for v in result.violations if v.rule is not Rule.UNMIGRATED]
    assert _unmigrated(result) <= result.counts.quarantined
    assert {LaneState.DONE} == {row.state for row in result.rows}
    assert result.counts.seen == _settled(result.counts)
    assert result.steady_keys <= result.counts.seen <= result.all_keys
    assert min(result.struck["page"], result.struck["transform"]) > 0


def _unmigrated(result: Rush) -> int:
    return sum(v.rule is Rule.UNMIGRATED for v in result.violations)


def _settled(counts: Counts) -> int:
    """Return the sum of everything that an item is counted as, besides seen."""
    settled = attrgetter(
        "changed", "deleted", "unchanged", "already", "skipped", "gone", "quarantined"
    )
    return sum(settled(counts))
