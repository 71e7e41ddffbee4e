"""Many tables in one run: what is planned together, whose turn it is, and the report of all."""

import pytest
from airflow.sdk import DAG
from airflow_ddb_migrate import (
    AwaitTurnOperator,
    EndTurnOperator,
    PlanManyMigrationsOperator,
    ReportManyMigrationsOperator,
    StartDistributedMapMigrationOperator,
)
from airflow_ddb_migrate._compat import AirflowFailException, AirflowSkipException
from airflow_ddb_migrate.core.errors import AwsRequestError
from airflow_ddb_migrate.triggers.turn import TurnTrigger
from moto import mock_aws
from tests.support.factories import LEDGER
from tests.support.worlds.airflow_world import (
    REFUSED,
    AirflowWorld,
    first_event,
    make_context,
    make_stack,
)

TABLES = ["orders", "customers", "events"]


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = AirflowWorld(stack=make_stack(tables=tuple(TABLES)))
        world.install(monkeypatch)
        for name in TABLES:
            world.create_table(name, index=False)
        yield world


def plan(tables=TABLES, **changes):
    operator = PlanManyMigrationsOperator(task_id="plan", tables=tables, **changes)
    context = make_context(task_id="plan")
    return operator.execute(context), context["ti"].pushed


def await_turn(number: int, **changes) -> dict:
    options = {"deferrable": False, "max_parallel_tables": 2, "poke_interval": 0, **changes}
    operator = AwaitTurnOperator(task_id="turn", table_name=TABLES[number], **options)
    return operator.execute(make_context(task_id="turn", map_index=number))


def end_turn(number: int, **states: str) -> None:
    with DAG("d", schedule=None):
        first = StartDistributedMapMigrationOperator(task_id="wait", table_name=TABLES[number])
        operator = EndTurnOperator(task_id="done", table_name=TABLES[number])
        first >> operator
    context = make_context(task_id="done", map_index=number)
    context["ti"].states.update({f"{name}_{number}": state for name, state in states.items()})
    operator.execute(context)


class TestPlan:
    def test_each_table_has_what_is_its_own_and_what_is_of_all(self, world):
        own = {"table": "customers", "segments": 7, "params": {"a": 1}}
        found, pushed = plan(["orders", own], total_segments=3, max_concurrency=2)

        assert ["orders", "customers"] == [one["table_name"] for one in found]
        assert [3, 7] == [one["total_segments"] for one in found]
        assert [{}, {"a": 1}] == [one["transform_params"] for one in found]
        assert [2, 2] == [one["max_concurrency"] for one in found]
        assert "# Plan of 2 tables" in pushed["markdown"]
        assert "**in all**" in pushed["markdown"]

    def test_its_plans_are_those_that_the_groups_tasks_mean(self, world):
        plan(total_segments=5)
        for number, name in enumerate(TABLES):
            start = StartDistributedMapMigrationOperator(task_id="start", table_name=name)
            assert 5 == start.execute(make_context(map_index=number))["lanes"]

    def test_every_table_that_cannot_be_migrated_is_named_at_once(self, world):
        with pytest.raises(AirflowFailException) as caught:
            plan(["orders", "custommers", {"table": "events", "transform": "nope"}])

        message = str(caught.value)
        assert message.startswith("2 of 3 tables cannot be migrated, so none was changed.")
        assert "custommers: Table 'custommers' does not exist" in message
        assert "events: Transform 'nope' is not deployed" in message
        assert ([], 0) == (world.updates, len(world.stepfunctions.executions))

    def test_one_budget_holds_for_all_of_them(self, world):
        for fields, how in (
            ({"max_cost_usd": 0.000001}, "Give a higher max_cost_usd, or name fewer"),
            ({"rules": {"max_cost_usd": 0.000001}}, "Ask the DAG's author for a higher"),
        ):
            with pytest.raises(AirflowFailException, match=rf"3 tables cost .* together.*{how}"):
                plan(**fields)

    def test_an_outage_is_no_verdict(self, world, monkeypatch):
        def fails(*_, **__):
            raise AwsRequestError("not now")

        monkeypatch.setattr("airflow_ddb_migrate.aws.plan.planner.make_plan", fails)

        with pytest.raises(Exception, match="not now") as caught:
            plan()
        assert not isinstance(caught.value, AirflowFailException)

    @pytest.mark.parametrize(
        ("tables", "words"),
        [
            ([], "a list of 1 to 100 tables"),
            ("orders", "a list of 1 to 100 tables"),
            (["orders"] * 101, "a list of 1 to 100 tables"),
            (["orders", "events", "orders"], "names orders more than once"),
            (["orders", {"table": "orders"}], "names orders more than once"),
            (["orders", 5], "Entry 2 of tables: table is 5"),
            ([{"segments": 5}], "Entry 1 of tables: table is None"),
            ([{"table": "orders", "segment": 5}], "Entry 1 of tables has segment"),
            ([None], "Entry 1 of tables: table is None"),
        ],
    )
    def test_what_is_no_list_of_tables_is_refused(self, world, tables, words):
        with pytest.raises(REFUSED, match=words):
            plan(tables)
        assert 0 == world.dynamodb.scan(TableName=LEDGER)["Count"]


