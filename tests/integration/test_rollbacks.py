"""A deployment that fails behind any resource of the template does not stop the next one.

CloudFormation refuses what comes after one of them, and rolls back. The emulator deletes
what it has made whatever its DeletionPolicy says, so what stays behind on AWS is tested with stubs.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import describe_stack, find_stack
from airflow_ddb_migrate.core.errors import DeployError
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.destroy import Removal

TEMPLATE = Path(__file__).parents[2] / "deploy" / "template.yaml"
RESOURCES = re.findall(
    r"^  (\w+):$",
    TEMPLATE.read_text().split("\nResources:")[1].split("\nOutputs:")[0],
    re.MULTILINE,
)
UPDATED = ("Function", "FunctionVersion", "StateMachine", "RestoreFunction")  # by every new code
_REFUSED = """
  Refused:
    Type: AWS::CloudFormation::CustomResource
    DependsOn: {name}

Outputs:"""
EVENT = "provide-client-params.cloudformation.CreateChangeSet"

pytestmark = pytest.mark.story


@contextmanager
def refused_after(clients: Clients, resource: str) -> Iterator[None]:
    """Let CloudFormation make or change a resource, and then refuse one that is beside ours."""

    def poison(params: dict[str, Any], **_: Any) -> None:
        template = params["TemplateBody"]
        (name,) = re.findall(rf"^  ({resource}[0-9a-f]*):\n    Type: ", template, re.MULTILINE)
        params["TemplateBody"] = template.replace("\nOutputs:", _REFUSED.format(name=name), 1)

    events = clients.cloudformation.meta.events
    events.register(EVENT, poison)
    try:
        yield
    finally:
        events.unregister(EVENT, poison)


@pytest.fixture
def deploy(clients: Clients, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable]:
    """Deploys one stack with a transform of these words, and destroys it after the test."""
    name = re.sub(r"[^a-z]+", "-", request.node.name.lower())[-40:].strip("-")

    def deploy(words: str) -> None:
        (tmp_path / "words.py").write_text(
            f"def transform(item, context):\n    return item  # {words}\n"
        )
        Deployment(
            clients=clients,
            stack_name=name,
            tables=["orders"],
            transforms_dir=tmp_path,
            say=lambda _: None,
            poll_seconds=0.1,
        ).deploy()

    deploy.stack_name = name
    yield deploy
    if describe_stack(clients.cloudformation, name):
        Removal(clients=clients, stack_name=name, say=lambda _: None, poll_seconds=0.1).destroy()


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_first_deployment_that_failed_there_can_be_repeated(
    clients: Clients, deploy: Callable, resource: str
) -> None:
    """The error names what was refused; nothing has to be removed by hand."""
    with refused_after(clients, resource), pytest.raises(DeployError, match="Refused"):
        deploy("first")
    deploy("first")

    assert find_stack(clients.cloudformation, deploy.stack_name).function_arn


@pytest.mark.parametrize("resource", UPDATED)
def test_an_update_that_failed_there_can_be_repeated(
    clients: Clients, deploy: Callable, resource: str
) -> None:
    """What ran before runs on meanwhile: its function and its version are there."""
    deploy("first")
    before = find_stack(clients.cloudformation, deploy.stack_name)
    with refused_after(clients, resource), pytest.raises(DeployError, match="Refused"):
        deploy("second")
    kept = find_stack(clients.cloudformation, deploy.stack_name)
    answer = clients.lambda_.get_function_configuration(FunctionName=before.function_arn)
    deploy("second")
    after = find_stack(clients.cloudformation, deploy.stack_name)

    assert before.function_arn == kept.function_arn == answer["FunctionArn"]
    assert before.function_arn != after.function_arn
