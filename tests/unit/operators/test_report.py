"""The report as a task: what it says, keeps, and when it turns the run red."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup
from airflow_ddb_migrate import (
    DryRunMigrationOperator,
    MigrationReportOperator,
    StartDistributedMapMigrationOperator,
    migrated_table,
)
from airflow_ddb_migrate._compat import AirflowFailException
from airflow_ddb_migrate.assets import MIGRATED
from airflow_ddb_migrate.aws.execution.starting.start import start as begin
from airflow_ddb_migrate.core.mode import Mode
from tests.support.factories import TABLE
from tests.support.worlds.airflow_world import (
    REFUSED,
    FakeTaskInstance,
    finish_lanes,
    make_context,
    table_world,
)


@pytest.fixture
def world(monkeypatch):
    with table_world(monkeypatch) as world:
        yield world


def report(**changes) -> MigrationReportOperator:
    return MigrationReportOperator(task_id="report", table_name=TABLE, **changes)


def start(world, *, done: int = 4, status: str = "SUCCEEDED") -> None:
    operator = StartDistributedMapMigrationOperator(
        task_id="start", table_name=TABLE, total_segments=4
    )
    operator.execute(make_context())
    finish_lanes(operator.open_site(make_context()), range(done))
    world.stepfunctions.end_all(status)


def context_with(states, **changes):
    context = make_context(**changes)
    context["ti"].states.update(states)
    return context


def test_a_success_is_said_kept_and_returned(world, capsys):
    """As data, as markdown, and as a file in the bucket."""
    start(world)
    context = make_context()

    found = report().execute(context)

    page = context["ti"].pushed["markdown"]
    assert page.startswith(f"# Migration {found['migration_id']}: SUCCEEDED")
    key = f"migrations/{found['migration_id']}/report.json"
    assert found == json.load(world.s3.get_object(Bucket="bucket", Key=key)["Body"])
    said = capsys.readouterr().out
    assert "| changed | 40 |" in said
    assert f"The report is saved as s3://bucket/{key}" in said
    assert found["migration_id"] in context["ti"].pushed["_link_MigrationReportLink"]
    assert "$252F" in context["ti"].pushed["_link_MigrationLogsLink"]


def test_a_failed_migration_fails_the_task_after_its_report(world, capsys):
    """The data is there all the same, and another try would not help."""
    start(world, done=3, status="FAILED")
    context = make_context()

    with pytest.raises(AirflowFailException, match=r"failed \(FAILED\). 1 of 4 segments are unf"):
        report().execute(context)

    assert "FAILED" == context["ti"].pushed["return_value"]["status"]
    assert "# Migration orders-" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wait", "notice"),
    [
        ("success", ("SUCCEEDED", "4 of 4 segments done (100 %)")),
        ("failed", ("FAILED", "Tasks of this run failed: wait (failed). See their logs.")),
    ],
)
def test_it_leaves_a_notice_for_who_tells_people(world, wait, notice):
    """Its state is the run's, and the cause stands first."""
    start(world)
    context = context_with({"wait": wait})

    with contextlib.suppress(AirflowFailException):
        report(required_task_ids=["wait"]).execute(context)

    left = context["ti"].pushed["notice"]
    assert notice == (left["state"], left["text"][: len(notice[1])])


def test_a_report_can_be_only_a_report(world):
    """Where something else decides what is a failure."""
    start(world, done=3, status="FAILED")

    operator = report(fail_unless_succeeded=False, required_task_ids=["wait"])
    assert "FAILED" == operator.execute(context_with({"wait": "failed"}))["status"]


@pytest.mark.parametrize("state", ["failed", "upstream_failed"])
def test_a_failed_task_fails_the_run_though_the_leaf_runs(world, state):
    """Whatever became of the migration."""
    start(world)

    with pytest.raises(AirflowFailException, match=rf"failed: restore \({state}\). See their logs"):
        report(required_task_ids=["restore"]).execute(context_with({"restore": state}))


def test_what_was_not_started_fails_only_with_its_tasks(world):
    """Rejected or looked at: fine. Prewarm failed: not fine, and it is named."""
    operator = report(required_task_ids=["prewarm", "start"])

    found = operator.execute(context_with({"prewarm": "success", "start": "skipped"}))
    assert "NOT_STARTED" == found["status"]

    states = {"prewarm": "failed", "start": "upstream_failed", "other": "failed"}
    with pytest.raises(AirflowFailException, match=r"failed: prewarm \(failed\)\. See"):
        operator.execute(context_with(states))