class TestTurns:
    def test_so_many_at_a_time_and_a_retried_task_keeps_its_turn(self, world):
        assert ["orders", "customers", "orders"] == [await_turn(n)["table"] for n in (0, 1, 0)]

        waiting = AwaitTurnOperator(
            task_id="turn", table_name="events", max_parallel_tables=2, deferrable=True
        )
        deferred = {}
        waiting.defer = lambda **kwargs: (deferred.update(kwargs), _stop())
        with pytest.raises(StopIteration):
            waiting.execute(make_context(task_id="turn", map_index=2))

        end_turn(0)
        path, kwargs = deferred["trigger"].serialize()
        assert path == "airflow_ddb_migrate.triggers.turn.TurnTrigger"
        event = first_event(TurnTrigger(**{**kwargs, "poke_interval": 0}))
        done = waiting.execute_complete(make_context(task_id="turn", map_index=2), event)
        assert "events" == done["table"]

    def test_a_turn_is_given_back_any_number_of_times(self, world):
        await_turn(0, max_parallel_tables=1)
        end_turn(0)
        end_turn(0)

        assert "customers" == await_turn(1, max_parallel_tables=1)["table"]

    def test_a_table_that_is_gone_does_not_keep_its_turn(self, world):
        """The others would wait for ever."""
        await_turn(0, max_parallel_tables=1)
        world.dynamodb.delete_table(TableName="orders")
        end_turn(0, wait="failed")

        assert "customers" == await_turn(1, max_parallel_tables=1)["table"]

    def test_a_failed_table_stops_those_that_have_not_begun_on_request(self, world):
        await_turn(0)
        await_turn(1)
        end_turn(0, wait="failed")

        with pytest.raises(AirflowSkipException, match="Another table has failed"):
            await_turn(2, stop_on_failure=True)
        assert "events" == await_turn(2)["table"]

    def test_what_was_skipped_has_not_failed(self, world):
        end_turn(0, wait="skipped")

        assert "events" == await_turn(2, stop_on_failure=True)["table"]


class TestReport:
    def report(self, **states: str):
        with DAG("d", schedule=None):
            first = StartDistributedMapMigrationOperator(task_id="wait", table_name="orders")
            operator = ReportManyMigrationsOperator(
                task_id="summary", tables=[{"table_name": name} for name in TABLES]
            )
            first >> operator
        context = make_context(task_id="summary")
        context["ti"].states.update(states)
        return operator, context

    def test_all_tables_are_in_it(self, world):
        operator, context = self.report(wait_0="success")

        result = operator.execute(context)
        assert TABLES == [one["table"] for one in result["tables"]]
        assert (3, 0) == (result["totals"]["tables"], result["totals"]["succeeded"])
        assert "# Report of 3 tables" in context["ti"].pushed["markdown"]

    def test_it_is_red_when_a_task_of_one_table_failed(self, world):
        operator, context = self.report(wait_0="success", wait_1="failed")

        with pytest.raises(AirflowFailException, match=r"wait_1 \(failed\)"):
            operator.execute(context)
        assert 3 == len(context["ti"].pushed["return_value"]["tables"])


def _stop() -> None:
    raise StopIteration
