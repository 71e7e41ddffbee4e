"""A migration that should make progress, and does not."""

from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.ledger.counts import Counts
from airflow_ddb_migrate.core.ledger.holds import HoldKind, HoldRecord
from airflow_ddb_migrate.core.ledger.records import (
    AttemptRecord,
    Command,
    ControlRecord,
    LaneRow,
    LaneState,
)
from airflow_ddb_migrate.core.metrics.stalled import is_stalled, may_be_stalled

NOW = 1_700_010_000.0
LONG_AGO = NOW - 3_600
ATTEMPT = AttemptRecord(
    number=2, execution_arn="arn", transform_hash="", lanes=4, started_at=LONG_AGO
)
CONTROL = ControlRecord(command=Command.RUN, attempt=2, since=LONG_AGO)
LANES = range(4)
HEALTH = HoldRecord(kind=HoldKind.HEALTH, by="worker", reason="alarm", since=LONG_AGO)
ROW = LaneRow(lane=0, state=LaneState.RUNNING, attempt=2, segment=0)


def test_what_was_told_to_work_an_hour_ago_should() -> None:
    """Nothing keeps it."""
    assert may_be_stalled(CONTROL, ATTEMPT, NOW)


@pytest.mark.parametrize(
    ("control", "attempt"),
    [
        (None, ATTEMPT),
        (replace(CONTROL, attempt=1), ATTEMPT),
        (CONTROL, replace(ATTEMPT, ended_at=NOW - 1)),
        (CONTROL, replace(ATTEMPT, started_at=NOW - 899)),
        (replace(CONTROL, since=NOW - 899), ATTEMPT),
        (replace(CONTROL, command=Command.HOLD), ATTEMPT),
        (replace(CONTROL, command=Command.STOP), ATTEMPT),
        (replace(CONTROL, command=Command.HOLD, until=NOW - 899), ATTEMPT),
        (replace(CONTROL, holds=(HEALTH,)), ATTEMPT),
        (replace(CONTROL, holds=(replace(HEALTH, until=NOW - 899),)), ATTEMPT),
    ],
)
def test_it_has_a_reason_to_make_no_progress(
    control: ControlRecord | None, attempt: AttemptRecord
) -> None:
    """Not begun, over, held, stopped, or told to go on only a moment ago."""
    assert not may_be_stalled(control, attempt, NOW)


@pytest.mark.parametrize("ended_at", [0.0, LONG_AGO])
def test_outside_its_hours_it_need_not(ended_at: float) -> None:
    """Until its next window has begun, and nobody was there to begin the next attempt."""
    attempt = replace(ATTEMPT, ended_at=ended_at)
    closed = replace(CONTROL, closes_at=LONG_AGO, opens_at=NOW - 899)

    assert not may_be_stalled(closed, attempt, NOW)
    assert not may_be_stalled(replace(closed, opens_at=0.0), attempt, NOW)
    assert may_be_stalled(replace(closed, opens_at=NOW - 900), attempt, NOW)


def test_a_hold_that_ended_by_itself_is_none() -> None:
    """Its record stays until somebody gives another command."""
    assert may_be_stalled(replace(CONTROL, command=Command.HOLD, until=NOW - 900), ATTEMPT, NOW)


def test_one_lane_that_settles_pages_is_progress() -> None:
    """The others may wait for their turn."""
    rows = [ROW, replace(ROW, progressed_at=NOW - 899), replace(ROW, progressed_at=LONG_AGO)]

    assert not is_stalled(rows, LANES, NOW)
    assert is_stalled([rows[0], rows[2]], LANES, NOW)
    assert is_stalled([], LANES, NOW)


def test_what_is_done_is_not_stalled() -> None:
    """Every lane that it is about; a canary is about some."""
    done = replace(ROW, state=LaneState.DONE, progressed_at=LONG_AGO)

    assert not is_stalled([done], (0,), NOW)
    assert is_stalled([done], LANES, NOW)


def test_a_sign_of_life_is_no_progress() -> None:
    """A worker shows one while it waits for DynamoDB, too."""
    assert is_stalled([replace(ROW, updated_at=NOW, progressed_at=LONG_AGO)], LANES, NOW)


def test_an_older_worker_is_believed() -> None:
    """It notes no progress; that it had some, and lives."""
    row = replace(ROW, updated_at=NOW - 5, counts=Counts(seen=1, changed=1))

    assert not is_stalled([row], LANES, NOW)
