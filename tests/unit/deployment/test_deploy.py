"""What a deployment decides before it touches anything, and what destroy refuses to forget."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.ledger.leases import Leases
from airflow_ddb_migrate.aws.ledger.migrations import Ledger
from airflow_ddb_migrate.aws.services.stack import OUTPUTS
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.bindings import bindings_of
from airflow_ddb_migrate.core.errors import AccessDeniedError, DeployError, InvalidInputError
from airflow_ddb_migrate.core.ledger.records import CapacityState, LeaseState
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.destroy import Removal
from airflow_ddb_migrate.deployment.keeping.transform_set import DeployedTransforms
from airflow_ddb_migrate.deployment.packaging.runtime import lambda_runtime
from botocore.exceptions import ClientError
from moto import mock_aws
from tests.support import factories
from tests.support.engines.fakes import FakeLambda

RUNNING = f"{factories.STATE_MACHINE.replace('stateMachine', 'execution')}:orders-0123456789ab-a02"


class Pages:
    """A client whose listing has one page, or fails."""

    def __init__(self, page: dict[str, Any] | ClientError) -> None:
        self.page = page

    def get_paginator(self, _: str) -> "Pages":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        if isinstance(self.page, ClientError):
            raise self.page
        yield self.page

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        assert not isinstance(self.page, ClientError)
        if {"executionArn": executionArn} not in self.page["executions"]:
            raise factories.client_error("ExecutionDoesNotExist")
        return {"status": "RUNNING"}


@dataclass
class FakeCloudFormation:
    """A stack with these outputs; deleting it is remembered and done at once."""

    outputs: dict[str, str]
    deleted: bool = False
    status: str = "CREATE_COMPLETE"
    is_protected: bool = False
    tags: dict[str, str] = field(default_factory=lambda: {TAG: "ddb-migrate"})
    template: Any = "Metadata:\n  AirflowDdbMigrate:\n    Template: 1\n"
    description: str = ""
    change_sets: tuple[str, ...] = ()
    parameters: dict[str, str] = field(default_factory=lambda: {"KeptLedger": "", "KeptBucket": ""})
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name=factories.REGION))

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        if self.deleted:
            raise factories.client_error("ValidationError", message="Stack does not exist")
        rows = [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()]
        tags = [{"Key": k, "Value": v} for k, v in self.tags.items()]
        stack = {"StackName": "ddb-migrate", "StackStatus": self.status, "Outputs": rows}
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()]
        stack |= {
            "Tags": tags,
            "Parameters": given,
            "EnableTerminationProtection": self.is_protected,
        }
        return {"Stacks": [{**stack, "Description": self.description}]}

    def get_template(self, **_: Any) -> dict[str, Any]:
        return {"TemplateBody": self.template}

    def get_paginator(self, name: str) -> "Pages":
        assert "list_change_sets" == name
        return Pages({"Summaries": [{"ChangeSetName": name} for name in self.change_sets]})

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        return {"StackEvents": []}

    def delete_stack(self, **_: Any) -> None:
        self.deleted = True


@dataclass
class World:
    """A deployed stack whose ledger is moto's, and what was said."""

    cloudformation: FakeCloudFormation
    dynamodb: Any
    stepfunctions: Pages
    said: list[str] = field(default_factory=list)
    lambda_: FakeLambda = field(default_factory=FakeLambda)

    @property
    def clients(self) -> Clients:
        known = {
            "cloudformation": self.cloudformation,
            "lambda": self.lambda_,
            "dynamodb": self.dynamodb,
            "stepfunctions": self.stepfunctions,
            "sts": boto3.client("sts", region_name=factories.REGION),
        }
        return Clients(known.__getitem__)

    def deployment(self, **fields: Any) -> Deployment:
        return Deployment(
            clients=self.clients, stack_name="ddb-migrate", say=self.said.append, **fields
        )

    def removal(self, **fields: Any) -> Removal:
        return Removal(
            clients=self.clients, stack_name="ddb-migrate", say=self.said.append, **fields
        )

    def hold(self, **fields: Any) -> None:
        """Put a lease into the ledger."""
        leases = Leases(Ledger(self.dynamodb, factories.LEDGER))
        leases.change(factories.TABLE_KEY, lambda _: factories.lease(**fields))

    def run(self, *execution_arns: str) -> None:
        self.stepfunctions.page = {"executions": [{"executionArn": arn} for arn in execution_arns]}


