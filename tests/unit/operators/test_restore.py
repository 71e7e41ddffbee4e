"""What a restore task brings back: all that was raised for it, whatever its parameters name."""

import pytest
from airflow.sdk import DAG
from airflow_ddb_migrate import PrewarmTableOperator, RestoreCapacityOperator
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.core.errors import RestoreError
from airflow_ddb_migrate.operators.base.task import MigrationTaskError
from moto import mock_aws
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import AirflowWorld, make_context, make_stack

CUSTOMERS = "customers"
BEFORE, RAISED = {"": (5, 5)}, {"": (100, 50)}
UNITS = {"read_units": 100, "write_units": 50, "deferrable": False, "poke_interval": 0}


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = AirflowWorld(stack=make_stack(tables=(TABLE, CUSTOMERS)))
        world.install(monkeypatch)
        for name in (TABLE, CUSTOMERS):
            world.create_table(name, index=False)
        yield world


def prewarm(*tables: str, task_id: str = "prewarm") -> None:
    """Raise tables as the instances of a mapped task do; one alone is not mapped."""
    for number, name in enumerate(tables):
        operator = PrewarmTableOperator(task_id=task_id, table_name=name, **UNITS)
        index = number if len(tables) > 1 else -1
        operator.execute(make_context(task_id=task_id, map_index=index))


def both(world: AirflowWorld) -> list[dict]:
    return [world.units(name) for name in (TABLE, CUSTOMERS)]


def restore(table: str = TABLE, *, context=None, **changes):
    operator = RestoreCapacityOperator(task_id="restore", table_name=table, **changes)
    return operator.execute(context or make_context(task_id="restore"))


def told(migration_id: str, table_arn: str, map_index: int = -1) -> dict:
    """What a prewarm task leaves for the restore task below it."""
    return {
        "dag_id": "d",
        "run_id": "r",
        "task_id": "prewarm",
        "map_index": map_index,
        "migration_id": migration_id,
        "table_arn": table_arn,
        "table_name": table_arn.rpartition("/")[2],
    }


def test_an_unmapped_restore_brings_back_what_a_mapped_prewarm_raised(world):
    prewarm(TABLE, CUSTOMERS)
    assert [RAISED, RAISED] == both(world)

    result = restore()

    assert [BEFORE, BEFORE] == both(world)
    assert {"orders", "customers"} == {line.partition(":")[0] for line in result["restored"]}


def test_a_misspelt_table_does_not_hide_what_is_owed(world):
    prewarm(CUSTOMERS)

    assert restore("custommers")["restored"] != []
    assert [BEFORE, BEFORE] == both(world)


@pytest.mark.parametrize("table", [None, "no such/table"])
def test_neither_does_a_table_that_is_no_name(world, table):
    """As a template may make one."""
    prewarm(TABLE)
    operator = RestoreCapacityOperator(task_id="restore", table_name=TABLE)
    operator.table_name = table

    operator.execute(make_context(task_id="restore"))

    assert [BEFORE, BEFORE] == both(world)


def test_in_another_order_every_table_comes_back(world):
    """Each of the restores, mapped the other way round, has another id than its prewarm."""
    prewarm(TABLE, CUSTOMERS)
    with DAG("d", schedule=None):
        above = PrewarmTableOperator.partial(task_id="prewarm").expand(
            table_name=[TABLE, CUSTOMERS]
        )
        tasks = [
            RestoreCapacityOperator(task_id=f"restore{i}", table_name=name)
            for i, name in enumerate((CUSTOMERS, TABLE))
        ]
        above >> tasks
    for index, task in enumerate(tasks):
        task.execute(make_context(task_id="restore", map_index=index))

    assert [BEFORE, BEFORE] == both(world)


def test_in_a_mapped_group_each_brings_back_its_own(world):
    """The first table to be done must not take the others' capacity away."""
    prewarm(TABLE, CUSTOMERS)
    with DAG("d", schedule=None):
        task = RestoreCapacityOperator(task_id="restore", table_name=TABLE)
        above = PrewarmTableOperator.partial(task_id="prewarm").expand(
            table_name=[TABLE, CUSTOMERS]
        )
        above >> task
    task.get_closest_mapped_task_group = lambda: "a group"

    task.execute(make_context(task_id="restore", map_index=0))

    assert [BEFORE, RAISED] == both(world)


