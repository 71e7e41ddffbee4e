"""A task works on migrations of its own DAG, unless the author of the DAG lets it on others'."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import TaskDeferred
from airflow_ddb_migrate import (
    BackupTableOperator,
    CanaryMigrationOperator,
    ConfField,
    DistributedMapMigrationSensor,
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
from airflow_ddb_migrate.core.ledger.records import Command
from airflow_ddb_migrate.operators.base.task import MigrationTaskError
from airflow_ddb_migrate.triggers.migration import MigrationEndedTrigger
from tests.support.factories import LEDGER, TABLE
from tests.support.worlds.airflow_world import (
    AirflowWorld,
    finish_lanes,
    make_context,
    table_world,
)

LANES = 4
UNITS = {"read_units": 50, "write_units": 40}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowWorld]:
    """A table with a migration that runs, of DAG ``theirs``; the tasks tried are of DAG ``d``."""
    with table_world(monkeypatch) as world:
        task = StartDistributedMapMigrationOperator(
            task_id="start", table_name=TABLE, total_segments=LANES
        )
        context = make_context(dag_id="theirs")
        task.execute(context)
        world.site = task.open_site(context)
        yield world


def tasks_about(name: str, **changes: Any) -> dict[str, Callable[[], Any]]:
    """Return what makes each task that works on the migration of this id, in every way."""
    wait = {"deferrable": False, "poke_interval": 0}
    by_id = {"task_id": "t", "table_name": TABLE, "migration_id": name, **changes}
    of = {"task_id": "t", "of": name, **wait, **changes}
    return {
        "plan": lambda: PlanMigrationOperator(**by_id),
        "backup": lambda: BackupTableOperator(policy="skip", **by_id),
        "dry_run": lambda: DryRunMigrationOperator(**wait, **by_id),
        "prewarm": lambda: PrewarmTableOperator(**UNITS, **wait, **by_id),
        "canary": lambda: CanaryMigrationOperator(**wait, **by_id),
        "start": lambda: StartDistributedMapMigrationOperator(**by_id),
        "by its id alone": lambda: StartDistributedMapMigrationOperator(
            task_id="t", migration_id=name, **changes
        ),
        "wait": lambda: DistributedMapMigrationSensor(**wait, **by_id),
        "verify": lambda: VerifyMigrationOperator(**wait, **by_id),
        "report": lambda: MigrationReportOperator(**by_id),
        "undo": lambda: UndoMigrationOperator(**of),
        "undo of a named table": lambda: UndoMigrationOperator(table_name=TABLE, **of),
        "undo of another table_of": lambda: UndoMigrationOperator(
            table_name=TABLE, table_of="orders-new", **of
        ),
        "replay": lambda: ReplayQuarantineOperator(**of),
        "its table": lambda: PrewarmTableOperator(
            task_id="t", table_of=name, **UNITS, **wait, **changes
        ),
    }


@pytest.mark.parametrize("how", tasks_about("x-1"))
def test_another_dags_migration_is_refused_before_anything_is_touched(
    world: AirflowWorld, how: str
) -> None:
    """Whichever task it is, and whichever parameter names it; the words say who can allow it."""
    name, before = world.site.migration_id, everything(world)

    with pytest.raises(AirflowFailException) as caught:
        tasks_about(name)[how]().execute(make_context())

    assert f"Migration {name} was started by DAG theirs" in str(caught.value)
    assert 'of_dags=["theirs"]' in str(caught.value)
    assert before == everything(world)


def everything(world: AirflowWorld) -> tuple[Any, ...]:
    """Return what a task could have touched."""
    return (
        world.dynamodb.scan(TableName=LEDGER)["Items"],
        world.units(TABLE),
        len(world.stepfunctions.executions),
    )


def finish(world: AirflowWorld) -> None:
    """Let the migration of the other DAG end, and its wait free the table."""
    finish_lanes(world.site, range(LANES))
    world.stepfunctions.end_all("SUCCEEDED")
    DistributedMapMigrationSensor(
        task_id="wait", table_name=TABLE, deferrable=False, poke_interval=0
    ).execute(make_context(dag_id="theirs"))


@pytest.mark.parametrize("of_dags", [["theirs"], ("other", "theirs"), ["*"]])
def test_its_author_may_let_it(world: AirflowWorld, of_dags: list[str]) -> None:
    """By name, or for all of the stack."""
    name = world.site.migration_id

    result = tasks_about(name, of_dags=of_dags)["start"]().execute(make_context())

    assert (name, 1) == (result["migration_id"], result["attempt"])


def test_the_dag_itself_needs_no_leave(world: AirflowWorld) -> None:
    """Another run of it continues the migration."""
    name = world.site.migration_id

    result = tasks_about(name)["start"]().execute(make_context(dag_id="theirs", run_id="later"))

    assert name == result["migration_id"]


@pytest.mark.parametrize("of_dags", [[], ["theirs"], [""], ["d, run 1"]])
def test_what_no_dag_started_needs_leave_for_all(world: AirflowWorld, of_dags: list[str]) -> None:
    """A program did, or the ledger was written by hand."""
    name = world.site.migration_id
    set_starter(world, "somebody, DAG d, run 1")
    if not all(of_dags) or "," in "".join(of_dags):
        with pytest.raises(InvalidInputError, match="list of DAG ids"):
            tasks_about(name, of_dags=of_dags)["start"]()
        return

    with pytest.raises(AirflowFailException, match=r'was started by no DAG.*of_dags=\["\*"\]'):
        tasks_about(name, of_dags=of_dags)["start"]().execute(make_context())

    tasks_about(name, of_dags=["*"])["start"]().execute(make_context())


def set_starter(world: AirflowWorld, words: str) -> None:
    world.dynamodb.update_item(
        TableName=LEDGER,
        Key={"pk": {"S": f"migration#{world.site.migration_id}"}, "sk": {"S": "migration"}},
        UpdateExpression="SET started_by = :by",
        ExpressionAttributeValues={":by": {"S": words}},
    )


def test_what_is_only_planned_is_the_planners(world: AirflowWorld) -> None:
    """Its plan would be taken by whoever starts it."""
    finish(world)
    PlanMigrationOperator(
        task_id="plan", table_name=TABLE, migration_id="orders-planned", total_segments=2
    ).execute(make_context(dag_id="theirs"))

    with pytest.raises(AirflowFailException, match="was started by DAG theirs"):
        tasks_about("orders-planned")["start"]().execute(make_context())


def test_an_id_that_is_taken_before_its_run_starts_is_not_continued(world: AirflowWorld) -> None:
    """Ids follow from DAG, run and table, so another DAG can give the one that comes next."""
    mine = StartDistributedMapMigrationOperator(task_id="start", table_name=TABLE)
    context = make_context(run_id="tomorrow")
    name = mine.open_site(context).migration_id
    finish(world)
    tasks_about(name)["start"]().execute(make_context(dag_id="theirs"))

    with pytest.raises(AirflowFailException, match="was started by DAG theirs"):
        mine.execute(context)


def test_restore_leaves_another_dags_migration_alone(world: AirflowWorld) -> None:
    """A teardown runs whatever was refused: it neither stops it nor takes capacity away."""
    PrewarmTableOperator(task_id="prewarm", table_name=TABLE, **UNITS, deferrable=False).execute(
        make_context(dag_id="theirs")
    )
    raised = world.units(TABLE)
    with DAG("d", schedule=None):
        prewarm = PrewarmTableOperator(task_id="prewarm", table_name=TABLE)
        task = RestoreCapacityOperator(
            task_id="restore", table_name=TABLE, migration_id=world.site.migration_id
        )
        prewarm >> task

    result = task.execute(make_context(task_id="restore"))

    assert ([], raised) == (result["restored"], world.units(TABLE))
    control = world.site.ledger.control(world.site.migration_id)
    assert control is not None
    assert Command.RUN is control.command


def test_restore_brings_back_what_its_run_was_let_raise(world: AirflowWorld) -> None:
    """Also if it is not let itself: a bill left high is worse."""
    before = world.units(TABLE)
    tasks_about(world.site.migration_id, of_dags=["theirs"])["prewarm"]().execute(make_context())
    assert before != world.units(TABLE)

    RestoreCapacityOperator(
        task_id="restore", table_name=TABLE, migration_id=world.site.migration_id
    ).execute(make_context(task_id="restore"))

    assert before == world.units(TABLE)


def test_the_first_task_refuses_what_a_later_one_would(world: AirflowWorld) -> None:
    """Before the one between them costs anything."""
    with DAG("d", schedule=None, params={"undo": world.site.migration_id}):
        first = PrewarmTableOperator(task_id="prewarm", table_name=TABLE, **UNITS)
        undo = UndoMigrationOperator(task_id="undo", of=ConfField("undo"), table_name=TABLE)
        first >> undo
    before = world.units(TABLE)
    context = {**make_context(), "params": {"undo": world.site.migration_id}}

    with pytest.raises(AirflowFailException, match=r"Task undo \(undo\): Migration .* DAG theirs"):
        first.execute(context)

    assert before == world.units(TABLE)


def test_the_first_task_knows_what_a_later_one_is_let(world: AirflowWorld) -> None:
    with DAG("d", schedule=None):
        first = PrewarmTableOperator(task_id="prewarm", table_name=TABLE, **UNITS)
        first >> UndoMigrationOperator(
            task_id="undo", of=world.site.migration_id, of_dags=["theirs"], table_name=TABLE
        )

    with pytest.raises(MigrationTaskError, match="is held by migration"):
        first.execute(make_context())


def test_a_trigger_takes_over_what_its_task_is_let(world: AirflowWorld) -> None:
    """Killing the wait would stop the migration."""
    sensor = DistributedMapMigrationSensor(
        task_id="wait",
        table_name=TABLE,
        migration_id=world.site.migration_id,
        of_dags=["theirs"],
        deferrable=True,
    )

    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(make_context())

    _, kwargs = deferred.value.trigger.serialize()
    assert ["theirs"] == kwargs["of_dags"]
    kwargs["of_dags"] = []
    with pytest.raises(InvalidInputError, match="was started by DAG theirs"):
        MigrationEndedTrigger(**kwargs).watcher.poke()


@pytest.mark.parametrize(
    "of_dags",
    [ConfField("of_dags"), "ddb_migration", ["{{ params.dag }}"], [ConfField("x")], None, {"a": 1}],
)
def test_whoever_triggers_the_dag_has_no_say(of_dags: Any) -> None:
    """The DAG's file says it, or it is not imported."""
    with pytest.raises(InvalidInputError, match="written in the DAG's file"):
        UndoMigrationOperator(task_id="undo", of="orders-1", of_dags=of_dags)


def test_it_is_no_template() -> None:
    """Airflow renders the others from the run's configuration."""
    assert "of_dags" not in UndoMigrationOperator.template_fields
    assert "of_dags" not in DistributedMapMigrationSensor.template_fields
