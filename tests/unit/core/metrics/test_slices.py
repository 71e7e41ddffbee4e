"""What a worker did between two looks at its lane's row."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneRow, LaneState
from airflow_ddb_migrate.core.ledger.throttles import Throttles
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.slices import slice_values, throttle_reasons
from airflow_ddb_migrate.core.mode import Mode

BEFORE = LaneRow(
    lane=3,
    state=LaneState.RUNNING,
    attempt=2,
    segment=3,
    counts=Counts(seen=100, changed=90, unchanged=10),
    units=Units(read=50, written=180, busiest=90),
    throttles=Throttles({"Write": 4}),
    conflicts=1,
    worked_seconds=10.0,
)
AFTER = replace(
    BEFORE,
    counts=Counts(seen=160, changed=120, deleted=5, quarantined=2, unchanged=33),
    units=Units(read=80.5, written=240, busiest=120),
    throttles=Throttles(
        {
            "Write": 6,
            "TableWriteKeyRangeThroughputExceeded": 7,
            "IndexWriteKeyRangeThroughputExceeded by_origin": 1,
            "others": 2,
        }
    ),
    conflicts=4,
    worked_seconds=20.0,
)


def test_a_metric_is_what_was_done_since_the_line_before() -> None:
    """Not what the lane has done since it began, perhaps in an attempt of last week."""
    values = {m.name: v for m, v in slice_values(BEFORE, AFTER, Mode.MIGRATE, 6.0).items()}

    assert {
        "ItemsSeen": 60,
        "ItemsChanged": 30,
        "ItemsDeleted": 5,
        "ItemsQuarantined": 2,
        "Conflicts": 3,
        "ReadUnits": 30.5,
        "WriteUnits": 60,
        "WriteBudgetUsed": 50.0,
        "SliceSeconds": 10.0,
        "Throttles": 12,
        "KeyRangeThroughputExceeded": 8,
        "ThrottlesWithoutReason": 4,
    } == values


def test_what_did_not_happen_is_zero_but_for_reasons() -> None:
    """A graph of nothing throttled is a line at zero; each reason that is sent is charged."""
    values = slice_values(BEFORE, BEFORE, Mode.MIGRATE, 6.0)

    assert {0} == set(values.values())
    assert not set(catalog.THROTTLES_BY_REASON) & set(values)


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.VERIFY])
def test_a_mode_that_only_reads_tells_of_no_changes(mode: Mode) -> None:
    """Its counts say what would change."""
    values = slice_values(BEFORE, AFTER, mode, 6.0)

    assert not set(catalog.OF_WRITING) & set(values)
    assert 60 == values[catalog.ITEMS_SEEN]


@pytest.mark.parametrize(("share", "seconds"), [(None, 20.0), (0.0, 20.0), (6.0, 10.0)])
def test_without_a_budget_no_share_of_it_is_used(share: float | None, seconds: float) -> None:
    """Nor within no time."""
    after = replace(AFTER, worked_seconds=seconds)

    assert catalog.WRITE_BUDGET_USED not in slice_values(BEFORE, after, Mode.MIGRATE, share)


def test_reasons_name_the_index() -> None:
    """In the log alone: an index is no dimension."""
    assert {
        "Write": 2,
        "TableWriteKeyRangeThroughputExceeded": 7,
        "IndexWriteKeyRangeThroughputExceeded by_origin": 1,
        "others": 2,
    } == throttle_reasons(BEFORE, AFTER)
