"""A field of the configuration that nothing reads: refused by the first task, with the nearest."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, Param
from airflow_ddb_migrate import (
    ApproveMigrationOperator,
    BackupTableOperator,
    CanaryMigrationOperator,
    DryRunMigrationOperator,
    MigrationReportOperator,
    PlanMigrationOperator,
    PrewarmTableOperator,
    ReplayQuarantineOperator,
    RestoreCapacityOperator,
    StartDistributedMapMigrationOperator,
    UndoMigrationOperator,
    VerifyMigrationOperator,
)
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.execution.conf import require_known_fields
from airflow_ddb_migrate.params import about_params, migration_params
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.airflow_world import AirflowWorld, make_context, table_world

OURS = {*migration_params(), *about_params("undo")}
WHERE = {"task_id": "t", "table_name": TABLE}
FIRST: dict[str, Callable[[], Any]] = {
    "plan": lambda: PlanMigrationOperator(**WHERE),
    "dry_run": lambda: DryRunMigrationOperator(**WHERE),
    "approve": lambda: ApproveMigrationOperator(task_id="t", subject="?"),
    "backup": lambda: BackupTableOperator(**WHERE),
    "prewarm": lambda: PrewarmTableOperator(**WHERE),
    "canary": lambda: CanaryMigrationOperator(**WHERE, canary_lanes=1),
    "start": lambda: StartDistributedMapMigrationOperator(**WHERE),
    "verify": lambda: VerifyMigrationOperator(**WHERE),
    "undo": lambda: UndoMigrationOperator(task_id="t", of="orders-0"),
    "replay": lambda: ReplayQuarantineOperator(task_id="t", of="orders-0"),
}
LAST: dict[str, Callable[[], Any]] = {
    "report": lambda: MigrationReportOperator(**WHERE, required_task_ids=[]),
    "restore": lambda: RestoreCapacityOperator(**WHERE),
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowWorld]:
    with table_world(monkeypatch) as world:
        yield world


def context_of(conf: dict[str, Any] | None, **params: Any) -> Any:
    dag = DAG("d", schedule=None, params=params)
    return {**make_context(), "dag": dag, "dag_run": SimpleNamespace(conf=conf)}


@pytest.mark.parametrize("make", FIRST.values(), ids=FIRST)
def test_whichever_task_is_first_refuses_it(world: AirflowWorld, make: Callable[[], Any]) -> None:
    """Before anything is looked up or touched; another try would not help."""
    context = context_of({"table": TABLE, "dryrun": True}, **migration_params())

    with pytest.raises(AirflowFailException, match=r"'dryrun' \(did you mean dry_run\?\)"):
        make().execute(context)

    assert 0 == world.dynamodb.scan(TableName=LEDGER)["Count"]
    assert ([], {}) == (world.updates, world.stepfunctions.executions)


@pytest.mark.parametrize("make", LAST.values(), ids=LAST)
def test_what_comes_last_runs_all_the_same(world: AirflowWorld, make: Callable[[], Any]) -> None:
    """Capacity comes back, and somebody says what happened, whatever is wrong."""
    context = context_of({"dryrun": True}, **migration_params())

    assert make().execute(context)


@pytest.mark.parametrize("conf", [None, {}, {"table": TABLE, "segments": 2}])
def test_what_is_known_passes(world: AirflowWorld, conf: dict[str, Any] | None) -> None:
    """The trigger form sends every field of the DAG."""
    context = context_of(conf, **migration_params())

    assert StartDistributedMapMigrationOperator(**WHERE, total_segments=2).execute(context)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("dryrun", "dry_run"),
        ("dry-run", "dry_run"),
        ("DryRun", "dry_run"),
        ("Approve", "approve"),
        ("prewarn", "prewarm"),
        ("PREWARM", "prewarm"),
        ("max_cost", "max_cost_usd"),
        ("tables", "table"),
        ("segment", "segments"),
        ("migrationId", "migration_id"),
        ("singleWriterRegion", "single_writer_region"),
        (" table", "table"),
    ],
)
def test_the_nearest_field_is_named(given: str, meant: str) -> None:
    """Other case, other marks between words, a letter too few or too many."""
    with pytest.raises(InvalidInputError) as refused:
        require_known_fields({given: 1}, declared=migration_params(), ours=OURS)

    assert f"{given!r} (did you mean {meant}?)" in str(refused.value)


def test_all_that_are_unknown_are_named_and_all_that_are_known() -> None:
    """One try is enough to fix it."""
    with pytest.raises(InvalidInputError) as refused:
        require_known_fields({"xyz": 1, "tabel": 2}, declared={"table", "wcu"}, ours=OURS)

    assert str(refused.value).startswith(
        "The configuration has fields that this DAG does not take: 'tabel' (did you mean table?); "
        "'xyz'. It takes: table, wcu. Correct the names"
    )


@pytest.mark.parametrize(
    "conf",
    [{f"field{number}": 1 for number in range(1_000)}, {"x" * 500_000: 1}],
    ids=["many", "long"],
)
def test_a_message_is_one_that_a_person_reads(conf: dict[str, int]) -> None:
    """However many, and however long they are."""
    with pytest.raises(InvalidInputError) as refused:
        require_known_fields(conf, declared={"table"}, ours=OURS)

    assert len(str(refused.value)) < 600


def test_a_dag_s_own_params_are_known() -> None:
    """An author adds fields by Params."""
    require_known_fields({"table": "t", "ticket": 7}, declared={"table", "ticket"}, ours=OURS)


def test_a_field_of_ours_that_the_dag_does_not_take_is_refused() -> None:
    """`dry_run` for a DAG without one would migrate for real, too."""
    with pytest.raises(InvalidInputError, match=r"'dry_run'.*It takes: segments, table\."):
        require_known_fields({"dry_run": True}, declared={"table", "segments"}, ours=OURS)


@pytest.mark.parametrize("declared", [set(), {"ticket"}])
def test_a_dag_that_declares_none_of_ours_may_read_any(declared: set[str]) -> None:
    """As by {{ dag_run.conf["table"] }}; misspelt ones are refused there as well."""
    require_known_fields({"table": "t", "dry_run": True}, declared=declared, ours=OURS)

    with pytest.raises(InvalidInputError, match="did you mean dry_run"):
        require_known_fields({"dryrun": True}, declared=declared, ours=OURS)


def test_what_airflow_adds_is_no_mistake() -> None:
    """TriggerDagRunOperator tells the run who triggered it."""
    require_known_fields({"openlineage": {}}, declared=migration_params(), ours=OURS)


def test_a_task_s_own_params_are_known(world: AirflowWorld) -> None:
    """Airflow lets a task have Params besides its DAG's."""
    start = StartDistributedMapMigrationOperator(**WHERE, params={"ticket": Param(1)})
    context = {**context_of({"ticket": 7}, table=Param(TABLE)), "task": start}

    assert start.execute(context)
