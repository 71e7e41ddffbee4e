"""The example DAG: its shape, what it refuses, and what a failure of each task comes to."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow_ddb_migrate._compat import AirflowFailException
from moto import mock_aws
from tests.conftest import ROOT
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import make_stack
from tests.support.worlds.migrating_world import MigratingWorld

DAG_FILE = ROOT / "dags" / "ddb_migration.py"
SEGMENTS = 3
_DATES = (datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in itertools.count())


@pytest.fixture(scope="module")
def dag():
    bag = DagBag(DAG_FILE)
    assert {} == bag.import_errors
    return bag.dags["ddb_migration"]


@pytest.fixture(scope="module")
def _database():
    """An Airflow database in the temporary home, made once."""
    from airflow.utils.db import initdb

    initdb()


STEPS = [
    "plan",
    "dry_run",
    "approve",
    "backup",
    "prewarm",
    "canary",
    "go",
    "start",
    "wait",
    "verify",
]
RAISED = STEPS[STEPS.index("prewarm") :]


class TestShape:
    def test_order(self, dag):
        """Everything in a row; restore after whatever comes once capacity may be raised."""
        downstream = {task.task_id: set(task.downstream_task_ids) for task in dag.tasks}
        following = zip(STEPS, [*STEPS[1:], "report"], strict=True)
        assert {
            **{
                step: {after, *(["restore"] if step in RAISED else [])} for step, after in following
            },
            "report": set(),
            "restore": set(),
        } == downstream

    @pytest.mark.parametrize("name", ["restore", "report"])
    def test_teardowns_that_count(self, dag, name):
        """They run after failures, also in a run marked failed, and their failure fails the run."""
        task = dag.task_dict[name]
        assert (True, True) == (task.is_teardown, task.on_failure_fail_dagrun)
        assert [] == [task.task_id for task in dag.tasks if task.is_setup]

    def test_every_task_means_the_same_migration(self, dag):
        """Table, migration, stack and connection are those of the run in every task."""
        facts = {
            (task.table_name.name, task.migration_id.name, task.stack_name, task.aws_conn_id)
            for task in dag.tasks
            if task.task_id not in {"approve", "go"}
        }
        assert {("table", "migration_id", "ddb-migrate", "aws_default")} == facts

    def test_tasks_that_wait_are_deferrable(self, dag):
        """Waiting takes no worker."""
        for name in ("dry_run", "prewarm", "canary", "wait", "verify"):
            assert dag.task_dict[name].deferrable, name

    def test_is_only_triggered(self, dag):
        """Nothing migrates by itself; migrations of several tables may run at once."""
        assert dag.schedule is None
        assert dag.max_active_runs > 1

    def test_params(self, dag):
        """The form's defaults."""
        known = {name: param.value for name, param in dag.params.items() if name != "table"}
        assert {
            "segments": None,
            "transform": "add_updated_at",
            "params": {},
            "migration_id": None,
            "dry_run": False,
            "sample_segments": None,
            "approve": False,
            "max_cost_usd": None,
            "once": False,
            "backup": "auto",
            "canary_lanes": 0,
            "canary_approve": False,
            "single_writer_region": False,
            "prewarm": False,
            "prewarm_rcu": 12_000,
            "prewarm_wcu": 4_000,
            "max_concurrency": None,
            "write_units_per_second": None,
            "read_units_per_second": None,
            "max_quarantined": 100,
            "max_quarantined_percentage": 5,
            "tolerated_failure_percentage": 0,
            "show_values": False,
            "verify": True,
            "verify_segments": None,
            "max_left": 0,
            "hold_while": [],
            "healthy_for": 300,
            "windows": None,
        } == known

    def test_every_param_is_explained(self, dag):
        """Every field of the form has a title and a description."""
        for name, param in dag.params.items():
            assert param.schema["title"], name
            assert param.description, name


@pytest.fixture(scope="module")
def trigger(_database, dag):
    """Trigger by REST, as a person or a script does; returns status and message."""
    from airflow.api_fastapi.app import create_app
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from fastapi.testclient import TestClient

    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    bundle = next(iter(manager.get_all_dag_bundles()))
    bag = BundleDagBag(DAG_FILE, bundle_path=bundle.path, bundle_name=bundle.name)
    sync_bag_to_db(bag, bundle.name, None)

    client = TestClient(create_app(apps="core"))  # everybody is admin, see conftest

    def post(conf) -> tuple[int, str]:
        body = {"logical_date": None, "conf": conf}
        answer = client.post("/api/v2/dags/ddb_migration/dagRuns", json=body)
        return answer.status_code, str(answer.json().get("detail"))

    return post


