"""What the command line shows of the ledger."""

import json

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.aws.ledger.keys import migration_key
from airflow_ddb_migrate.cli import main
from airflow_ddb_migrate.core.execution.progress import ExecutionStatus
from airflow_ddb_migrate.core.ledger.counts import Counts, Units
from airflow_ddb_migrate.core.mode import Mode
from tests.support.engines.fakes import FakeCloudFormation
from tests.support.factories import LEDGER, MIGRATION, STATE_MACHINE, TABLE
from tests.support.worlds.migration_world import moto_dynamodb
from tests.support.worlds.site_world import OTHER, SiteWorld

OUTPUTS = {
    "StateMachineArn": STATE_MACHINE,
    "LedgerTable": LEDGER,
    "Bucket": "bucket",
    "FunctionArn": "function",
    "FunctionName": "function",
    "LogGroup": "/aws/lambda/function",
    "CodeHash": "hash",
    "PackageVersion": "0.1.0",
    "Tables": "*",
    "Transforms": "add_updated_at",
}


@pytest.fixture
def world(monkeypatch):
    """A world that the command line works on, too."""
    with moto_dynamodb() as service:
        world = SiteWorld(service)
        world.cloudformation = FakeCloudFormation()
        world.cloudformation.add("ddb-migrate", OUTPUTS)
        world.site = world.site_for(MIGRATION)
        clients = {
            "dynamodb": service,
            "cloudformation": world.cloudformation,
            "stepfunctions": world.stepfunctions,
            "s3": world.s3,
        }
        monkeypatch.setattr(main, "_clients", lambda _: Clients(clients.__getitem__))
        yield world


def succeed(world: SiteWorld) -> None:
    world.start()
    for lane in range(4):
        counts = Counts(seen=1_000, changed=999, unchanged=1)
        world.lane(lane, counts=counts, units=Units(500, 1_000), worked_seconds=10)
    world.end(1, ExecutionStatus.SUCCEEDED)
    tend(world.site)
    world.clock.advance(60)


def test_history_is_newest_first(world, capsys):
    """What, when, by whom, and what came of it; what runs is not ended."""
    succeed(world)
    world.start(world.site_for(OTHER))

    assert 0 == main.main(["history", "--table", TABLE])

    assert [
        "2023-11-14T22:14:20.000Z  NOT ENDED  MIGRATE",
        f"    {OTHER}, transform add_updated_at (hash-1), params {{}}",
        "    0 items seen, 0 changed, 0 deleted, 0 quarantined; $0.00; not ended",
        "    by tests",
        "2023-11-14T22:13:20.000Z  SUCCEEDED  MIGRATE",
        f"    {MIGRATION}, transform add_updated_at (hash-1), params {{}}",
        "    4,000 items seen, 3,996 changed, 0 deleted, 0 quarantined; $0.0040; "
        "2023-11-14T22:13:20.000Z",
        "    by tests",
    ] == capsys.readouterr().out.splitlines()


def test_history_as_json(world, capsys):
    """For programs: one document, limited as wanted."""
    succeed(world)
    world.start(world.site_for(OTHER))

    main.main(["history", "--table", TABLE, "--json", "--limit", "1"])

    (row,) = json.loads(capsys.readouterr().out)
    assert (OTHER, {}, "2023-11-14T22:14:20.000Z", "") == (
        row["migration_id"],
        row["params"],
        row["started_at"],
        row["ended_at"],
    )


def test_history_of_a_table_that_is_gone(world, capsys):
    """The ledger outlives it."""
    succeed(world)
    world.service.delete_table(TableName=TABLE)

    assert 0 == main.main(["history", "--table", TABLE])
    assert MIGRATION in capsys.readouterr().out


def test_history_of_nothing(world, capsys):
    """A table without one is no error, one that does not exist is."""
    assert 0 == main.main(["history", "--table", TABLE])
    assert "This stack has never migrated table orders.\n" == capsys.readouterr().out

    assert 1 == main.main(["history", "--table", "order"])
    assert "Did you mean orders?" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_is_a_whole_number(world, capsys, limit):
    """Wrong usage is told as such."""
    with pytest.raises(SystemExit) as caught:
        main.main(["history", "--table", TABLE, f"--limit={limit}"])
    assert 2 == caught.value.code
    assert "is not a whole number of at least 1" in capsys.readouterr().err


def test_a_report(world, capsys):
    """The page, as the task logs it."""
    succeed(world)

    assert 0 == main.main(["report", MIGRATION])

    said = capsys.readouterr().out
    assert said.startswith(f"# Migration {MIGRATION}: SUCCEEDED\n")
    assert "| changed | 3,996 |" in said


def test_a_report_as_json(world, capsys):
    """For programs: the same data as in the bucket."""
    succeed(world)

    main.main(["report", MIGRATION, "--json"])

    report = json.loads(capsys.readouterr().out)
    assert ("SUCCEEDED", 4_000) == (report["status"], report["counts"]["seen"])


def test_a_report_of_a_table_that_is_gone(world, capsys):
    """The ledger remembers it, and nothing can be started on what it remembers."""
    succeed(world)
    world.service.delete_table(TableName=TABLE)

    assert 0 == main.main(["report", MIGRATION])

    said = capsys.readouterr().out
    assert f"# Migration {MIGRATION}: SUCCEEDED" in said
    assert said.endswith("\nNow table orders is DELETED.\n\n")


def test_a_report_of_a_table_that_was_made_again(world, capsys):
    """One of its name is another table."""
    succeed(world)
    world.site.ledger.update(migration_key(MIGRATION), {"table_id": "former"})

    main.main(["report", MIGRATION])

    assert "Now table orders is DELETED." in capsys.readouterr().out


def test_a_report_of_what_was_only_planned(world, capsys):
    """The plan names the table."""
    plan = {"table_name": TABLE, "total_segments": 4, "cost_usd": {"writes": 1.5}}
    world.site.ledger.note(OTHER, "plan", json.dumps(plan))

    assert 0 == main.main(["report", OTHER])

    said = capsys.readouterr().out
    assert f"# Migration {OTHER}: PLANNED\n\nIt was only planned: no item was changed." in said
    assert "| writes | $1.50 | - |" in said


def test_a_report_of_a_dry_run_only(world, capsys):
    """It was looked at, and nothing was begun."""
    site = world.site_for(f"{OTHER}-dry")
    world.start(site, mode=Mode.DRY_RUN, of=OTHER)

    assert 0 == main.main(["report", OTHER])

    said = capsys.readouterr().out
    assert f"# Migration {OTHER}: NOT_STARTED" in said
    assert (
        f"- DRY_RUN {OTHER}-dry: NOT ENDED, 0 items seen, 0 would change, started by tests on "
        in said
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [(OTHER, "knows no migration"), ("a b", "migration_id is 'a b'")],
)
def test_a_report_of_nothing(world, capsys, name, said):
    """With what to do."""
    assert 1 == main.main(["report", name])
    assert said in capsys.readouterr().err
