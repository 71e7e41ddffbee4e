"""Judging a migration from lanes, execution and map run."""

from itertools import product

import pytest
from airflow_ddb_migrate.core.execution.progress import (
    ExecutionStatus,
    MapRunCounts,
    describe_progress,
    judge,
    summarize,
)
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.ledger.records import LaneState
from airflow_ddb_migrate.core.ledger.results import Outcome
from airflow_ddb_migrate.core.ledger.throttles import Throttles
from hypothesis import given
from hypothesis import strategies as st
from tests.support.factories import MIGRATION, NOW, execution, lane_row, migration_record, progress

LANES = {
    "finished": {"done": 2},
    "unfinished": {"done": 1, "unfinished": (1,)},
    "workers alive": {"done": 1, "running": 1, "live": 1, "unfinished": (1,)},
    "finished, workers alive": {"done": 2, "live": 1},
    "failed": {
        "done": 1,
        "failed": (lane_row(1, LaneState.FAILED, error="KeyError", cause="Item a"),),
        "unfinished": (1,),
    },
}
ENDED = {
    "finished": Outcome.SUCCEEDED,
    "unfinished": Outcome.FAILED,
    "workers alive": Outcome.DRAINING,
    "finished, workers alive": Outcome.DRAINING,
    "failed": Outcome.FAILED,
}


@pytest.mark.parametrize(("status", "lanes"), list(product(ExecutionStatus, LANES)))
def test_every_status_with_every_state_of_the_lanes(status: ExecutionStatus, lanes: str) -> None:
    """While the execution runs nothing is decided; after it the lanes decide, never the status."""
    expected = Outcome.RUNNING if status is ExecutionStatus.RUNNING else ENDED[lanes]

    verdict = judge(progress(lanes=2, **LANES[lanes]), execution(status))

    assert expected is verdict.outcome


def test_only_running_is_live() -> None:
    """An execution that waits for a redrive starts no children."""
    assert [ExecutionStatus.RUNNING] == [status for status in ExecutionStatus if status.is_live]


def test_a_failure_says_everything_that_is_known() -> None:
    """Status, error, cause, failed lanes, children, and what to do."""
    failed = tuple(lane_row(i, LaneState.FAILED, error="E", cause=f"c{i}") for i in range(7))
    seen = progress(lanes=10, done=3, failed=failed, unfinished=tuple(range(7)))
    ended = execution(ExecutionStatus.FAILED, error="States.Threshold", cause="too many")

    verdict = judge(seen, ended, MapRunCounts(succeeded=3, failed=7, pending=1))

    assert verdict.reason == (
        "7 of 10 segments are unfinished; the execution is FAILED. "
        "Error: States.Threshold. Cause: too many. "
        "Failed segments: 0: E (c0); 1: E (c1); 2: E (c2); 3: E (c3); 4: E (c4); and 2 more. "
        "Child executions: 3 succeeded, 7 failed, 0 timed out, 0 aborted, 1 not begun. "
        "Finished segments are kept. To continue, clear the start task (or trigger again with this "
        "migration_id): a new attempt works on the unfinished segments only."
    )


TROUBLED = {"throttles": Throttles({"TableWriteKeyRangeThroughputExceeded": 100}), "conflicts": 3}
TROUBLE = "hrottled 100 writes: key range 100; 3 items transformed again after a live write."


def test_throttles_and_conflicts_are_added_up_and_told() -> None:
    """Of the lanes in question; where there are none nothing is said of them."""
    rows = [lane_row(i, **TROUBLED) for i in range(3)]
    seen = summarize(rows, [0, 1], NOW)

    assert (Throttles({"TableWriteKeyRangeThroughputExceeded": 200}), 6) == (
        seen.throttles,
        seen.conflicts,
    )
    assert f"0 changed; t{TROUBLE}" in describe_progress(progress(**TROUBLED))
    assert "throttled" not in describe_progress(progress())


def test_a_failure_says_that_it_was_throttled() -> None:
    """It may be why."""
    verdict = judge(
        progress(lanes=2, unfinished=(1,), **TROUBLED), execution(ExecutionStatus.FAILED)
    )

    assert f"the execution is FAILED. T{TROUBLE}" in verdict.reason


def test_what_is_not_known_is_not_said() -> None:
    """Without error, failed lanes and map run the reason is short, and never empty."""
    verdict = judge(progress(lanes=2, done=1, unfinished=(1,)), execution(ExecutionStatus.ABORTED))

    assert verdict.reason.startswith(
        "1 of 2 segments are unfinished; the execution is ABORTED. Finished segments are kept"
    )


def test_a_cause_without_an_error_is_said() -> None:
    """Step Functions may give only one of the two."""
    ended = execution(ExecutionStatus.TIMED_OUT, cause="a year has passed")

    verdict = judge(progress(lanes=2, done=1, unfinished=(1,)), ended)

    assert "Error: none given. Cause: a year has passed." in verdict.reason


def test_draining_says_who_is_still_there() -> None:
    """The workers that are waited for are counted."""
    verdict = judge(progress(live=3), execution(ExecutionStatus.ABORTED))

    assert "Execution ABORTED; 3 workers are still ending." == verdict.reason