def chain(**parameters) -> MigrationReportOperator:
    """A report below ``prewarm >> start`` in a task group, and beside a task of nobody's."""
    with DAG("d", schedule=None), TaskGroup("orders"):
        first, second = (EmptyOperator(task_id=name) for name in ("prewarm", "start"))
        EmptyOperator(task_id="other")
        last = report(**parameters)
        first >> second >> last
    return last


@pytest.mark.parametrize("parameters", [{}, {"required_task_ids": ["prewarm"]}])
@pytest.mark.parametrize("state", ["failed", "upstream_failed"])
def test_every_task_above_counts_also_in_a_task_group(world, parameters, state):
    """Nobody lists them, and whoever does may leave the group's name out."""
    states = {"orders.prewarm": state, "orders.start": "skipped", "orders.other": "success"}

    with pytest.raises(AirflowFailException, match=rf"failed: orders.prewarm \({state}\)"):
        chain(**parameters).execute(context_with(states))


def test_what_is_not_above_and_what_was_skipped_do_not_count(world):
    states = {"orders.prewarm": "skipped", "orders.start": "success", "orders.other": "failed"}

    assert "NOT_STARTED" == chain().execute(context_with(states))["status"]


@pytest.mark.parametrize("name", ["prewarn", "other_group.prewarm", "orders.prewarn"])
def test_a_task_that_is_not_there_is_refused(world, name):
    """It would count as one that never fails."""
    with pytest.raises(AirflowFailException, match=f"'{name}', which the DAG does not have"):
        chain(required_task_ids=["prewarm", name]).execute(context_with({}))


@pytest.mark.parametrize(
    ("map_index", "states", "named"),
    [
        (-1, {"wait_0": "success", "wait_1": "failed"}, "wait_1 (failed)"),
        (1, {"wait_0": "success", "wait_1": "failed"}, "wait_1 (failed)"),
        (0, {"wait_0": "success", "wait_1": "failed"}, ""),
        (0, {"wait": "failed"}, "wait (failed)"),
    ],
)
def test_mapped_tasks_are_looked_at(world, map_index, states, named):
    """All of them; of a mapped report those of its own index, and tasks that are not mapped."""
    operator = report(required_task_ids=["wait"])
    context = context_with(states, map_index=map_index)

    if not named:
        assert "NOT_STARTED" == operator.execute(context)["status"]
        return
    with pytest.raises(AirflowFailException) as caught:
        operator.execute(context)
    assert f"Tasks of this run failed: {named}. See their logs." == str(caught.value)


def test_airflow_is_not_asked_for_tasks_when_there_are_none(world, monkeypatch):
    """Without required_task_ids nothing but the ledger is needed."""
    monkeypatch.delattr(FakeTaskInstance, "get_task_states")

    assert "NOT_STARTED" == report().execute(make_context())["status"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"required_task_ids": "wait"}, "required_task_ids is 'wait'; it must be a list"),
        ({"required_task_ids": [1]}, "required_task_ids is [1]; it must be a list"),
        ({"fail_unless_succeeded": "yes"}, "fail_unless_succeeded is 'yes'"),
    ],
)
def test_a_wrong_parameter_is_refused(world, wrong, message):
    """Not taken for something else."""
    with pytest.raises(REFUSED) as caught:
        report(**wrong).execute(make_context())
    assert str(caught.value).startswith(message)


def test_no_xcom_where_none_is_wanted(world):
    """do_xcom_push holds for both."""
    context = make_context()

    report(do_xcom_push=False).execute(context)

    assert {} == context["ti"].pushed


