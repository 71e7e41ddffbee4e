"""The DAG that tells: real runs in this process, and what arrives in a queue behind the topic."""

import itertools
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import boto3
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow_ddb_migrate.hooks.migration import SiteAddress
from moto import mock_aws
from tests.conftest import ROOT
from tests.support.factories import REGION, TABLE, throttled_hold
from tests.support.worlds.airflow_world import AirflowWorld, finish_lanes

SEGMENTS = 3
THROTTLED = "writes of table orders were throttled"
_DATES = (datetime(2031, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in itertools.count())


@pytest.fixture
def dag():
    """Parsed for each test, as for each task: notifiers render their fields in place."""
    bag = DagBag(ROOT / "dags" / "ddb_migration_notify.py")
    assert {} == bag.import_errors
    (dag,) = bag.dags.values()
    return dag


@pytest.fixture(scope="module")
def _database():
    from airflow.utils.db import initdb

    initdb()


@dataclass
class Queue:
    """Subscribed to a topic as a person's mailbox would be."""

    topic_arn: str = ""
    url: str = ""
    sqs: object = field(default_factory=partial(boto3.client, "sqs", region_name=REGION))

    def __post_init__(self) -> None:
        sns = boto3.client("sns", region_name=REGION)
        self.topic_arn = sns.create_topic(Name="migrations")["TopicArn"]
        self.url = self.sqs.create_queue(QueueName="people")["QueueUrl"]
        names = ["QueueArn"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        arn = found["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=arn)

    def received(self) -> list[tuple[str, str]]:
        """Return subject and text of what has come, in order."""
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        bodies = [json.loads(message["Body"]) for message in found.get("Messages", [])]
        return [(body["Subject"], body["Message"]) for body in bodies]


class TellingWorld(AirflowWorld):
    """Executions that run until they are looked at ``looks`` times; then they end as told."""

    status = "SUCCEEDED"
    is_held = False
    looks = 2

    def install(self, monkeypatch) -> None:
        super().install(monkeypatch)
        describe, start = self.stepfunctions.describe_execution, self.stepfunctions.start_execution

        def start_and_hold(**arguments):
            if self.is_held:
                self._hold(json.loads(arguments["input"]))
            return start(**arguments)

        def describe_and_end(**arguments):
            answer = describe(**arguments)
            if self.looks == 0 and answer["status"] == "RUNNING":
                self._end(json.loads(answer["input"]))
            self.looks -= 1
            return describe(**arguments)

        monkeypatch.setattr(self.stepfunctions, "start_execution", start_and_hold)
        monkeypatch.setattr(self.stepfunctions, "describe_execution", describe_and_end)

    def _hold(self, payload) -> None:
        """Do as the workers do when live traffic suffers."""
        site = self._site(payload)
        record = throttled_hold(reason=THROTTLED, since=time.time())
        site.ledger.hold(site.migration_id, record, attempt=1)

    def _end(self, payload) -> None:
        done = SEGMENTS if self.status == "SUCCEEDED" else 1
        finish_lanes(self._site(payload), payload["segments"][:done])
        self.stepfunctions.end_all(self.status, error="States.Runtime", cause="no more Lambda")

    def _site(self, payload):
        return SiteAddress(
            table_name=payload["table_name"],
            stack_name="ddb-migrate",
            dag_id="",
            run_id="",
            migration_id=payload["migration_id"],
        ).open()


@pytest.fixture
def world(monkeypatch):
    with mock_aws():
        world = TellingWorld()
        world.install(monkeypatch)
        world.create_table()
        yield world


@pytest.fixture
def queue(world, monkeypatch):
    queue = Queue()
    monkeypatch.setenv("AIRFLOW_VAR_DDB_MIGRATE_TOPIC_ARN", queue.topic_arn)
    return queue


@pytest.fixture
def run(_database, dag, world, monkeypatch):
    """Run the whole DAG in this process; returns the run's state."""
    for task in dag.tasks:
        monkeypatch.setattr(task, "retries", 0)
        monkeypatch.setattr(task, "poke_interval", 0.01, raising=False)
    defaults = {n: value for n, value in dag.params.dump().items() if n != "table"}

    def run_once(**conf):
        given = {**defaults, "table": TABLE, "segments": SEGMENTS, **conf}
        return str(dag.test(logical_date=next(_DATES), run_conf=given).state)

    return run_once


def test_the_shape(dag):
    """One message about a run: its report runs whatever fails."""
    report, restore = dag.task_dict["report"], dag.task_dict["restore"]
    assert {"prewarm", "start", "wait"} == report.get_flat_relative_ids(upstream=True)
    for teardown in (report, restore):
        assert (True, True) == (teardown.is_teardown, teardown.on_failure_fail_dagrun)
    told = {
        task.task_id: (len(task.on_success_callback), len(task.on_failure_callback))
        for task in dag.tasks
    }
    assert {
        "prewarm": (0, 0),
        "start": (0, 0),
        "wait": (0, 0),
        "report": (1, 1),
        "restore": (0, 1),
    } == told
    assert dag.task_dict["wait"].on_hold_callback


def test_the_form_has_no_field_without_a_meaning(dag):
    """What the DAG does not use it does not ask for."""
    fields = {"table", "segments", "transform", "params", "migration_id", "prewarm"}
    assert fields | {"single_writer_region"} == set(dag.params)


def test_a_success_is_told_with_its_figures(queue, run):
    """One message, with counts, cost and where to look."""
    assert "success" == run()

    ((subject, text),) = queue.received()
    assert subject.startswith("SUCCEEDED: migration orders-")
    assert "Items: 30 seen, 30 changed. Every one of 30 items seen is accounted for." in text
    assert "Cost: " in text
    assert text.splitlines()[-1].startswith("DAG ddb_migration_notify, run ")
    assert "/tasks/report" in text


def test_a_failure_is_told_with_its_cause_and_what_to_do(world, queue, run):
    """By the report alone: one message, though two tasks are red."""
    world.status = "FAILED"
    assert "failed" == run()

    ((subject, text),) = queue.received()
    assert subject.startswith("FAILED: migration orders-")
    assert "Tasks of this run failed: wait (failed)" in text
    assert "Cause: no more Lambda." in text
    assert "clear the start task" in text


def test_a_run_that_found_no_table_is_told_too(world, queue, run):
    """There is no report of it, so the message says why there is none."""
    assert "failed" == run(table="nothing")

    ((subject, text),) = queue.received()
    assert "FAILED: task report of ddb_migration_notify" == subject
    assert "nothing" in text.splitlines()[0]


def test_a_hold_is_told_and_the_run_goes_on(world, queue, run):
    """First the hold with its reason, then the end."""
    world.looks, world.is_held = 5, True

    assert "success" == run()
    messages = dict(reversed(queue.received()))
    (hold,) = [text for subject, text in messages.items() if subject.startswith("ON_HOLD: ")]
    assert 2 == len(messages)
    assert hold.startswith(f"On hold: {THROTTLED}")


def test_who_cannot_be_told_fails_nothing(world, run, monkeypatch):
    """A topic that is not there turns no run red."""
    monkeypatch.setenv("AIRFLOW_VAR_DDB_MIGRATE_TOPIC_ARN", f"arn:aws:sns:{REGION}:1:gone")

    assert "success" == run()
