"""The operators against moto's DynamoDB."""

import time
from datetime import UTC, datetime

import pytest
from airflow_ddb_migrate import (
    MigrationReportOperator,
    PrewarmTableOperator,
    RestoreCapacityOperator,
    StartDistributedMapMigrationOperator,
)
from airflow_ddb_migrate._compat import AirflowFailException, AirflowSkipException
from airflow_ddb_migrate.aws.capacity.restore import RestoreResult
from airflow_ddb_migrate.aws.capacity.safety_net import SafetyNet
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.execution.tend import tend
from airflow_ddb_migrate.core.clock import Clock
from airflow_ddb_migrate.core.limits import LEASE_SECONDS
from airflow_ddb_migrate.operators.base.task import MigrationTaskError
from airflow_ddb_migrate.triggers.prewarm import CapacityRaisedTrigger
from moto import mock_aws
from tests.support.factories import LEDGER, TABLE, client_error
from tests.support.worlds.airflow_world import (
    REFUSED,
    AirflowWorld,
    finish_lanes,
    first_event,
    make_context,
)


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = AirflowWorld()
        world.install(monkeypatch)
        yield world


def make_prewarm(**changes) -> PrewarmTableOperator:
    arguments = {"read_units": 100, "write_units": 50, "deferrable": False, "poke_interval": 0}
    return PrewarmTableOperator(task_id="prewarm", table_name=TABLE, **{**arguments, **changes})


def run(operator, **context):
    return operator.execute(make_context(task_id=operator.task_id, **context))


def restore(**context):
    return run(RestoreCapacityOperator(task_id="restore", table_name=TABLE), **context)


def start(**changes):
    return StartDistributedMapMigrationOperator(
        task_id="start", table_name=TABLE, **{"total_segments": 4, **changes}
    )