class Outlet:
    """What Airflow collects of an outlet's events."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict]] = []

    def add(self, asset, *, extra) -> None:
        self.events.append((asset.uri, extra))


@pytest.mark.parametrize(
    ("done", "status", "failed", "events"),
    [(4, "SUCCEEDED", "", 1), (3, "FAILED", "", 0), (4, "SUCCEEDED", "verify", 0)],
)
def test_a_migrated_table_is_an_event_of_its_asset(world, done, status, failed, events):
    """Other DAGs are scheduled on it: only once the table is migrated, and nothing else failed."""
    start(world, done=done, status=status)
    operator, outlet = report(required_task_ids=["verify"]), Outlet()
    states = {"verify": "failed" if failed else "success"}
    context = {
        **context_with(states),
        "task": operator,
        "outlet_events": {MIGRATED: outlet},
    }

    with contextlib.suppress(AirflowFailException):
        operator.execute(context)

    assert events == len(outlet.events)
    for uri, extra in outlet.events:
        expected = migrated_table(region="us-east-1", account="123456789012", table="orders")
        assert expected.uri == uri
        assert ("MIGRATE", 40) == (extra["mode"], extra["counts"]["seen"])


def test_what_was_only_planned_is_no_event(world):
    operator, outlet = report(), Outlet()
    context = {**make_context(), "task": operator, "outlet_events": {MIGRATED: outlet}}

    operator.execute(context)

    assert [] == outlet.events


def test_an_author_may_have_outlets_of_his_own(world):
    """Then those are meant, and nothing is added to them."""
    start(world)
    operator, outlet = report(outlets=[]), Outlet()

    operator.execute({**context_with({}), "task": operator, "outlet_events": {MIGRATED: outlet}})
    assert [] == outlet.events


def outlet_of(operator, context) -> Outlet:
    """Run a report in a context that collects events."""
    outlet = Outlet()
    operator.execute({**context, "task": operator, "outlet_events": {MIGRATED: outlet}})
    return outlet


def test_a_failed_task_is_no_event_though_the_report_is_green(world):
    """A report that turns nothing red does not send other DAGs to a table that failed its check."""
    start(world)
    operator = report(fail_unless_succeeded=False, required_task_ids=["verify"])

    assert [] == outlet_of(operator, context_with({"verify": "failed"})).events
    assert 1 == len(outlet_of(operator, context_with({"verify": "success"})).events)


@pytest.mark.parametrize(("seconds", "events"), [(-3_600, 1), (3_600, 0)])
def test_what_an_earlier_run_did_is_no_event_of_this_one(world, seconds, events):
    """A report may be of any migration: it is news where that ended since this run was due."""
    start(world)
    name = report().execute(make_context())["migration_id"]
    due = datetime.now(UTC) + timedelta(seconds=seconds)
    context = {**make_context(run_id="later"), "dag_run": SimpleNamespace(run_after=due)}

    assert events == len(outlet_of(report(migration_id=name), context).events)


def test_a_look_at_a_table_is_no_event(world):
    """A dry run that succeeded has changed nothing."""
    look = DryRunMigrationOperator(task_id="look", table_name=TABLE, total_segments=4)
    site = look.open_site(make_context())
    request = look.valid_request(make_context(), mode=Mode.DRY_RUN)
    begin(site.named("a-look"), request)
    finish_lanes(site.named("a-look"), range(4))
    world.stepfunctions.end_all("SUCCEEDED")
    since = SimpleNamespace(run_after=datetime.fromtimestamp(0, UTC))
    operator = report(migration_id="a-look")

    assert "SUCCEEDED" == operator.execute(make_context())["status"]
    assert [] == outlet_of(operator, {**make_context(), "dag_run": since}).events


def test_an_event_that_cannot_be_noted_fails_nothing(world, capsys):
    """The migration is done and reported; a warning says what is missing."""
    start(world)
    operator = report()

    found = operator.execute({**make_context(), "task": operator, "outlet_events": {}})

    assert "SUCCEEDED" == found["status"]
    assert f"Could not note the asset event of {found['migration_id']}" in capsys.readouterr().out


@pytest.mark.parametrize(("given", "outlets"), [({}, [MIGRATED]), ({"outlets": []}, [])])
def test_a_mapped_report_has_the_outlet_too(given, outlets):
    """Airflow alone would give it none, or None, which no task can run with."""
    with DAG("d", schedule=None):
        mapped = MigrationReportOperator.partial(task_id="report", **given).expand(
            table_name=[TABLE]
        )

    assert outlets == mapped.outlets
    assert outlets == mapped.unmap({"table_name": TABLE}).outlets
