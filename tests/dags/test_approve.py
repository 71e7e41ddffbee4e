"""The approval in whole DAG runs: what runs and what is skipped after each answer."""

import itertools
import time
from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow_ddb_migrate import ApproveMigrationOperator

_DATES = (datetime(2031, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in itertools.count())
_sleep = time.sleep


@pytest.fixture(scope="module")
def client():
    """Airflow's API on a database of its own; everybody is admin, see conftest."""
    from airflow.api_fastapi.app import create_app
    from airflow.utils.db import initdb
    from fastapi.testclient import TestClient

    initdb()
    return TestClient(create_app(apps="core"))


class Person:
    """Answers by REST once asked; who has no answer lets the time pass."""

    def __init__(self, client):
        self.client = client
        self.asked = []
        self.answers = {}
        self._path = self._task = ""

    def __call__(self, context):
        """Be notified of a question."""
        ti = context["ti"]
        self._task = ti.task_id
        self._path = (
            f"/api/v2/dags/{ti.dag_id}/dagRuns/{ti.run_id}/taskInstances/{ti.task_id}"
            f"/{ti.map_index}/hitlDetails"
        )

    def come_by(self, seconds):
        """Answer what waits; takes the place of dag.test's second between two looks."""
        if not self._path or seconds != 1:
            return _sleep(seconds)
        self.asked.append(self.client.get(self._path).json())
        if self._task in self.answers:
            body = {"chosen_options": [self.answers[self._task]]}
            assert 200 == self.client.patch(self._path, json=body).status_code
        else:
            sweep_timeouts()
        self._path = ""
        return None


def sweep_timeouts():
    """Do what the scheduler does every few seconds."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    runner = SchedulerJobRunner(Job())
    runner.check_awaiting_input_timeouts()


@pytest.fixture
def answering(client, monkeypatch):
    person = Person(client)
    monkeypatch.setattr(time, "sleep", person.come_by)
    return person


def make_dag(person, **gate):
    """The shape of a migration: two questions, a report, a teardown, and an eager task."""
    with DAG("gated", schedule=None, render_template_as_native_obj=True) as dag:
        dry_run = EmptyOperator(task_id="dry_run")
        approve = ApproveMigrationOperator(
            task_id="approve",
            subject="Migrate {{ dag.dag_id }}?",
            body="# What it would do",
            notifiers=[person],
            always_task_ids=["report"],
            **gate,
        )
        prewarm, start, wait, verify, notify = (
            EmptyOperator(task_id=name) for name in ("prewarm", "start", "wait", "verify", "notify")
        )
        go = ApproveMigrationOperator(
            task_id="go",
            subject="The rest, too?",
            enabled=gate.get("enabled", True),
            notifiers=[person],
            always_task_ids=["report"],
            consequence="Only the canary was written.",
        )
        stubborn = EmptyOperator(task_id="stubborn", trigger_rule="all_done")
        report = EmptyOperator(task_id="report", trigger_rule="all_done")
        restore = EmptyOperator(task_id="restore").as_teardown(on_failure_fail_dagrun=True)
        dry_run >> approve >> prewarm >> go >> start >> wait >> verify >> report >> notify
        start >> stubborn
        [prewarm, go, start, wait, verify] >> restore
    return dag


def run(dag):
    """Run the DAG; returns the run's state, those of its tasks, and the gates' results."""
    sync_to_database(dag)
    result = dag.test(logical_date=next(_DATES))
    tis = {ti.task_id: ti for ti in result.get_task_instances()}
    states = {task_id: str(ti.state) for task_id, ti in tis.items()}
    results = {name: tis[name].xcom_pull(task_ids=name) for name in ("approve", "go")}
    return str(result.state), states, results


def sync_to_database(dag):
    """Do for a DAG of this test what Airflow does for those in its folder."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.models.dagbundle import DagBundleModel  # noqa: F401  # its table
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.serialization.serialized_objects import LazyDeserializedDAG

    DagBundlesManager().sync_bundles_to_db()
    serialized = LazyDeserializedDAG.from_dag(dag)
    SerializedDAG.bulk_write_to_db("dags-folder", None, [serialized])
    from airflow.models.serialized_dag import SerializedDagModel

    SerializedDagModel.write_dag(serialized, bundle_name="dags-folder")


def states_of(**groups):
    return {name: state for state, names in groups.items() for name in names}


class TestApproval:
    def test_approved(self, answering):
        """Everything runs, and the result says who approved and when."""
        answering.answers = {"approve": "Approve", "go": "Approve"}
        state, states, results = run(make_dag(answering))
        assert ("success", {"success"}) == (state, set(states.values()))
        assert ("approved", "Anonymous") == (
            results["approve"]["answer"],
            results["approve"]["by"],
        )
        assert datetime.fromisoformat(results["approve"]["at"]).tzinfo

    def test_what_is_asked(self, answering):
        """Subject and body as they were rendered, with Reject for who does not answer."""
        answering.answers = {"approve": "Approve", "go": "Approve"}
        run(make_dag(answering))
        question = answering.asked[0]
        assert ("Migrate gated?", "# What it would do", ["Approve", "Reject"], ["Reject"]) == (
            question["subject"],
            question["body"],
            question["options"],
            question["defaults"],
        )

    def test_rejected(self, answering):
        """Nothing below runs, whatever its trigger rule, but what puts back and what reports."""
        answering.answers = {"approve": "Reject"}
        state, states, results = run(make_dag(answering))
        assert "success" == state
        assert (
            states_of(
                success=("dry_run", "approve", "report", "restore"),
                skipped=("prewarm", "go", "start", "wait", "verify", "stubborn", "notify"),
            )
            == states
        )
        assert "rejected" == results["approve"]["answer"]
        assert 1 == len(answering.asked)

    def test_rejected_in_the_middle(self, answering):
        """What ran has run, the rest does not, and the capacity comes back."""
        answering.answers = {"approve": "Approve", "go": "Reject"}
        _, states, results = run(make_dag(answering))
        assert (
            states_of(
                success=("dry_run", "approve", "prewarm", "go", "report", "restore"),
                skipped=("start", "wait", "verify", "stubborn", "notify"),
            )
            == states
        )
        assert ("approved", "rejected") == (
            results["approve"]["answer"],
            results["go"]["answer"],
        )

    def test_only_the_dry_run(self, answering):
        """It ends there without asking; the report is written."""
        state, states, results = run(make_dag(answering, end_here=True))
        assert "success" == state
        assert ("ended", "skipped", "skipped", "success") == (
            results["approve"]["answer"],
            states["start"],
            states["stubborn"],
            states["report"],
        )
        assert [] == answering.asked

    def test_nobody_is_asked(self, answering):
        """Approval that is off lets everything run."""
        state, states, results = run(make_dag(answering, enabled=False))
        assert ("success", {"success"}) == (state, set(states.values()))
        assert {"answer": "not asked", "by": "", "at": ""} == results["approve"] == results["go"]
        assert [] == answering.asked

    def test_end_here_goes_before_not_asking(self, answering):
        """Who wants only a dry run gets no more, approval or not."""
        _, states, _ = run(make_dag(answering, enabled=False, end_here=True))
        assert "skipped" == states["start"]

    def test_nobody_answers(self, answering):
        """When the time is over it is a rejection."""
        state, states, results = run(make_dag(answering, response_timeout=0.001))
        assert ("success", "skipped", "skipped") == (state, states["start"], states["stubborn"])
        assert {"answer": "timed out", "by": "", "at": ""} == results["approve"]