class TestPrewarm:
    def test_raises_table_and_index(self, world):
        """Prewarm raises a PROVISIONED table and its index's writes, and says what it was."""
        world.create_table()
        result = run(make_prewarm())
        assert {"": (100, 50), "by_pk": (5, 50)} == world.units()
        assert {"read": 5, "write": 5} == result["before"]["table"]
        assert {"by_pk": {"read": 5, "write": 50}} == result["during"]["indexes"]
        assert [
            "table: provisioned capacity 5 read / 5 write -> 100 read / 50 write units per second",
            "index by_pk: provisioned capacity 5 read / 5 write -> 5 read / 50 write units per "
            "second",
        ] == result["changes"]

    def test_never_lowers(self, world):
        """A figure that is higher already stays, in each direction on its own."""
        world.create_table(units=(500, 5), index=False)
        run(make_prewarm())
        assert {"": (500, 50)} == world.units()

    def test_nothing_to_raise(self, world, capsys):
        """A table that has enough is left alone, in one line."""
        world.create_table(units=(500, 500))
        result = run(make_prewarm())
        assert ([], []) == (result["changes"], world.updates)
        assert "Nothing to raise: table orders" in capsys.readouterr().out

    def test_off(self, world, capsys):
        """Prewarm that is off raises nothing, and still notes the figures for the report."""
        world.create_table()
        context = make_context(task_id="prewarm")
        with pytest.raises(AirflowSkipException, match="Everything was checked, and"):
            make_prewarm(enabled=False).execute(context)
        result = context["ti"].pushed["return_value"]
        assert ([], []) == (result["changes"], world.updates)
        assert result["before"] == result["during"]
        assert "Prewarm is off" in capsys.readouterr().out

    def test_outside_its_hours_nothing_is_raised(self, world, capsys):
        """All is checked; whoever waits for the migration raises it in time."""
        world.create_table()
        hour = datetime.now(UTC).hour + 12
        result = run(make_prewarm(windows=[f"{hour % 24:02}:00-{(hour + 2) % 24:02}:00 UTC"]))
        assert ([], []) == (result["changes"], world.updates)
        assert "No capacity is raised now, because the hours are" in capsys.readouterr().out

    @pytest.mark.parametrize("enabled", [True, False])
    def test_checks_first(self, world, enabled):
        """What cannot be migrated is refused before anything is touched, also while it is off."""
        world.create_table()
        with pytest.raises(AirflowFailException, match="Transform 'nope' is not deployed"):
            run(make_prewarm(enabled=enabled, transform="nope"))
        assert [] == world.updates
        assert 0 == world.dynamodb.scan(TableName="ledger")["Count"]

    def test_on_demand_is_left_alone(self, world, capsys):
        """An on-demand table needs nothing, and the log says why and what could be done."""
        world.create_table(units=None)
        result = run(make_prewarm())
        assert ([], []) == (result["changes"], world.updates)
        assert "Table orders is on-demand: AWS scales it" in capsys.readouterr().out

    def test_on_demand_warm_throughput(self, world, capsys):
        """Warm throughput is raised only when asked for, with its price and permanence told."""
        world.create_table(units=None, index=False)
        result = run(make_prewarm(warm_throughput=True, read_units=20_000))
        assert [
            "table: warm throughput 12,000 read / 4,000 write -> 20,000 read / 4,000 write units "
            "per second"
        ] == result["changes"]
        assert [
            {"TableName": TABLE, "WarmThroughput": {"ReadUnitsPerSecond": 20_000}}
        ] == world.updates
        assert "$1.04 once; permanent: AWS never lowers it" in capsys.readouterr().out

    def test_each_change_is_told_with_its_cost(self, world, capsys):
        """Before and after, price, and whether it can be undone; and which schedules go on."""
        world.create_table(index=False)
        key = ("table/orders", "dynamodb:table:WriteCapacityUnits")
        row = {"ResourceId": key[0], "ScalableDimension": key[1]}
        world.autoscaling.targets[key] = {**row, "MinCapacity": 5, "MaxCapacity": 20}
        world.autoscaling.scheduled = [{**row, "ScheduledActionName": "nightly"}]
        result = run(make_prewarm(read_units=10_000))
        said = capsys.readouterr().out
        for line in (
            "Raising table: auto scaling of write capacity 5 to 20 -> 50 to 50, scale-in "
            "suspended: free; restore reverts it",
            "Raising table: provisioned capacity 5 read / 5 write -> 10,000 read / 50 write units "
            "per second: $1.33 more per hour until restore lowers it",
            "Prices: us-east-1, November 2024",
            "Scheduled actions of auto scaling stay active and may change write capacity of the "
            "table: nightly.",
        ):
            assert line in said
        assert 2 == len(result["changes"])
        assert 2 == len(restore()["restored"])
        assert 5 == world.autoscaling.targets[key]["MinCapacity"]

    def test_hold(self, world):
        """Around a job of one's own: no transform is asked for, and the capacity is kept."""
        world.create_table()
        world.lambda_.answer = {"ok": False, "error": "no transform"}
        operator = make_prewarm(transform=None, hold_seconds=7_200)
        run(operator)
        site = operator.open_site(make_context())
        left = site.leases.get(site.table.key).expires_at - time.time()
        assert 7_100 < left <= 7_200

    @pytest.mark.parametrize("wrong", [-1, "60", None])
    def test_hold_is_a_number(self, world, wrong):
        """What is none is refused before anything is touched."""
        world.create_table()
        with pytest.raises(REFUSED, match=f"hold_seconds is {wrong!r}"):
            run(make_prewarm(hold_seconds=wrong))
        assert [] == world.updates

    def test_switch_to_on_demand(self, world):
        """A PROVISIONED table is switched only when asked for, and restore switches it back."""
        world.create_table()
        result = run(make_prewarm(switch_to_on_demand=True))
        assert "PAY_PER_REQUEST" == result["during"]["billing_mode"]
        assert ["table: billing mode PROVISIONED -> PAY_PER_REQUEST"] == result["changes"]
        assert "PROVISIONED" == restore()["after"]["billing_mode"]
        assert {"": (5, 5), "by_pk": (5, 5)} == world.units()

    def test_warm_throughput_is_kept(self, world):
        """Restore says that warm throughput stays, instead of asking AWS to lower it."""
        world.create_table(units=None, index=False)
        run(make_prewarm(warm_throughput=True, read_units=20_000))
        result = restore()
        assert [] == result["restored"]
        assert "permanent; AWS does not lower it" in result["kept"][0]
        assert 1 == len(world.updates)

    def test_half_way_failure_is_restored(self, world, monkeypatch):
        """When AWS refuses after the snapshot was written, restore finds nothing to change."""
        world.create_table()
        refuse = client_error("LimitExceededException", message="too many units")

        def refusing(*_args, **_kwargs):
            raise refuse

        with monkeypatch.context() as patch:
            patch.setattr(world.dynamodb, "update_table", refusing)
            with pytest.raises(
                AirflowFailException,
                match="request a quota increase or lower read_units and write_units",
            ):
                run(make_prewarm())
        result = restore()
        assert [] == result["restored"]
        assert {"": (5, 5), "by_pk": (5, 5)} == world.units()

    def test_cleared_rerun_keeps_the_first_snapshot(self, world):
        """A prewarm that runs again does not take the raised capacity for the original."""
        world.create_table()
        run(make_prewarm())
        run(make_prewarm(read_units=200))
        assert (200, 50) == world.units()[""]
        result = restore()
        assert {"": (5, 5), "by_pk": (5, 5)} == world.units()
        assert {"read": 5, "write": 5} == result["after"]["table"]

    def test_waits_until_ready(self, world, monkeypatch, capsys):
        """Prewarm tells what it waits for, once, and ends when all is there."""
        world.create_table()
        answers = iter([("table orders is UPDATING",)] * 2 + [()])
        monkeypatch.setattr(
            "airflow_ddb_migrate.aws.capacity.wait.still_waiting", lambda *_: next(answers)
        )
        run(make_prewarm())
        assert 1 == capsys.readouterr().out.count("Waiting: table orders is UPDATING.")

    def test_timeout_names_what_is_updating(self, world, monkeypatch):
        """The error of a wait that took too long names what is still UPDATING."""
        world.create_table()
        monkeypatch.setattr(
            "airflow_ddb_migrate.aws.capacity.wait.still_waiting",
            lambda *_: ("index by_pk is UPDATING",),
        )
        with pytest.raises(
            AirflowFailException, match="was not raised in time: index by_pk is UPD"
        ):
            run(make_prewarm(timeout=0))

    def test_deferred(self, world, monkeypatch):
        """A deferrable prewarm waits in the triggerer and returns the same."""
        world.create_table()
        deferred, answers = {}, iter([("table orders is UPDATING",), ()])
        monkeypatch.setattr(
            "airflow_ddb_migrate.aws.capacity.wait.still_waiting", lambda *_: next(answers)
        )
        operator = make_prewarm(deferrable=True)
        monkeypatch.setattr(operator, "defer", lambda **kwargs: deferred.update(kwargs))
        expected = run(operator)
        assert isinstance(deferred["trigger"], CapacityRaisedTrigger)
        event = first_event(deferred["trigger"])
        assert expected == operator.execute_complete(make_context(task_id="prewarm"), event)

    def test_deferred_failure(self):
        """The trigger's message fails the task, with a retry only where it can help."""
        event = {"status": "error", "message": "index by_pk is UPDATING", "retryable": False}
        with pytest.raises(AirflowFailException, match="index by_pk is UPDATING"):
            make_prewarm().execute_complete(make_context(), event)
        with pytest.raises(MigrationTaskError, match="index by_pk"):
            make_prewarm().execute_complete(make_context(), {**event, "retryable": True})