_ACTS: tuple[Callable[[World, str], object], ...] = (
    lambda world, name: replace(world.deployment(tables=["orders"]), stack_name=name).deploy(),
    lambda world, name: replace(world.removal(), stack_name=name).destroy(force=True),
)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=factories.REGION)
        factories.ledger_table(dynamodb)
        outputs = {"LedgerTable": factories.LEDGER, "StateMachineArn": factories.STATE_MACHINE}
        yield World(FakeCloudFormation(outputs), dynamodb, Pages({"executions": []}))


@pytest.mark.parametrize("state", [CapacityState.RAISED, CapacityState.RESTORING])
def test_destroy_refuses_to_forget_raised_capacity(world: World, state: CapacityState) -> None:
    """Only the ledger knows the original figures, so the table would stay raised and be billed."""
    world.hold(capacity_state=state)

    with pytest.raises(DeployError) as caught:
        world.removal().destroy()

    assert (
        "Stack ddb-migrate is still needed; nothing was deleted. Capacity of table orders was "
        f"raised by migration orders-0123456789ab and is not restored yet ({state}); only the "
        "ledger knows the original capacity. Clear the restore task of that DAG run. To delete it "
        "anyway: ddb-migrate destroy --force"
    ) == str(caught.value)
    assert not world.cloudformation.deleted


def test_destroy_refuses_while_a_migration_runs(world: World) -> None:
    """The message names the table, and the migration by its execution."""
    world.hold(execution_arn=RUNNING)
    world.run(RUNNING)

    with pytest.raises(
        DeployError,
        match=r"Execution orders-0123456789ab-a02 of table orders is running\. Wait for it, or",
    ):
        world.removal().destroy()

    assert not world.cloudformation.deleted


def test_an_execution_that_no_lease_knows_is_named_by_itself(world: World) -> None:
    """Somebody may have started the state machine by hand."""
    world.run(f"{RUNNING.rpartition(':')[0]}:by-hand")

    with pytest.raises(DeployError, match=r"Execution by-hand is running\. Wait for it"):
        world.removal().destroy()


def test_force_deletes_all_the_same_and_says_what_is_forgotten(world: World) -> None:
    """What was owed is printed, since nothing else remembers it afterwards."""
    world.hold(capacity_state=CapacityState.RAISED)

    assert world.removal().destroy(force=True)

    assert world.cloudformation.deleted
    assert ["Deleting anyway: Capacity of table orders was raised"] == [
        line.partition(" by migration")[0] for line in world.said[:1]
    ]


@pytest.mark.parametrize(
    "lease",
    [
        None,
        {"state": LeaseState.HELD},
        {"state": LeaseState.FREE, "capacity_state": CapacityState.RESTORED},
    ],
    ids=["no-lease", "nothing-raised", "restored"],
)
def test_destroy_goes_on_when_nothing_is_owed(world: World, lease: dict[str, Any] | None) -> None:
    """Other records of the ledger do not matter, however many."""
    Ledger(world.dynamodb, factories.LEDGER).create_migration(factories.migration_record())
    if lease:
        world.hold(**lease)

    assert world.removal().destroy()
    assert world.cloudformation.deleted


def test_destroy_goes_on_after_a_deletion_that_failed_half_way(world: World) -> None:
    """Ledger and state machine are gone, though the outputs still name them."""
    world.dynamodb.delete_table(TableName=factories.LEDGER)
    world.stepfunctions.page = factories.client_error("StateMachineDoesNotExist")

    assert world.removal().destroy()


def test_destroy_goes_on_with_the_bucket_alone(world: World) -> None:
    """A first deployment that failed has neither ledger nor state machine."""
    world.cloudformation.outputs.clear()

    assert world.removal().destroy()


