"""Deploying into an account that is locked down, on the embedded stack."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import Stack, describe_stack, stack_parameters
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.destroy import Removal
from airflow_ddb_migrate.deployment.settings import roles
from airflow_ddb_migrate.deployment.settings.settings import AskedSettings
from airflow_ddb_migrate.permissions.scope import ALARMS
from tests.support.embedded_metrics import embedded

STACK = "locked-down"
TOPIC = "arn:aws:sns:us-east-1:000000000000:ops"
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}}]}'
)


@dataclass(slots=True)
class Account:
    """Deploys with options, and looks at what came of it."""

    clients: Clients
    said: list[str] = field(default_factory=list)

    def deploy(self, **options: str) -> Stack:
        self.said.clear()
        given = {f"--{name.replace('_', '-')}": [value] for name, value in options.items()}
        return Deployment(
            clients=self.clients,
            stack_name=STACK,
            tables=["orders"],
            say=self.said.append,
            poll_seconds=0.1,
            asked=AskedSettings(given),
        ).deploy()

    @property
    def iam(self) -> Any:
        return self.clients._make("iam")

    def described(self) -> dict[str, Any]:
        return describe_stack(self.clients.cloudformation, STACK) or {}

    def roles(self) -> dict[str, str]:
        """Return the paths of the roles of the stack, by name."""
        found = self.iam.get_paginator("list_roles").paginate()
        rows = [row for page in found for row in page["Roles"] if STACK in row["RoleName"]]
        return {row["RoleName"]: row["Path"] for row in rows}

    def alarms(self) -> dict[str, dict[str, Any]]:
        """Return the alarms of the stack by name."""
        found = self.clients._make("cloudwatch").describe_alarms(AlarmNamePrefix=f"{STACK}-")
        return {row["AlarmName"]: row for row in found["MetricAlarms"]}

    def function(self) -> dict[str, Any]:
        found: dict[str, Any] = self.clients.lambda_.get_function_configuration(
            FunctionName=f"{STACK}-transform"
        )
        return found


@pytest.fixture
def account(clients: Clients) -> Iterator[Account]:
    yield Account(clients)
    Removal(clients=clients, stack_name=STACK, say=lambda _: None, poll_seconds=0.1).destroy(
        delete_data=True
    )


@pytest.mark.story
def test_a_later_deployment_keeps_what_was_asked_for_and_none_takes_it_away(
    account: Account,
) -> None:
    """Roles under their names, the processor, tags, retention; each version works."""
    first = account.deploy(
        role_prefix="acme-", role_path="/data/", architecture="x86_64", tag="team=data",
        log_retention_days="30",
    )  # fmt: skip

    ours = f"{STACK}-us-east-1"
    made = {f"acme-{ours}-{name}": "/data/" for name in ("transform", "machine", "restore")}
    assert made == account.roles()
    assert ["CAPABILITY_NAMED_IAM"] == account.described()["Capabilities"]
    assert ["x86_64"] == account.function()["Architectures"]
    assert {"team": "data", TAG: STACK} == {
        row["Key"]: row["Value"] for row in account.described()["Tags"]
    }

    assert first == account.deploy()
    assert f"Stack {STACK}: nothing to change." in account.said

    third = account.deploy(role_prefix="none", architecture="none", tag="none")
    assert {"--role-prefix: acme- -> none", "--architecture: x86_64 -> arm64"} < {*account.said}
    assert [TAG] == [row["Key"] for row in account.described()["Tags"]]
    assert ["arm64"] == account.function()["Architectures"]
    assert set() == made.keys() & account.roles().keys()
    assert ({"/data/"}, "30") == (
        {*account.roles().values()},
        stack_parameters(account.described())["LogRetentionDays"],
    )
    assert first.function_arn != third.function_arn
    assert any(line.startswith("Writer: conditional batches") for line in account.said)


@pytest.mark.story
def test_alarms_come_with_a_topic_and_go_with_it(account: Account) -> None:
    """And stay where a later deployment says nothing of them; the safety net tells them all."""
    account.deploy(alarm_topic=TOPIC, metrics="table")

    alarms = account.alarms()
    assert {f"{STACK}-{name}" for name in ALARMS} == alarms.keys()
    assert {(TOPIC,)} == {tuple(alarm["AlarmActions"]) for alarm in alarms.values()}
    answer = account.clients.lambda_.invoke(
        FunctionName=f"{STACK}-restore", Payload=b"{}", LogType="Tail"
    )
    (line,) = embedded(b64decode(answer["LogResult"]).decode().splitlines())
    assert {STACK: 0} == {line["Stack"]: line["MigrationsStalled"]}

    account.deploy()
    assert f"Stack {STACK}: nothing to change." in account.said
    assert alarms.keys() == account.alarms().keys()

    account.deploy(alarm_topic="none")
    assert f"--alarm-topic: {TOPIC} -> none" in account.said
    assert {} == account.alarms()


def test_roles_that_are_there_are_used_and_not_replaced_in_use(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is made; and an execution has its role to its end."""
    for name in ("worker", "machine", "restore"):
        account.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    arn = "arn:aws:iam::000000000000:role/"

    account.deploy(
        function_role=f"{arn}worker", state_machine_role=f"{arn}machine",
        restore_role=f"{arn}restore",
    )  # fmt: skip

    assert {} == account.roles()
    assert f"{arn}worker" == account.function()["Role"]
    assert any(line.startswith("Writer: conditional batches") for line in account.said)

    running = ("Execution orders-1-a01 runs. Wait for it.",)
    monkeypatch.setattr(roles, "unfinished", lambda *_, **__: running)
    with pytest.raises(DeployError, match=r"in use\. Execution orders-1-a01 runs"):
        account.deploy(function_role="none")
    assert f"{arn}worker" == account.function()["Role"]