def test_two_chains_in_a_dag_keep_apart(world):
    prewarm(TABLE, task_id="prewarm_orders")
    prewarm(CUSTOMERS, task_id="prewarm_customers")
    with DAG("d", schedule=None):
        task = None
        for name in (CUSTOMERS, TABLE):
            above = PrewarmTableOperator(task_id=f"prewarm_{name}", table_name=name)
            task = RestoreCapacityOperator(task_id=f"restore_{name}", table_name=name)
            above >> task

    task.execute(make_context(task_id="restore_orders"))

    assert [BEFORE, RAISED] == both(world)


def test_a_table_that_is_not_found_is_not_nothing_owed(world):
    """The prewarm may have been in another region: nobody can know from here."""
    with pytest.raises(AirflowFailException, match="unknown whether capacity is still raised"):
        restore("custommers")


def below_a_prewarm(**parameters) -> RestoreCapacityOperator:
    with DAG("d", schedule=None):
        above = PrewarmTableOperator(task_id="prewarm", table_name="custommers", **parameters)
        task = RestoreCapacityOperator(task_id="restore", table_name="custommers")
        above >> task
    return task


def test_where_no_prewarm_raised_nothing_is_owed(world):
    """A misspelt table that the first task refused: the run is red already, and once is enough."""
    assert [] == below_a_prewarm().execute(make_context(task_id="restore"))["restored"]


def test_in_a_mapped_group_another_tables_prewarm_does_not_matter(world):
    """Its table was never there, so its own prewarm raised nothing."""
    task = below_a_prewarm()
    task.get_closest_mapped_task_group = lambda: "a group"
    context = make_context(task_id="restore", map_index=1)
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
    context["ti"].told["prewarm", "raised"] = [told("orders-1", arn, map_index=0)]

    assert [] == task.execute(context)["restored"]


def test_a_prewarm_that_cannot_tell_may_have_raised(world):
    task = below_a_prewarm(do_xcom_push=False)

    with pytest.raises(AirflowFailException, match="parameters as the prewarm task"):
        task.execute(make_context(task_id="restore"))


def test_what_another_ledger_knows_is_named(world):
    """Restore in another region, where a table and a stack have the same names."""
    with DAG("d", schedule=None):
        above = PrewarmTableOperator(task_id="prewarm", table_name=TABLE)
        task = RestoreCapacityOperator(task_id="restore", table_name=TABLE)
        above >> task
    context = make_context(task_id="restore")
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    context["ti"].told["prewarm", "raised"] = [told("orders-1", arn)]

    with pytest.raises(AirflowFailException, match=f"this task does not know: {arn}"):
        task.execute(context)


def test_what_is_known_is_restored_all_the_same(world):
    prewarm(TABLE)
    with DAG("d", schedule=None):
        above = PrewarmTableOperator(task_id="prewarm", table_name=TABLE)
        task = RestoreCapacityOperator(task_id="restore", table_name=TABLE)
        above >> task
    context = make_context(task_id="restore")
    context["ti"].told["prewarm", "raised"] = [told("x", "arn:aws:dynamodb:eu-west-1:1:table/x")]

    with pytest.raises(AirflowFailException, match="Prewarm raised tables that the ledger"):
        task.execute(context)
    assert [BEFORE, BEFORE] == both(world)


def test_prewarm_tells_before_it_raises(world, monkeypatch):
    """Killed in between, it has told already."""
    monkeypatch.setattr(
        "airflow_ddb_migrate.aws.capacity.prewarm_task.raise_for_task",
        lambda *_, **__: (_ for _ in ()).throw(RestoreError("killed")),
    )
    operator = PrewarmTableOperator(task_id="prewarm", table_name=TABLE, **UNITS)
    context = make_context(task_id="prewarm")
    with pytest.raises(MigrationTaskError, match="killed"):
        operator.execute(context)

    assert (
        world.dynamodb.describe_table(TableName=TABLE)["Table"]["TableArn"]
        == (context["ti"].pushed["raised"]["table_arn"])
    )


def test_one_that_cannot_be_restored_does_not_keep_the_others(world, monkeypatch):
    prewarm(TABLE, CUSTOMERS)
    real = world.dynamodb.update_table

    def refuse(**arguments):
        if arguments["TableName"] == TABLE:
            raise RestoreError("orders is locked")
        return real(**arguments)

    monkeypatch.setattr(world.dynamodb, "update_table", refuse)

    with pytest.raises(MigrationTaskError, match="orders is locked"):
        restore()
    assert [RAISED, BEFORE] == both(world)