def test_destroy_that_may_not_look_deletes_nothing(world: World) -> None:
    """Not knowing is no reason to delete; the message names the missing permission."""
    world.stepfunctions.page = factories.client_error("AccessDeniedException")

    with pytest.raises(AccessDeniedError, match=f"states:ListExecutions on {RUNNING[:12]}"):
        world.removal().destroy()

    assert not world.cloudformation.deleted


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        ({"is_protected": True}, r"has termination protection.*Nothing was deleted\. To remove"),
        ({"status": "UPDATE_IN_PROGRESS"}, r"is UPDATE_IN_PROGRESS: it is being updated\. Nothing"),
    ],
    ids=["protected", "in-progress"],
)
def test_what_cloudformation_would_refuse_destroys_nothing(
    world: World, stack: dict[str, Any], words: str
) -> None:
    """There is no S3 in this world: a bucket that is emptied first would fail the test."""
    world.cloudformation = replace(world.cloudformation, **stack)
    world.cloudformation.outputs["Bucket"] = "bucket"

    with pytest.raises(DeployError, match=words):
        world.removal().destroy(force=True)

    assert not world.cloudformation.deleted


def test_a_stuck_stack_is_not_deployed_to(world: World) -> None:
    """It is told what to do before anything is built."""
    world.cloudformation.status = "UPDATE_ROLLBACK_FAILED"

    with pytest.raises(DeployError, match="continue-update-rollback --stack-name ddb-migrate"):
        world.deployment(tables=["orders"]).deploy()


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        (
            {"ok": True, "bindings": '{"orders": ["mine", "*"], "b": ["x", "y"], "*": ["x"]}'},
            "--table 'orders:*,mine' --table b:x,y --table '*:x'",
        ),
        (
            {"ok": False, "error": "unknown action"},
            "--table orders:TRANSFORM --table '*:TRANSFORM'. For TRANSFORM, give the names of the "
            "transforms that may work on the table, as in orders:full_name,other: the deployed "
            "Lambda does not say which. A table without names gets every transform that does not "
            "delete",
        ),
    ],
    ids=["known", "unknown"],
)
def test_a_stack_that_is_made_anew_binds_no_more_than_before(
    world: World, answer: dict[str, Any], options: str
) -> None:
    """Its ledger is gone; its Lambda still knows which transforms may work on which tables."""
    outputs = {"LedgerTable": "gone", "Tables": "orders,*", "FunctionArn": "arn:function:7"}
    world.cloudformation.outputs |= outputs
    world.lambda_.answer = answer

    with pytest.raises(
        DeployError, match="The ledger gone of stack ddb-migrate was deleted"
    ) as caught:
        world.deployment().deploy()

    assert str(caught.value).endswith(f": ddb-migrate deploy --stack-name ddb-migrate {options}")


def test_more_tables_than_fit_are_refused_before_the_bucket_is_made(world: World) -> None:
    """A first deployment, whose fakes have nothing that could be made."""
    world.cloudformation.deleted = True
    tables = [f"table-{number:04}" for number in range(200)]

    with pytest.raises(InvalidInputError, match=r"200 tables do not fit.*--all-tables.*Nothing"):
        world.deployment(tables=tables).deploy()


def test_a_stack_that_is_not_there_is_nothing_to_destroy(world: World) -> None:
    """A second time is no error."""
    world.cloudformation.deleted = True

    assert not world.removal().destroy()
    assert ["Stack ddb-migrate does not exist: nothing to do."] == world.said


def test_tables_that_are_not_named_stay(world: World) -> None:
    """A deployment that is only about code keeps the current set and says nothing of it."""
    world.cloudformation.outputs["Tables"] = "orders,customers"

    deployed = DeployedTransforms(bindings=bindings_of(["customers:mine", "orders"]))
    found = world.deployment()._bindings(deployed)

    assert ("orders", "customers") == found.tables
    assert {"orders": ("*",), "customers": ("mine",)} == found.rows
    assert [] == world.said


def test_a_new_stack_without_tables_is_refused(world: World) -> None:
    """Every table is never a default."""
    world.cloudformation.deleted = True

    with pytest.raises(InvalidInputError, match=r"--table TABLE.*--all-tables"):
        world.deployment().deploy()


def test_a_missing_folder_of_transforms_is_refused_before_aws_is_changed(
    world: World, tmp_path: Path
) -> None:
    """The fakes have nothing that could be changed: a call would fail the test."""
    with pytest.raises(InvalidInputError, match="which is not a folder"):
        world.deployment(tables=["orders"], transforms_dir=tmp_path / "none").deploy()


