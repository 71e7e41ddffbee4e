"""A table that was made again under its name is not the migration's."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from airflow_ddb_migrate.core.execution.messages import WorkStatus
from airflow_ddb_migrate.core.ledger.records import Command, LaneState
from airflow_ddb_migrate.core.limits import SAME_TABLE_SECONDS
from ddb_transform.failures import FatalError
from ddb_transform.table_identity import SameTable
from tests.support.factories import NOW, client_error, migration_record
from tests.support.worlds.migration_world import MigrationWorld

RECORD = migration_record(table_id="id-1")


class Table:
    """Describes itself under an id, or raises what it is given."""

    def __init__(self, answer: str | Exception) -> None:
        self.answer = answer
        self.asked = 0

    def describe_table(self, TableName: str) -> dict:  # noqa: N803  # boto3's
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Table": {"TableName": TableName, "TableId": self.answer}}


def test_the_same_table_is_asked_for_once_a_minute() -> None:
    """However many pages there are."""
    now, table = [NOW], Table("id-1")
    same = SameTable(table, RECORD, lambda: now[0])
    for seconds in (0, SAME_TABLE_SECONDS - 1, SAME_TABLE_SECONDS):
        now[0] = NOW + seconds
        same.check()

    assert 2 == table.asked


def test_another_table_ends_the_run() -> None:
    """The error names both, and says what to do."""
    with pytest.raises(FatalError, match=r"is not the one.*Start a new") as caught:
        SameTable(Table("id-2"), RECORD).check()

    assert "TableMadeAgain" == caught.value.error


def test_a_table_that_is_gone_ends_the_run() -> None:
    """As any other request would."""
    with pytest.raises(FatalError, match="The table is gone"):
        SameTable(Table(client_error("ResourceNotFoundException")), RECORD).check()


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_who_may_not_ask_goes_on(code: str) -> None:
    """It is a second look: the work needs no permission for it."""
    SameTable(Table(client_error(code)), RECORD).check()


def test_a_lane_that_was_held_meanwhile_does_not_touch_the_new_table(
    world: Callable[..., MigrationWorld],
) -> None:
    """No slice reads a page of it, and the second to see it stops every worker."""
    w = world()
    w.put_many(3)
    w.record = replace(w.record, table_id="another")
    w.take_table(w.record.migration_id)

    first, result = w.work(), w.work()

    assert WorkStatus.HOLD is first.status
    assert (WorkStatus.FAILED, "TableMadeAgain") == (result.status, result.error)
    assert (0, 0) == (w.table_writes, len(w.dynamodb.arguments_of("scan")))
    assert LaneState.FAILED is w.row().state
    control = w.ledger.control(w.record.migration_id)
    assert control is not None
    assert Command.STOP is control.command
    assert control.reason.startswith("TableMadeAgain: ")
