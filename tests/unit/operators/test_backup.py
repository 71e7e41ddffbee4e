"""The backup gate as a task."""

import pytest
from airflow_ddb_migrate import BackupTableOperator
from airflow_ddb_migrate._compat import AirflowFailException
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import REFUSED, make_context, table_world


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


def gate(**changes) -> BackupTableOperator:
    return BackupTableOperator(task_id="backup", table_name=TABLE, **changes)


def backups(world):
    return world.dynamodb.list_backups(TableName=TABLE)["BackupSummaries"]


def test_a_backup_is_made_and_said(world, capsys):
    """The log says what there is and how to come back; a second try makes no second one."""
    first = gate().execute(make_context())
    again = gate().execute(make_context())

    (made,) = backups(world)
    assert ("BACKUP", made["BackupArn"]) == (first["kind"], first["arn"])
    assert first == again
    said = capsys.readouterr().out
    assert "Point-in-time recovery of table orders is off: backup before-" in said
    assert f"run: {first['restore']}" in said


def test_each_run_has_its_own_backup(world):
    """As each run is a migration of its own."""
    gate().execute(make_context())
    gate().execute(make_context(run_id="another"))

    assert 2 == len(backups(world))


def test_recovery_is_enough(world, capsys):
    """Nothing is made while the table can go back to any moment."""
    world.dynamodb.update_continuous_backups(
        TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )

    assert "PITR" == gate(policy="require_pitr").execute(make_context())["kind"]
    assert [] == backups(world)
    assert "aws dynamodb restore-table-to-point-in-time" in capsys.readouterr().out


def test_a_refusal_is_not_tried_again(world):
    """A person has to switch it on first."""
    with pytest.raises(AirflowFailException, match="policy is require_pitr"):
        gate(policy="require_pitr").execute(make_context())


@pytest.mark.parametrize("wrong", [{"policy": "none"}, {"timeout_seconds": -1}], ids=str)
def test_a_wrong_parameter_is_refused(world, wrong):
    """Before anything is asked of AWS."""
    (name,) = wrong
    with pytest.raises(REFUSED, match=f"^{name} is "):
        gate(**wrong).execute(make_context())
    assert [] == backups(world)


def test_late(world, capsys):
    """A gate that comes after the start says what its backup is not."""
    from airflow_ddb_migrate import StartDistributedMapMigrationOperator

    StartDistributedMapMigrationOperator(task_id="start", table_name=TABLE).execute(make_context())

    assert gate().execute(make_context())["late"]
    assert "This migration had already begun" in capsys.readouterr().out
