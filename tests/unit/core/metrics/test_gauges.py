"""The figures of a migration for Airflow's metrics."""

import pytest
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.metrics import catalog
from airflow_ddb_migrate.core.metrics.gauges import State, gauges_of, state_of
from tests.support.factories import progress


@pytest.mark.parametrize(
    ("outcome", "held", "stopped", "expected"),
    [
        (Outcome.RUNNING, False, False, 1),
        (Outcome.RUNNING, True, False, 2),
        (Outcome.RUNNING, False, True, 3),
        (Outcome.DRAINING, True, False, 3),
        (Outcome.WAITING, False, False, 2),
        (Outcome.SUCCEEDED, True, False, 4),
        (Outcome.FAILED, True, True, 5),
    ],
)
def test_a_state_is_a_number_that_stays(
    outcome: Outcome, held: bool, stopped: bool, expected: int
) -> None:
    """Dashboards know it by that."""
    assert expected == state_of(outcome, is_held=held, is_stopped=stopped)


def test_the_time_left_is_the_longest_and_only_if_known() -> None:
    """A guess would be drawn like a fact."""
    made = progress(lanes=4, done=1, unfinished=(1, 2, 3), live=2, counts=Counts(seen=9, changed=7))

    known, unknown = (gauges_of(made, State.RUNNING, left) for left in ((60.0, 90.0), None))

    assert {"seconds_left": 90.0} == {m.name: v for m, v in known.items() if m not in unknown}
    assert {
        "state": 1,
        "segments_done": 1,
        "segments_left": 3,
        "segments_failed": 0,
        "items_seen": 9,
        "items_changed": 7,
        "items_quarantined": 0,
        "workers": 2,
    } == {metric.name: value for metric, value in unknown.items()}
    assert {*known, catalog.CAPACITY_OWED} == {*catalog.GAUGES}