class TestConf:
    @pytest.mark.parametrize(
        ("segments", "message"),
        [
            (0, "0 is less than the minimum of 1"),
            (-1, "-1 is less than the minimum of 1"),
            (1.5, "1.5 is not of type 'null', 'integer'"),
            ("many", "'many' is not of type 'null', 'integer'"),
            ("100", "'100' is not of type 'null', 'integer'"),
            (1_000_001, "1000001 is greater than the maximum of 1000000"),
            (True, "True is not of type 'null', 'integer'"),
        ],
    )
    def test_segments(self, trigger, segments, message):
        """Segments that are no whole number from 1 to 1,000,000 are refused when triggered."""
        status, said = trigger({"table": TABLE, "segments": segments})
        assert (400, message) == (status, said.splitlines()[0].partition(": ")[2])
        assert "segments" in said.splitlines()[0]

    @pytest.mark.parametrize("conf", [{}, {"segments": 100}, {"tabel": TABLE}])
    def test_no_table(self, trigger, conf):
        """A run without a table is refused, and the message names the field."""
        status, said = trigger(conf)
        assert 400 == status
        assert said.startswith("Invalid input for param table: ")

    @pytest.mark.parametrize("table", ["", "a", "arn:aws:dynamodb:eu-west-1:1:table/orders", 5])
    def test_no_table_name(self, trigger, table):
        """What cannot be the name of a table is refused."""
        status, said = trigger({"table": table})
        assert 400 == status
        assert said.startswith("Invalid input for param table: ")

    @pytest.mark.parametrize("conf", [["orders"], "orders", 5])
    def test_no_object(self, trigger, conf):
        """A configuration that is no object is refused."""
        status, said = trigger(conf)
        assert 422 == status
        assert "Input should be a valid dictionary" in said

    @pytest.mark.parametrize(
        "wrong",
        [
            {"transform": ""},
            {"params": "x"},
            {"prewarm": "yes"},
            {"prewarm_rcu": 0},
            {"prewarm_wcu": "4000"},
            {"max_concurrency": 0},
            {"max_concurrency": 10_001},
            {"tolerated_failure_percentage": 101},
            {"read_units_per_second": -1},
            {"write_units_per_second": "1000"},
            {"max_quarantined": 1.5},
            {"max_quarantined_percentage": 101},
            {"migration_id": "a b"},
            {"migration_id": "m" * 66},
            {"dry_run": 1},
            {"sample_segments": 0},
            {"approve": "yes"},
            {"max_cost_usd": -1},
            {"once": "no"},
            {"backup": "always"},
            {"canary_lanes": -1},
            {"canary_approve": None},
            {"single_writer_region": "yes"},
            {"verify": "full"},
            {"verify_segments": 0},
            {"max_left": 0.5},
        ],
        ids=str,
    )
    def test_other_fields(self, trigger, wrong):
        """Every other field is checked, too, and named."""
        status, said = trigger({"table": TABLE, **wrong})
        assert 400 == status
        assert said.startswith(f"Invalid input for param {next(iter(wrong))}: ")

    def test_accepted(self, trigger):
        """What the documentation shows is accepted."""
        assert (200, "None") == trigger({"table": "orders", "segments": 100})


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = MigratingWorld()
        world.install(monkeypatch)
        world.create_table()
        yield world


@pytest.fixture(scope="module")
def defaults(dag):
    """The form's defaults: a run in this process leaves its own in the DAG."""
    return {name: value for name, value in dag.params.dump().items() if name != "table"}


@pytest.fixture
def run(_database, dag, defaults, monkeypatch):
    """Run the whole DAG in this process; returns the run's state and those of its tasks."""
    for task in dag.tasks:
        monkeypatch.setattr(task, "retries", 0)
        monkeypatch.setattr(task, "poke_interval", 0.01, raising=False)

    def run_once(**conf):
        result = dag.test(
            logical_date=next(_DATES),
            run_conf={**defaults, "table": TABLE, "segments": SEGMENTS, "prewarm": True, **conf},
        )
        states = {ti.task_id: str(ti.state) for ti in result.get_task_instances()}
        return str(result.state), states

    return run_once


ORIGINAL = {"": (5, 5), "by_pk": (5, 5)}


NOT_ASKED_FOR = dict.fromkeys(("dry_run", "approve", "canary", "go"), "skipped")


