"""Words that a later version wrote: read as they are, and decided about with care."""

import copy
import json
import pickle
from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.capacity.owed import note_raised
from airflow_ddb_migrate.core.errors import LeaseHeldError
from airflow_ddb_migrate.core.execution.progress import summarize
from airflow_ddb_migrate.core.ledger.lease import acquire, is_held_by, release
from airflow_ddb_migrate.core.ledger.records import (
    CapacityState,
    Command,
    ControlRecord,
    LaneRow,
    LaneState,
    LeaseState,
)
from airflow_ddb_migrate.core.mode import Mode
from airflow_ddb_migrate.core.report.view import lane_letters
from airflow_ddb_migrate.core.text.words import word_of
from tests.support.factories import MIGRATION, NOW, TABLE_KEY, lease, snapshot

NEWER = word_of(CapacityState, "PARTLY")


def test_a_known_word_is_the_member() -> None:
    assert word_of(Command, "HOLD") is Command.HOLD


def test_an_unknown_word_is_its_text_and_no_member() -> None:
    """It goes back as it came, whatever it went through."""
    word = word_of(Command, "DRAIN")

    assert ("DRAIN", "DRAIN", "DRAIN", '"DRAIN"') == (word, str(word), word.value, json.dumps(word))
    assert word not in {*Command}
    assert hash("DRAIN") == hash(word)
    assert "DRAIN" == f"{copy.deepcopy(word)}" == word_of(Command, "DRAIN")
    assert isinstance(word, Command)
    assert "HOLD" == Command("HOLD")
    with pytest.raises(ValueError, match="'DRAIN' is not a valid Command"):
        Command("DRAIN")


def test_a_word_that_is_missing_is_an_error() -> None:
    """A record without it is no record."""
    with pytest.raises(ValueError, match="'' is not a valid Command"):
        word_of(Command, "")


def test_an_unknown_command_holds() -> None:
    """What a later version wants of workers is not known; they wait until somebody who knows."""
    control = ControlRecord(command=word_of(Command, "DRAIN"), attempt=1, reason="r", since=NOW)

    assert ["r"] == [hold.reason for hold in control.in_force(NOW)]


@pytest.mark.parametrize("by", [MIGRATION, "customers-ba9876543210"])
def test_a_lease_in_an_unknown_state_is_not_taken(by: str) -> None:
    """Nor is the table touched under it."""
    seen = lease(state=word_of(LeaseState, "FROZEN"), expires_at=NOW - 1)

    assert (True, False) == (seen.is_taken, is_held_by(seen, MIGRATION))
    with pytest.raises(LeaseHeldError, match=r"is FROZEN, which this version .* Upgrade"):
        acquire(seen, TABLE_KEY, migration_id=by, now=NOW, holder_is_live=False)


def test_capacity_in_an_unknown_state_is_owed() -> None:
    """The table is not let go of, and what the capacity was before is not overwritten."""
    seen = lease(capacity_state=NEWER, snapshot="before", raised="[]")

    assert seen.owes_capacity
    assert release(seen, MIGRATION) is None
    assert "before" == note_raised(seen, MIGRATION, snapshot(), ()).snapshot


def test_a_lane_in_an_unknown_state_is_not_done() -> None:
    row = LaneRow(lane=0, state=word_of(LaneState, "SPLIT"), attempt=1, segment=0)

    assert (0,) == summarize([row], range(1), NOW).unfinished
    assert "pd" == lane_letters([row, replace(row, lane=1, state=LaneState.DONE)], 2)


def test_an_unknown_mode_may_write() -> None:
    assert word_of(Mode, "COPY").writes


def test_a_member_is_pickled_as_before() -> None:
    assert pickle.loads(pickle.dumps(Command.RUN)) is Command.RUN