def test_lanes_add_up() -> None:
    """Counts and units of every lane; lanes without a row are pending; rows of none are ignored."""
    rows = [
        lane_row(2, LaneState.FAILED, error="E"),
        lane_row(0, counts=Counts(seen=2, changed=2), units=Units(1, 2)),
        lane_row(1, LaneState.RUNNING, owner="me", owner_until=NOW + 1, counts=Counts.one("gone")),
        lane_row(4, LaneState.PENDING),
        lane_row(9),
    ]

    seen = summarize(rows, range(6), NOW)

    assert (6, 1, 1, 1) == (seen.lanes, seen.done, seen.running, seen.live)
    assert [2] == [row.lane for row in seen.failed]
    assert (1, 2, 3, 4, 5) == seen.unfinished
    assert 3 == seen.pending
    assert Counts(seen=3, changed=2, gone=1) == seen.counts
    assert Units(1, 2) == seen.units


def test_time_and_laps_of_all_attempts_add_up() -> None:
    """They are what the workers cost, also of lanes that are not finished."""
    rows = [
        lane_row(0, laps=1, total_laps=3, worked_seconds=1.5),
        lane_row(1, LaneState.PENDING, laps=2, total_laps=2, worked_seconds=60),
        lane_row(7, total_laps=9, worked_seconds=9),
    ]

    seen = summarize(rows, range(3), NOW)

    assert (5, 61.5) == (seen.total_laps, seen.worked_seconds)


@pytest.mark.parametrize(
    ("owner", "until", "alive"), [("me", NOW + 1, 1), ("me", NOW, 0), ("", NOW + 1, 0)]
)
def test_a_worker_lives_while_its_sign_of_life_lasts(owner: str, until: float, alive: int) -> None:
    """A killed worker stops counting by itself; a lane that was given back has none."""
    row = lane_row(0, LaneState.RUNNING, owner=owner, owner_until=until)

    assert alive == summarize([row], range(1), NOW).live


def test_nothing_begun_is_nothing_finished() -> None:
    """A migration without a row has every lane to do."""
    assert (0, 1, 2) == summarize([], range(3), NOW).unfinished


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(LaneState))), st.integers(1, 15))
def test_every_lane_is_in_one_state(states: list[tuple[int, LaneState]], lanes: int) -> None:
    """Done, running, failed and pending add up; finished means that each is done."""
    by_lane = dict(states)

    seen = summarize([lane_row(i, state) for i, state in by_lane.items()], range(lanes), NOW)

    assert lanes == seen.done + seen.running + len(seen.failed) + seen.pending
    assert seen.is_finished == all(by_lane.get(i) is LaneState.DONE for i in range(lanes))
    assert 0 <= seen.pending


def test_progress_is_told_in_prose() -> None:
    """Numbers with separators, and a share."""
    seen = progress(
        lanes=10_000,
        done=2_500,
        running=10,
        unfinished=tuple(range(7_500)),
        counts=Counts(seen=1_234_567, changed=1_000_000),
    )

    assert (
        "2,500 of 10,000 segments done (25 %), 10 running, 7,490 pending, 0 failed; "
        "1,234,567 items seen, 1,000,000 changed." == describe_progress(seen)
    )


def test_whatever_else_became_of_items_is_told() -> None:
    """What did not occur is not; changed is always."""
    seen = progress(counts=Counts(seen=1_006, unchanged=1_000, already=3, quarantined=2, gone=1))

    assert describe_progress(seen).endswith(
        "1,006 items seen, 0 changed, 1,000 unchanged, 3 already, 1 gone, 2 quarantined."
    )


# Quarantine


@pytest.mark.parametrize("lanes", LANES)
def test_quarantine_decides_only_over_finished_lanes(lanes: str) -> None:
    """What runs, ends or is unfinished is that first, whatever was set aside."""
    seen = progress(lanes=2, **LANES[lanes], counts=Counts(seen=10, quarantined=10))
    expected = Outcome.FAILED if lanes == "finished" else ENDED[lanes]

    assert expected is judge(seen, execution(), record=migration_record()).outcome


def test_too_many_quarantined_items_fail_a_finished_migration() -> None:
    """The reason says how many, what is allowed, where they are and what to do."""
    record = migration_record(max_quarantined=100, max_quarantined_percentage=2.5)
    seen = progress(counts=Counts(seen=10_000, changed=9_000, quarantined=1_000))

    verdict = judge(seen, execution(), record=record)

    assert (
        "1,000 of 10,000 items were quarantined; 100 and 2.5 % are allowed "
        "(max_quarantined, max_quarantined_percentage). Every other item is done. Their keys and "
        f"errors are under migrations/{MIGRATION}/quarantine/ in the stack's bucket. "
        "Fix the transform or the items and run a new migration: it changes only what is left."
    ) == verdict.reason


def test_a_few_quarantined_items_are_a_success_that_names_them() -> None:
    """Within the policy they are told and no more."""
    seen = progress(counts=Counts(seen=1_000, changed=999, quarantined=1))

    verdict = judge(seen, execution(), record=migration_record())

    assert Outcome.SUCCEEDED is verdict.outcome
    assert verdict.reason.endswith("1,000 items seen, 999 changed, 1 quarantined.")


def test_a_stop_says_why() -> None:
    """Whoever stopped it, the reason stands before what Step Functions says; one full stop."""
    seen = progress(lanes=2, done=1, unfinished=(1,))

    verdict = judge(seen, execution(ExecutionStatus.ABORTED), stop_reason="a person said so.")

    assert verdict.reason.startswith(
        "1 of 2 segments are unfinished; the execution is ABORTED. "
        "It was stopped: a person said so. Finished segments are kept"
    )