class TestRuns:
    def test_success(self, world, run):
        """A run that goes well is green, and the capacity is what it was."""
        state, states = run()
        assert "success" == state
        assert {
            **dict.fromkeys([*STEPS, "report", "restore"], "success"),
            **NOT_ASKED_FOR,
        } == states
        assert ORIGINAL == world.units()
        assert 2 == len(world.updates)

    def test_whatever_nobody_asked_for_is_skipped(self, world, run):
        """Nothing is green that was not done, and nothing is in the way of the migration."""
        state, states = run(prewarm=False, backup="skip", verify=False)
        off = {**NOT_ASKED_FOR, **dict.fromkeys(("backup", "prewarm", "verify"), "skipped")}
        done = dict.fromkeys(("plan", "start", "wait", "report", "restore"), "success")
        assert ("success", {**off, **done}) == (state, states)

    def test_a_misspelt_field_is_refused(self, world, run):
        """Nobody wanted the migration that {"dryrun": true} would be: plan says so, and no more."""
        state, states = run(dryrun=True)
        assert ("failed", "failed") == (state, states["plan"])
        after = STEPS[1:]
        assert dict.fromkeys(after, "upstream_failed") == {step: states[step] for step in after}
        assert (ORIGINAL, [], {}) == (
            world.units(),
            world.updates,
            world.stepfunctions.executions,
        )

    @pytest.mark.parametrize("step", ["plan", "approve", "prewarm", "canary", "start", "verify"])
    def test_a_step_fails(self, world, dag, run, monkeypatch, step):
        """Whichever it is: red, nothing after it done, reported, and the capacity restored."""

        def fails(*_, **__):
            raise AirflowFailException("no")

        monkeypatch.setattr(dag.task_dict[step], "execute", fails)
        state, states = run(canary_lanes=1, dry_run=step == "dry_run")
        after = STEPS[STEPS.index(step) + 1 :]
        assert "failed" == state
        assert ("failed", "failed", "success") == (
            states[step],
            states["report"],
            states["restore"],
        )
        assert dict.fromkeys(after, "upstream_failed") == {name: states[name] for name in after}
        assert ORIGINAL == world.units()

    def test_prewarm_fails(self, world, dag, run, monkeypatch):
        """Prewarm raises and then fails: red, nothing started, capacity restored."""

        monkeypatch.setattr(
            "airflow_ddb_migrate.aws.capacity.wait.still_waiting",
            lambda *_: ("index by_pk is UPDATING",),
        )
        monkeypatch.setattr(dag.task_dict["prewarm"], "timeout", 0)
        state, states = run()
        assert 2 == len(world.updates)
        assert ("failed", "success") == (state, states["restore"])
        assert {} == world.stepfunctions.executions
        assert ORIGINAL == world.units()

    def test_wait_fails(self, world, run):
        """The migration fails: red, and the capacity restored."""
        world.status = "FAILED"
        state, states = run()
        assert "failed" == state
        assert ("failed", "failed", "success") == (
            states["wait"],
            states["report"],
            states["restore"],
        )
        assert ORIGINAL == world.units()

    @pytest.mark.story
    def test_restore_fails(self, world, run, monkeypatch):
        """Restore fails: red, though everything else went well."""

        def refuse(*_, **__):
            raise RuntimeError("no decrease left today")

        monkeypatch.setattr("airflow_ddb_migrate.aws.capacity.restore.restore", refuse)
        state, states = run()
        assert "failed" == state
        assert ("failed", "success") == (states["restore"], states["report"])

    def test_a_dry_run_alone_writes_nothing(self, world, run):
        """Only the dry run's execution is started; the run is green and everything else skipped."""
        state, states = run(dry_run=True)
        (arn,) = world.stepfunctions.executions
        after = STEPS[STEPS.index("approve") + 1 :]
        assert "success" == state
        assert arn.endswith("-dry-a01")
        assert dict.fromkeys(after, "skipped") == {name: states[name] for name in after}
        assert ("success", "success") == (states["report"], states["restore"])
        assert [] == world.updates

    def test_a_canary_goes_first(self, world, run):
        """Its segments are an attempt of the migration, looked at before the others begin."""
        state, _ = run(canary_lanes=1, verify=False)
        started = [
            (
                arn.rpartition(":")[2].split("-", 2)[2],
                len(json.loads(execution["input"])["segments"]),
            )
            for arn, execution in world.stepfunctions.executions.items()
        ]
        assert "success" == state
        assert [("a01", 1), ("canary-a01", 1), ("a02", SEGMENTS - 1)] == started

    @pytest.mark.story
    def test_a_check_that_finds_something_fails(self, world, run, monkeypatch):
        """More than may be left: red, and the message of verify says how many."""
        monkeypatch.setattr(world, "outcomes", lambda _: {"changed": 10})
        state, states = run()
        assert ("failed", "failed", "failed") == (state, states["verify"], states["report"])
        state, states = run(max_left=10 * SEGMENTS)
        assert ("success", "success") == (state, states["verify"])

    def test_types_are_kept(self, world, run):
        """A table named like a number stays a name on its way through the DAG."""
        world.create_table("123")
        world.stack = make_stack(tables=("123",))
        state, _ = run(table="123", migration_id="456", verify=False)
        assert "success" == state
        (execution,) = world.stepfunctions.executions.values()
        assert ("123", "456") == (
            json.loads(execution["input"])["table_name"],
            json.loads(execution["input"])["migration_id"],
        )
