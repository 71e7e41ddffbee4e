"""What people are told of a migration on a real Airflow, by a topic with a queue behind it."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from airflow_ddb_migrate.aws.execution.steering.pause import pause, resume
from tests.support.waiting import await_that
from tests.support.worlds.airflow_site import AirflowSite

ITEMS = 300
POLL_SECONDS = 1.0

SLOW = """
import time

def transform(item, context):
    if "done" not in item:
        time.sleep(0.25)
    item["done"] = True
    return item
"""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A queue that is subscribed to the topic of the DAG."""

    sqs: Any
    url: str
    letters: dict[str, str]

    def await_letter(self, state: str) -> str:
        """Wait for a message whose subject begins with a state; return its text."""
        await_that(
            lambda: self._receive() or state in self.letters,
            lambda: f"a message {state}; {self.letters}",
            poll_seconds=POLL_SECONDS,
        )
        return self.letters[state]

    def _receive(self) -> None:
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        for message in found.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            self.letters[body["Subject"].partition(":")[0]] = body["Message"]


@pytest.fixture
def mailbox(airflow: AirflowSite) -> Mailbox:
    def client(service: str) -> Any:
        return airflow.emulator.client(service)

    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="migrations")["TopicArn"]
    url = sqs.create_queue(QueueName="people")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=found["Attributes"]["QueueArn"])
    variable = {"key": "ddb_migrate_topic_arn", "value": topic}
    airflow.airflow.call("POST", "variables", variable)
    return Mailbox(sqs, url, {})


def test_a_pause_and_the_end_are_told(airflow: AirflowSite, mailbox: Mailbox) -> None:
    """The wait is deferred: its trigger tells a worker, which tells people and waits on."""
    airflow.deploy(slow=SLOW)
    table = airflow.chain.table(ITEMS)
    conf = {"table": table, "segments": 8, "transform": "slow"}
    run = airflow.trigger(conf, "ddb_migration_notify")
    run.until("wait", "deferred")
    site = run.migration(table)
    pause(site, by="ann", reason="sale until noon")

    on_hold = mailbox.await_letter("ON_HOLD")
    run.until("wait", "deferred")
    resume(site, by="ann")

    assert "success" == run.finish()
    end = mailbox.await_letter("SUCCEEDED")
    assert on_hold.startswith("On hold: paused by ann: sale until noon\n")
    assert f"Table {table}, 8 segments, transform slow" in on_hold
    assert f"Items: {ITEMS} seen, {ITEMS} changed." in end
    assert end.splitlines()[-1].startswith(f"DAG ddb_migration_notify, run {run.run_id}: http")
    assert {"ON_HOLD", "SUCCEEDED"} == set(mailbox.letters)