@pytest.mark.parametrize("has_folder", [False, True])
def test_a_transform_of_the_package_is_not_dropped(
    world: World, tmp_path: Path, *, has_folder: bool
) -> None:
    """With a folder, too: its tables would be bound to it no more."""
    world.cloudformation.outputs["Tables"] = "orders"
    folder = tmp_path if has_folder else None
    deployment = world.deployment(transforms_dir=folder, drop_transforms=["add_updated_at"])

    with pytest.raises(InvalidInputError, match="add_updated_at: this transform is part of"):
        deployment._bundle(lambda_runtime("arm64"))


@pytest.mark.parametrize("table", ["orders", "*"])
def test_a_table_s_arn_names_partition_region_and_account(world: World, table: str) -> None:
    """Every table, when asked for, is still of one account and region."""
    arn = world.deployment()._place.table_arn(table)

    assert f"arn:aws:dynamodb:{factories.REGION}:123456789012:table/{table}" == arn


@pytest.mark.parametrize("name", ["", "1st", "my_stack", "a" * 51])
def test_a_bad_stack_name_is_refused_by_both(world: World, name: str) -> None:
    """Names of the stack's parts are made from it."""
    for act in _ACTS:
        with pytest.raises(InvalidInputError, match="--stack-name is"):
            act(world, name)


_OUTPUTS = dict.fromkeys(OUTPUTS, "x")
_TEMPLATES = {
    "yaml": "Description: x\nMetadata:\n  Other:\n    A: 1\n  AirflowDdbMigrate:\n    A: 1\n",
    "json": {"Metadata": {"AirflowDdbMigrate": {"Template": 1}}},
}
_FOREIGN = {
    "other-outputs": {"tags": {}, "template": "Resources:\n", "outputs": {"Bucket": "theirs"}},
    "tag-of-another-stack": {"tags": {TAG: "else"}},
    "tag-alone": {"template": "Resources:\n"},
    "metadata-alone": {"tags": {}},
    "metadata-of-a-resource": {
        "template": "Resources:\n  A:\n    Metadata:\n      AirflowDdbMigrate: 1\n"
    },
    "json": {"template": {"Metadata": {"Other": {}}}},
    "first-creation-failed": {"status": "ROLLBACK_COMPLETE", "tags": {}, "outputs": {}},
    "their-change-set-waits": {
        "status": "REVIEW_IN_PROGRESS",
        "change_sets": ("ddb-migrate-1", "theirs"),
    },
}
_OURS = {
    "yaml": {"template": _TEMPLATES["yaml"]},
    "json": {"template": _TEMPLATES["json"]},
    "before-the-metadata": {"tags": {}, "template": "Resources:\n", "outputs": _OUTPUTS},
    "half-made-before-the-metadata": {
        "template": "Resources:\n",
        "description": "airflow_ddb_migrate - ledger",
    },
    "our-change-set-waits": {"status": "REVIEW_IN_PROGRESS", "change_sets": ("ddb-migrate-1",)},
    "no-change-set-waits": {"status": "REVIEW_IN_PROGRESS", "tags": {}},
}


@pytest.mark.parametrize("act", _ACTS, ids=["deploy", "destroy"])
@pytest.mark.parametrize("stack", _FOREIGN.values(), ids=_FOREIGN)
def test_another_application_s_stack_is_refused_by_both(
    world: World, act: Callable[[World, str], object], stack: dict[str, Any]
) -> None:
    """Its name is all that it shares; even force does not delete it."""
    world.cloudformation = replace(world.cloudformation, **stack)

    with pytest.raises(DeployError, match=r"was not created by ddb-migrate.*Nothing was changed"):
        act(world, "ddb-migrate")

    assert not world.cloudformation.deleted


@pytest.mark.parametrize("stack", _OURS.values(), ids=_OURS)
def test_a_stack_of_ours_is_recognised(world: World, stack: dict[str, Any]) -> None:
    """By tag and metadata; an older one by what it says of itself, a new one by being empty."""
    known = {"outputs": world.cloudformation.outputs, **stack}
    known["outputs"] = {**known["outputs"], "Bucket": "", "LedgerTable": "", "StateMachineArn": ""}
    world.cloudformation = replace(world.cloudformation, **known)

    assert world.removal().destroy()
    assert world.cloudformation.deleted


def test_the_template_says_that_a_stack_is_ours(world: World) -> None:
    """What recognises it reads the template that is deployed."""
    template = (resources.folder("deploy") / "template.yaml").read_text()
    world.cloudformation = replace(world.cloudformation, template=template)

    assert world.removal().destroy()