class TestRestore:
    def test_twice(self, world):
        """Restore runs any number of times: the second finds nothing to do."""
        world.create_table()
        run(make_prewarm())
        assert 2 == len(restore()["restored"])
        updates = len(world.updates)
        assert [] == restore()["restored"]
        assert updates == len(world.updates)

    def test_nothing_raised(self, world, capsys):
        """Without a prewarm there is nothing to restore, and it says so."""
        world.create_table()
        result = restore()
        assert ([], []) == (result["restored"], result["kept"])
        assert "Nothing to restore: this migration has no raised" in capsys.readouterr().out

    def test_the_safety_net_was_first(self, world, capsys):
        """Restore then says who it was and what is back, and is fine with it."""
        world.create_table()
        run(make_prewarm())
        clients = Clients({"dynamodb": world.dynamodb, "stepfunctions": world.stepfunctions}.get)
        later = time.time() + LEASE_SECONDS
        net = SafetyNet(
            clients=clients,
            ledger_table=LEDGER,
            by="safety net 1",
            seconds=60,
            clock=Clock(now=lambda: later),
        )
        assert ["RESTORED"] == [finding.fate for finding in net.sweep()]
        assert [] == restore()["restored"]
        said = capsys.readouterr().out
        assert "Already restored: safety net 1 was first: table: provisioned capacity 100" in said

    def test_table_gone(self, world, capsys):
        """A table that is gone took its raised capacity with it."""
        world.create_table()
        run(make_prewarm())
        world.dynamodb.delete_table(TableName=TABLE)
        result = restore()
        assert (None, []) == (result["after"], result["restored"])
        assert (
            "Nothing to restore: Table 'orders' does not exist in us-east-1."
            in capsys.readouterr().out
        )

    def test_somebody_changed_a_figure(self, world):
        """A figure that somebody changed in between stays; the others come back."""
        world.create_table()
        run(make_prewarm())
        world.set_units(77, 50)
        result = restore()
        assert {"": (77, 5), "by_pk": (5, 5)} == world.units()
        assert [
            "table: read capacity is 77, neither the raised 100 nor the original 5; it was changed "
            "by others, so it stays (force=True restores the original)"
        ] == result["kept"]

    def test_force(self, world):
        """On demand, the original comes back whatever somebody made of it."""
        world.create_table()
        run(make_prewarm())
        world.set_units(77, 50)
        operator = RestoreCapacityOperator(task_id="restore", table_name=TABLE, force=True)
        assert [] == run(operator)["kept"]
        assert {"": (5, 5), "by_pk": (5, 5)} == world.units()

    def test_force_is_a_switch(self, world):
        """A word in quotes is refused before anything is touched."""
        world.create_table()
        with pytest.raises(REFUSED, match="force is 'false'"):
            run(RestoreCapacityOperator(task_id="restore", table_name=TABLE, force="false"))

    def test_what_nobody_waits_for_is_stopped(self, world):
        """An execution that runs on is stopped before its capacity is taken away."""
        world.create_table()
        run(make_prewarm())
        run(start())
        assert 2 == len(restore()["restored"])
        assert ["ABORTED"] == world.stepfunctions.statuses

    def test_what_is_left_to_run_runs(self, world):
        """With stop_running=False it goes on, and so does another DAG run's."""
        world.create_table()
        run(make_prewarm())
        run(start())
        restore(run_id="another")
        run(RestoreCapacityOperator(task_id="restore", table_name=TABLE, stop_running=False))
        assert ["RUNNING"] == world.stepfunctions.statuses

    def test_capacity_comes_back_though_nothing_can_be_stopped(self, world, capsys):
        """A connection that may not look at executions is no reason for a bill."""
        world.create_table()
        run(make_prewarm())
        run(start())
        world.stepfunctions.failing.append(client_error("AccessDeniedException"))
        assert 2 == len(restore()["restored"])
        assert "could not be stopped" in capsys.readouterr().out

    def test_patience(self, world, monkeypatch):
        """How long a restore waits is the task's to say."""
        world.create_table()
        seen = []
        monkeypatch.setattr(
            "airflow_ddb_migrate.aws.capacity.restore.restore",
            lambda site, **options: (
                seen.append(options) or RestoreResult((), (), site.table.snapshot)
            ),
        )
        run(RestoreCapacityOperator(task_id="restore", table_name=TABLE, patience_seconds=7))
        wait = seen[0]["wait"]
        assert [7, 7, False] == [wait.seconds, wait.refused_seconds, seen[0]["force"]]

    def test_restores_only_its_own(self, world):
        """Another DAG run's restore leaves the capacity of this one alone."""
        world.create_table()
        run(make_prewarm())
        assert [] == restore(run_id="another")["restored"]
        assert (100, 50) == world.units()[""]

    def test_retry_takes_over(self, world, monkeypatch):
        """A try that was killed while it restored does not keep the next one out."""
        world.create_table()
        run(make_prewarm())

        class KilledError(BaseException):
            pass

        def killed(*_args, **_kwargs):
            raise KilledError

        with monkeypatch.context() as patch:
            patch.setattr("airflow_ddb_migrate.aws.capacity.restore_steps.update_capacity", killed)
            with pytest.raises(KilledError):
                restore()
        assert 2 == len(restore()["restored"])
        assert (5, 5) == world.units()[""]


