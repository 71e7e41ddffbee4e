"""A table with replicas in other regions: refused before anything is touched, unless one writes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow_ddb_migrate import (
    CanaryMigrationOperator,
    DryRunMigrationOperator,
    PlanManyMigrationsOperator,
    PlanMigrationOperator,
    PrewarmTableOperator,
    ReplayQuarantineOperator,
    StartDistributedMapMigrationOperator,
    UndoMigrationOperator,
    VerifyMigrationOperator,
)
from airflow_ddb_migrate._compat import AirflowFailException, AirflowSkipException
from airflow_ddb_migrate.aws.preflight.engine_proof import writer_words
from airflow_ddb_migrate.aws.services.tables import table_from
from airflow_ddb_migrate.core.ledger.notes import PLAN
from airflow_ddb_migrate.core.ledger.records import LeaseState
from moto import mock_aws
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.airflow_world import (
    REFUSED,
    AirflowWorld,
    finish_lanes,
    make_context,
    table_world,
)

FORMER = "former"
WHERE = {"table_name": TABLE, "total_segments": 1}
NOW = {"deferrable": False, "poke_interval": 0}
WRITERS: dict[str, Callable[..., Any]] = {
    "plan": lambda **of: PlanMigrationOperator(task_id="t", **WHERE, **of),
    "prewarm": lambda **of: PrewarmTableOperator(
        task_id="t", read_units=10, write_units=10, **NOW, **WHERE, **of
    ),
    "prewarm-for-a-job": lambda **of: PrewarmTableOperator(
        task_id="t", transform=None, read_units=10, write_units=10, **NOW, **WHERE, **of
    ),
    "prewarm-off": lambda **of: PrewarmTableOperator(task_id="t", enabled=False, **WHERE, **of),
    "canary": lambda **of: CanaryMigrationOperator(
        task_id="t", canary_lanes=1, **NOW, **WHERE, **of
    ),
    "start": lambda **of: StartDistributedMapMigrationOperator(task_id="t", **WHERE, **of),
    "undo": lambda **of: UndoMigrationOperator(task_id="t", of=FORMER, **NOW, **of),
    "replay": lambda **of: ReplayQuarantineOperator(task_id="t", of=FORMER, **NOW, **of),
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowWorld]:
    """A table that was migrated before it became a global one; an item was set aside."""
    with table_world(monkeypatch) as world:
        former = StartDistributedMapMigrationOperator(task_id="start", migration_id=FORMER, **WHERE)
        former.execute(make_context())
        site = former.open_site(make_context())
        finish_lanes(site, [0])
        site.leases.change(site.table.key, lambda held: replace(held, state=LeaseState.FREE))
        world.stepfunctions.end_all("SUCCEEDED")
        world.s3.put_object(
            Bucket="bucket", Key=f"migrations/{FORMER}/quarantine/00000/1-1.json", Body=b"[]"
        )
        world.dynamodb.meta.events.register("after-call.dynamodb.DescribeTable", _with_a_replica)
        yield world


def _with_a_replica(parsed: dict[str, Any], **_: Any) -> None:
    if parsed["Table"]["TableName"] == TABLE:
        parsed["Table"]["Replicas"] = [{"RegionName": "eu-west-1", "ReplicaStatus": "CREATING"}]


def rows(world: AirflowWorld) -> list[dict[str, Any]]:
    return list(world.dynamodb.scan(TableName=LEDGER)["Items"])


@pytest.mark.parametrize("make", WRITERS.values(), ids=WRITERS)
def test_what_writes_or_prepares_a_write_is_refused(world: AirflowWorld, make: Any) -> None:
    """The message says what could be lost and which field allows it; nothing was touched."""
    before, units, executions = rows(world), world.units(), len(world.stepfunctions.executions)

    with pytest.raises(AirflowFailException) as refused:
        make().execute(make_context())

    assert str(refused.value).startswith("Table orders has replicas in eu-west-1. The condition")
    assert '"single_writer_region": true' in str(refused.value)
    assert (before, units, executions) == (
        rows(world),
        world.units(),
        len(world.stepfunctions.executions),
    )


def test_a_strongly_consistent_table_is_told_in_its_own_words(world: AirflowWorld) -> None:
    """And its migration writes item by item, which the ledger tells the workers."""
    world.dynamodb.meta.events.register("after-call.dynamodb.DescribeTable", _strong)

    with pytest.raises(AirflowFailException) as refused:
        WRITERS["start"]().execute(make_context())
    assert "with multi-region strong consistency, a condition sees the writes" in str(refused.value)

    start = WRITERS["start"](single_writer_region=True)
    started = start.execute(make_context())
    site = start.open_site(make_context())
    assert site.ledger.required_migration(started["migration_id"]).is_multi_region_strong
    assert "Writer: single conditional requests (the table has multi-region" in writer_words(site)
    plan = WRITERS["plan"](single_writer_region=True).execute(make_context())
    assert "cannot be in a batch" in "".join(plan["warnings"])
    assert "may be lost" not in "".join(plan["warnings"])


def _strong(parsed: dict[str, Any], **_: Any) -> None:
    parsed["Table"]["MultiRegionConsistency"] = "STRONG"


@pytest.mark.parametrize("says_so", [False, True])
def test_one_of_many_tables_is_refused_likewise(world: AirflowWorld, says_so: bool) -> None:
    """Before any of them is touched."""
    many = PlanManyMigrationsOperator(
        task_id="t", tables=[{"table": TABLE, "segments": 1}], single_writer_region=says_so
    )
    before = rows(world)
    if says_so:
        assert [TABLE] == [one["table_name"] for one in many.execute(make_context())]
        return

    with pytest.raises(AirflowFailException, match="orders has replicas in eu-west-1") as refused:
        many.execute(make_context())

    assert "1 of 1 tables cannot be migrated, so none was changed" in str(refused.value)
    assert before == rows(world)


@pytest.mark.parametrize("name", ["plan", "prewarm-off", "start"])
def test_a_table_that_is_written_in_one_region_is_migrated(world: AirflowWorld, name: str) -> None:
    """The person says so, and the plan says what that means."""
    context = make_context()
    try:
        result = WRITERS[name](single_writer_region=True).execute(context)
    except AirflowSkipException:
        result = context["ti"].pushed["return_value"]

    assert result["migration_id"]
    if name == "plan":
        assert "A write in another region during the migration may be lost" in "".join(
            result["warnings"]
        )
        assert {PLAN} <= {row["sk"]["S"].rpartition("#")[2] for row in rows(world)}


@pytest.mark.parametrize("units", [(5, 5), None], ids=["PROVISIONED", "on-demand"])
def test_a_mode_that_is_one_for_all_replicas_is_not_switched(
    monkeypatch: pytest.MonkeyPatch, units: tuple[int, int] | None
) -> None:
    """Of one that is on demand already nothing is switched, so nothing is refused."""
    with mock_aws():
        world = AirflowWorld()
        world.install(monkeypatch)
        world.create_table(units=units)
        world.dynamodb.meta.events.register("after-call.dynamodb.DescribeTable", _with_a_replica)
        before = rows(world)
        prewarm = WRITERS["prewarm"](switch_to_on_demand=True, single_writer_region=True)
        if units is None:
            prewarm.execute(make_context())
            return
        with pytest.raises(AirflowFailException) as refused:
            prewarm.execute(make_context())

        assert "replicas in eu-west-1: switch_to_on_demand would switch" in str(refused.value)
        assert (before, []) == (rows(world), world.updates)


def test_a_raise_of_a_global_table_says_what_it_costs_in_all_regions(
    world: AirflowWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """1,000 more reads are raised here, 1,000 more writes in two regions."""
    prewarm = PrewarmTableOperator(
        task_id="t",
        table_name=TABLE,
        single_writer_region=True,
        read_units=1_005,
        write_units=1_005,
        **NOW,
    )

    prewarm.execute(make_context())

    assert "$1.43 more per hour in 2 regions (here and in eu-west-1)" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["true", 1, None])
def test_only_true_says_so(world: AirflowWorld, given: object) -> None:
    """What a template made a text of is no answer."""
    with pytest.raises(REFUSED, match=r"single_writer_region is .*true or false"):
        WRITERS["start"](single_writer_region=given).execute(make_context())


def test_what_writes_nothing_is_not_refused(world: AirflowWorld) -> None:
    """A dry run and a check lose nothing."""
    dry_run = DryRunMigrationOperator(task_id="t", deferrable=True, **WHERE)
    check = VerifyMigrationOperator(
        task_id="t", deferrable=True, migration_id=FORMER, table_name=TABLE
    )
    for operator in (dry_run, check):
        with pytest.raises(TaskDeferred):
            operator.execute(make_context())


@pytest.mark.parametrize(
    ("shown", "replicas"),
    [
        ({}, ()),
        ({"Replicas": [{"RegionName": "us-east-1"}]}, ()),
        ({"Replicas": [{"RegionName": "us-east-1"}, {"RegionName": "b"}]}, ("b",)),
        ({"Replicas": [{"RegionName": "c"}, {"RegionName": "b"}]}, ("b", "c")),
        ({"GlobalTableVersion": "2019.11.21"}, ()),
        ({"GlobalTableVersion": "2017.11.29"}, ("regions that DescribeTable does not name",)),
    ],
)
def test_replicas_are_the_other_regions(
    world: AirflowWorld, shown: dict[str, Any], replicas: tuple[str, ...]
) -> None:
    """Global tables of 2017 have them, too, though DescribeTable does not list them."""
    table = world.dynamodb.describe_table(TableName=TABLE)["Table"]
    table.pop("Replicas")

    assert replicas == table_from({**table, **shown}).replicas