class TestStart:
    def test_starts(self, world):
        """Start returns what runs now, and shows the link at once."""
        world.create_table()
        operator = start()
        context = make_context(task_id="start")
        result = operator.execute(context)
        arn = next(iter(world.stepfunctions.executions))
        assert {
            "migration_id": arn.rpartition(":")[2].removesuffix("-a01"),
            "attempt": 1,
            "execution_arn": arn,
            "lanes": 4,
            "table": TABLE,
            "total_segments": 4,
        } == result
        assert (
            context["ti"].pushed["_link_MigrationExecutionLink"].startswith("https://console.aws")
        )
        assert "log-group" in context["ti"].pushed["_link_MigrationLogsLink"]

    def test_attaches(self, world, capsys):
        """A second try attaches to what runs and says so."""
        world.create_table()
        first = run(start())
        second = run(start())
        assert first == second
        assert 1 == len(world.stepfunctions.executions)
        assert "Attached to the running attempt 1" in capsys.readouterr().out

    def test_goes_on_with_what_is_unfinished(self, world):
        """After a failure a new attempt works on the unfinished segments only."""
        world.create_table()
        operator = start()
        run(operator)
        finish_lanes(operator.open_site(make_context()), range(3))
        world.stepfunctions.end_all("FAILED")
        result = run(operator)
        assert (2, 1) == (result["attempt"], result["lanes"])

    def test_once(self, world):
        """What succeeded before is refused by prewarm already, before capacity is raised."""
        world.create_table()
        run(start())
        operator = start()
        finish_lanes(operator.open_site(make_context()), range(4))
        world.stepfunctions.end_all("SUCCEEDED")
        tend(operator.open_site(make_context()))
        for again in (make_prewarm(once=True), start(once=True)):
            with pytest.raises(AirflowFailException, match=r"already succeeded on this table: mi"):
                run(again, run_id="another")
        assert [] == world.updates
        assert 1 == run(start(), run_id="another")["attempt"]

    def test_mapped_tasks_are_migrations_of_their_own(self, world):
        """Each mapped task instance names another migration."""
        world.create_table()
        operator = start()
        names = {
            operator.open_site(make_context(map_index=index)).migration_id for index in (-1, 0, 1)
        }
        assert 3 == len(names)


class TestReport:
    def test_report(self, world, capsys):
        """The report has counts and capacity before, during and after, as data and in the log."""
        world.create_table()
        run(make_prewarm())
        run(start())
        operator = MigrationReportOperator(task_id="report", table_name=TABLE)
        finish_lanes(operator.open_site(make_context()), range(4))
        world.stepfunctions.end_all("SUCCEEDED")
        restore()
        report = run(operator)
        assert "SUCCEEDED" == report["status"]
        assert 40 == report["counts"]["changed"]
        assert [5, 100, 5] == [
            report["capacity"][stage]["table"]["read"] for stage in ("before", "during", "after")
        ]
        assert "| changed | 40 |" in capsys.readouterr().out
