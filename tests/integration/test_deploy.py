"""Deploy and destroy on the embedded stack, by the code that deploys to AWS."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from airflow_ddb_migrate.aws.clients import Clients
from airflow_ddb_migrate.aws.services.stack import (
    Stack,
    describe_stack,
    find_stack,
    stack_outputs,
    stack_parameters,
)
from airflow_ddb_migrate.aws.services.stack_identity import TAG
from airflow_ddb_migrate.core.errors import (
    CodeMismatchError,
    DeployError,
    InvalidInputError,
    StackNotFoundError,
    TransformError,
)
from airflow_ddb_migrate.deployment import changeset
from airflow_ddb_migrate.deployment import deploy as deployment
from airflow_ddb_migrate.deployment.deploy import Deployment
from airflow_ddb_migrate.deployment.destroy import Removal
from airflow_ddb_migrate.deployment.keeping.bucket_removal import remove_bucket
from airflow_ddb_migrate.deployment.keeping.kept_data import find_kept, is_there
from airflow_ddb_migrate.deployment.packaging.bundle import build
from airflow_ddb_migrate.deployment.sizes import role_policy_chars
from tests.support.factories import SHIPPED_TRANSFORMS

IDENTITY = "def transform(item, context):\n    return item\n"


@dataclass(slots=True)
class Deployer:
    """Deploys under one stack name and keeps what was said."""

    clients: Clients
    stack_name: str
    said: list[str] = field(default_factory=list)

    def deployment(
        self, tables: Sequence[str] = (), transforms_dir: Path | None = None
    ) -> Deployment:
        self.said.clear()
        return Deployment(
            clients=self.clients,
            stack_name=self.stack_name,
            tables=tables,
            transforms_dir=transforms_dir,
            say=self.said.append,
            poll_seconds=0.1,
        )

    def removal(self) -> Removal:
        self.said.clear()
        return Removal(
            clients=self.clients,
            stack_name=self.stack_name,
            say=self.said.append,
            poll_seconds=0.1,
        )

    def deploy(self, *tables: str, transforms_dir: Path | None = None) -> Stack:
        return self.deployment(tables, transforms_dir).deploy()

    @property
    def exists(self) -> bool:
        return describe_stack(self.clients.cloudformation, self.stack_name) is not None


@pytest.fixture
def deployer(clients: Clients, request: pytest.FixtureRequest) -> Iterator[Deployer]:
    """A deployer whose stack is destroyed after the test."""
    deployer = Deployer(clients, request.node.name.replace("_", "-")[:50].strip("-"))
    yield deployer
    deployer.removal().destroy(delete_data=True)


@pytest.fixture
def transforms_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "transforms"
    folder.mkdir()
    (folder / "mine.py").write_text(IDENTITY)
    return folder


def test_a_deployed_stack_is_found_with_all_it_made(deployer: Deployer) -> None:
    """Deploy returns what find_stack reads from the outputs, for the tables that were named."""
    stack = deployer.deploy("orders", "customers")

    assert stack == find_stack(deployer.clients.cloudformation, deployer.stack_name)
    assert ("orders", "customers") == stack.tables
    assert SHIPPED_TRANSFORMS == stack.transforms
    assert stack.state_machine_arn.endswith(f":stateMachine:{deployer.stack_name}")
    assert stack.function_arn.endswith(f":function:{deployer.stack_name}-transform:1")
    assert (True, False) == (stack.allows("orders"), stack.allows("invoices"))


def test_events_are_told_while_it_waits(deployer: Deployer) -> None:
    """A person sees each resource as CloudFormation makes it."""
    deployer.deploy("orders")

    assert any("_COMPLETE" in line and "LedgerTable" in line for line in deployer.said)


@pytest.mark.story
def test_deploying_twice_changes_nothing(deployer: Deployer) -> None:
    """The second time nothing is uploaded, and the change set is put away."""
    first = deployer.deploy("orders")

    second = deployer.deploy("orders")

    assert first == second
    nothing, writer = deployer.said
    assert f"Stack {deployer.stack_name}: nothing to change." == nothing
    assert writer.startswith("Writer: conditional batches")
    assert "Shortcuts past botocore: reading pages, reading answers of batches" in writer
    left = deployer.clients.cloudformation.list_change_sets(StackName=deployer.stack_name)
    assert [] == [row for row in left["Summaries"] if row["Status"] == "FAILED"]


def test_new_code_is_a_new_version_and_the_old_one_stays(
    deployer: Deployer, transforms_dir: Path
) -> None:
    """Executions that run call the version they started with."""
    first = deployer.deploy("orders")

    second = deployer.deploy("orders", transforms_dir=transforms_dir)

    assert "Shipped: mine.py (46 bytes)" in deployer.said
    assert {*SHIPPED_TRANSFORMS, "mine"} == set(second.transforms)
    assert first.code_hash != second.code_hash
    assert [True, False] == [_knows(deployer, stack, "mine") for stack in (second, first)]
    assert second.function_arn in _definition(deployer, second)


def test_a_zip_that_is_changed_after_its_upload_is_found_before_it_is_called(
    deployer: Deployer, transforms_dir: Path
) -> None:
    """Between upload and change set; on AWS the version is not even published."""
    s3 = deployer.clients.s3

    def tamper(words: str) -> None:
        if words.startswith("Uploaded code/") and ".zip" in words:
            body = build(transforms_dir).content
            s3.put_object(Bucket=_bucket(deployer), Key=words.split()[1], Body=body)

    with pytest.raises(
        CodeMismatchError, match=r"function:.*-transform:1 has SHA-256 .*CloudTrail"
    ):
        replace(deployer.deployment(["orders"]), say=tamper).deploy()


@pytest.mark.story
def test_old_code_again_is_one_more_version(deployer: Deployer, transforms_dir: Path) -> None:
    """Going back to code that was deployed before works, without a new upload."""
    first = deployer.deploy("orders")
    deployer.deploy("orders", transforms_dir=transforms_dir)

    third = replace(deployer.deployment(), drop_transforms=["mine"]).deploy()

    assert first.code_hash == third.code_hash
    ours = ", ".join(SHIPPED_TRANSFORMS)
    both = ", ".join(sorted((*SHIPPED_TRANSFORMS, "mine")))
    assert f"Transforms: {both} -> {ours}" in deployer.said
    assert [] == [line for line in deployer.said if line.startswith("Uploaded")]
    assert not _knows(deployer, third, "mine")


@pytest.mark.story
def test_tables_stay_when_none_is_named(deployer: Deployer) -> None:
    """A deployment that is only about code does not ask for the tables again."""
    deployer.deploy("orders", "customers")

    assert ("orders", "customers") == deployer.deploy().tables


@pytest.mark.story
def test_tables_are_added_and_dropped_by_name(deployer: Deployer) -> None:
    """What changes is printed."""
    deployer.deploy("orders", "customers")

    assert ("orders", "customers", "invoices") == deployer.deploy("invoices").tables
    assert "Tables: orders, customers -> orders, customers, invoices" in deployer.said
    dropping = replace(deployer.deployment(), drop_tables=["orders"])
    assert ("customers", "invoices") == dropping.deploy().tables
    statements = _function_statements(deployer)
    assert 2 == len(statements["MigratedTables"]["Resource"])


@pytest.mark.story
def test_own_transforms_stay_until_they_are_dropped_by_name(
    deployer: Deployer, transforms_dir: Path
) -> None:
    """Without the folder what is deployed is deployed again; with it, it is all that there is."""
    first = deployer.deploy("orders", transforms_dir=transforms_dir)

    assert first == deployer.deploy()
    assert f"Stack {deployer.stack_name}: nothing to change." in deployer.said
    (transforms_dir / "mine.py").rename(transforms_dir / "other.py")
    with pytest.raises(InvalidInputError, match=r"transforms: mine\. .*--drop-transform mine"):
        deployer.deploy(transforms_dir=transforms_dir)
    dropping = replace(deployer.deployment((), transforms_dir), drop_transforms=["mine"])
    assert {*SHIPPED_TRANSFORMS, "other"} == set(dropping.deploy().transforms)


def test_the_function_may_touch_the_named_tables_and_the_ledger_only(deployer: Deployer) -> None:
    """Every DynamoDB statement of the role names its tables by their whole ARN."""
    deployer.deploy("orders")

    statements = _function_statements(deployer)
    prefix = "arn:aws:dynamodb:us-east-1:000000000000:table/"
    assert [f"{prefix}orders"] == statements["MigratedTables"]["Resource"]
    assert f"{prefix}{deployer.stack_name}-ledger" == statements["Ledger"]["Resource"]
    assert "*" not in json.dumps([s["Action"] for s in statements.values()])


def test_the_safety_net_may_change_the_capacity_of_the_named_tables_and_their_indexes(
    deployer: Deployer,
) -> None:
    """Each by its whole ARN."""
    deployer.deploy("orders", "customers")

    statements = _statements(deployer, "RestoreRole", "restore")
    arns = [f"arn:aws:dynamodb:us-east-1:000000000000:table/{t}" for t in ("orders", "customers")]
    assert arns == statements["MigratedTables"]["Resource"]
    assert [f"{arn}/index/*" for arn in arns] == statements["TheirIndexes"]["Resource"]


def test_the_policies_are_as_large_as_was_computed(deployer: Deployer) -> None:
    """Before anything is made, to the character."""
    deployment = deployer.deployment(["orders", "customers"])
    stack = deployment.deploy()

    template = deployer.clients.cloudformation.get_template(StackName=deployer.stack_name)
    computed = role_policy_chars(
        template["TemplateBody"],
        stack_parameters(_stack(deployer)),
        deployment._place,
        bucket=stack.bucket,
    )
    names = {"FunctionRole": "migrate", "RestoreRole": "restore", "StateMachineRole": "run-map"}
    made = {role: _policy(deployer, role, name) for role, name in names.items()}
    assert {
        role: len(json.dumps(policy, separators=(",", ":"))) for role, policy in made.items()
    } == computed


def test_a_new_stack_without_tables_is_refused_before_anything_is_made(deployer: Deployer) -> None:
    """No table means every table nowhere."""
    with pytest.raises(InvalidInputError, match="--table TABLE"):
        deployer.deploy()

    assert not deployer.exists


def test_a_broken_transform_is_refused_before_anything_is_made(
    deployer: Deployer, transforms_dir: Path
) -> None:
    """The message names the file, the error and the line."""
    (transforms_dir / "mine.py").write_text("import re\n\nre.missing\n" + IDENTITY)

    with pytest.raises(TransformError, match=r"mine\.py.*AttributeError.*line 3"):
        deployer.deploy("orders", transforms_dir=transforms_dir)

    assert not deployer.exists


def test_a_failed_deployment_quotes_the_first_failure(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names resource and reason, here a version of unchanged code; nothing changed."""
    before = deployer.deploy("orders")
    template = deployment.stack_template
    monkeypatch.setattr(
        deployment, "stack_template", lambda version, **names: template(f"{version}x", **names)
    )

    with pytest.raises(DeployError, match=r"FunctionVersion.*Modify the function") as caught:
        deployer.deploy("orders")

    assert f"Stack {deployer.stack_name} ended as UPDATE_ROLLBACK_COMPLETE." in str(caught.value)
    assert before == find_stack(deployer.clients.cloudformation, deployer.stack_name)


@pytest.mark.story
def test_code_whose_update_failed_can_be_deployed_again(
    deployer: Deployer, transforms_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version that it published is gone with it, so Lambda publishes it anew."""
    function = deployer.deploy("orders").function_name
    with monkeypatch.context() as broken:
        template = deployment.stack_template
        broken.setattr(
            deployment,
            "stack_template",
            lambda version, **names: _broken(template(version, **names)),
        )
        with pytest.raises(DeployError, match="UPDATE_ROLLBACK_COMPLETE"):
            deployer.deploy("orders", transforms_dir=transforms_dir)
    listed = deployer.clients.lambda_.list_versions_by_function(FunctionName=function)
    assert ["$LATEST", "1"] == [version["Version"] for version in listed["Versions"]]

    again = deployer.deploy("orders", transforms_dir=transforms_dir)

    assert "mine" in again.transforms


@pytest.mark.story
def test_the_same_code_is_published_once_more_when_asked(deployer: Deployer) -> None:
    """A new version with the same transforms, so that no approval is void; and then it stays."""
    first = deployer.deploy("orders")

    second = replace(deployer.deployment(), republish=True).deploy()
    third = deployer.deploy()

    assert first.function_arn != second.function_arn == third.function_arn
    assert (first.code_hash, first.code_sha256) == (second.code_hash, second.code_sha256)
    assert f"Stack {deployer.stack_name}: nothing to change." in deployer.said


def test_destroy_leaves_nothing_and_can_be_repeated(deployer: Deployer) -> None:
    """With the data, when that is asked for; a second time there is nothing to do."""
    stack = deployer.deploy("orders")

    assert [True, False] == [deployer.removal().destroy(delete_data=True) for _ in range(2)]
    assert [f"Stack {deployer.stack_name} does not exist: nothing to do."] == deployer.said
    assert stack.ledger_table not in deployer.clients.dynamodb.list_tables()["TableNames"]
    assert not is_there(deployer.clients.s3, stack.bucket)
    with pytest.raises(StackNotFoundError, match="is not deployed in us-east-1"):
        find_stack(deployer.clients.cloudformation, deployer.stack_name)


@pytest.mark.story
def test_the_next_stack_takes_up_ledger_and_bucket_again(deployer: Deployer) -> None:
    """Twice, since it does not own them then; what a migration left is still there."""
    first, clients = deployer.deploy("orders"), deployer.clients
    record = {"pk": {"S": "migration#1"}, "sk": {"S": "plan"}}
    clients.dynamodb.put_item(TableName=first.ledger_table, Item=record)
    clients.s3.put_object(Bucket=first.bucket, Key="migrations/1/undo/0", Body=b"old values")

    for _ in range(2):
        assert deployer.removal().destroy()
        assert f"Kept: ledger {first.ledger_table} and bucket {first.bucket}." in deployer.said[-1]
        again = deployer.deploy("orders")
        assert (first.ledger_table, first.bucket) == (again.ledger_table, again.bucket)

    assert "nothing to change" in " ".join((deployer.deploy(), *deployer.said)[1:])
    found = clients.dynamodb.get_item(TableName=first.ledger_table, Key=record)
    assert record == found["Item"]
    assert clients.s3.head_object(Bucket=first.bucket, Key="migrations/1/undo/0")


@pytest.mark.story
def test_a_bucket_that_somebody_deleted_is_told_and_made_anew(deployer: Deployer) -> None:
    """By destroy, which keeps the ledger, and deploy; each ends."""
    first, clients = deployer.deploy("orders"), deployer.clients
    remove_bucket(clients.s3, first.bucket)

    name = f"--stack-name {deployer.stack_name}"
    with pytest.raises(
        DeployError,
        match=rf"bucket {first.bucket} of stack .* was deleted.*Nothing was changed.*"
        rf"destroy {name}, then.*deploy {name} --table",
    ):
        deployer.deploy()
    assert deployer.removal().destroy()
    second = deployer.deploy("orders")

    assert first.bucket != second.bucket
    assert first.ledger_table == second.ledger_table
    assert deployer.removal().destroy()
    assert second.bucket == find_kept(clients, deployer.stack_name).bucket


def test_a_versioned_bucket_is_deleted_with_the_data(deployer: Deployer) -> None:
    """With every version and marker."""
    stack, s3 = deployer.deploy("orders"), deployer.clients.s3
    s3.put_bucket_versioning(Bucket=stack.bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=stack.bucket, Key="migrations/a", Body=body)
    s3.delete_object(Bucket=stack.bucket, Key="migrations/a")

    assert deployer.removal().destroy(delete_data=True)
    assert not is_there(s3, stack.bucket)


@pytest.mark.story
def test_a_protected_stack_loses_nothing(deployer: Deployer) -> None:
    """Whatever destroy is told."""
    stack, cloudformation = deployer.deploy("orders"), deployer.clients.cloudformation
    protect = partial(cloudformation.update_termination_protection, StackName=deployer.stack_name)
    protect(EnableTerminationProtection=True)

    with pytest.raises(DeployError, match="has termination protection"):
        deployer.removal().destroy(force=True, delete_data=True)
    protect(EnableTerminationProtection=False)

    assert stack == deployer.deploy()


def test_destroy_waits_for_a_migration_that_runs_unless_forced(deployer: Deployer) -> None:
    """An execution of the stack's state machine is told by name, and nothing is deleted."""
    stack = deployer.deploy("orders")
    stepfunctions = deployer.clients.stepfunctions
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
    stepfunctions.update_state_machine(
        stateMachineArn=stack.state_machine_arn, definition=json.dumps(waiting)
    )
    stepfunctions.start_execution(stateMachineArn=stack.state_machine_arn, name="orders-1-a01")

    with pytest.raises(DeployError, match="Execution orders-1-a01 is running"):
        deployer.removal().destroy()

    assert deployer.exists
    assert deployer.removal().destroy(force=True)
    assert not deployer.exists


ACTS: dict[str, Callable[[Deployer], object]] = {
    "deploy": lambda deployer: deployer.deploy("orders"),
    "destroy": lambda deployer: deployer.removal().destroy(force=True),
}


@pytest.mark.parametrize("act", ACTS)
def test_another_application_s_stack_is_refused_and_keeps_its_items(
    clients: Clients, act: str, request: pytest.FixtureRequest
) -> None:
    """`deploy --stack-name shop` over the shop's own stack would delete its table."""
    cloudformation, name = clients.cloudformation, f"shop-{act}"
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(_shop(name)))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    request.addfinalizer(lambda: cloudformation.delete_stack(StackName=name))
    clients.dynamodb.put_item(TableName=name, Item={"id": {"S": "1"}})
    before = describe_stack(cloudformation, name)

    with pytest.raises(DeployError, match=f"Stack {name} .*was not created by ddb-migrate"):
        ACTS[act](Deployer(clients, name))

    assert before == describe_stack(cloudformation, name)
    assert [{"id": {"S": "1"}}] == clients.dynamodb.scan(TableName=name)["Items"]


@pytest.mark.story
def test_an_older_stack_is_recognised_once_and_tagged(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its template has no metadata yet; the next deployment adds it, and the tag."""
    template, wanted = deployment.stack_template, {"Key": TAG, "Value": deployer.stack_name}
    with monkeypatch.context() as older:
        older.setattr(changeset, "TAG", "other")
        older.setattr(
            deployment,
            "stack_template",
            lambda version, **names: _without_metadata(template(version, **names)),
        )
        deployer.deploy("orders")
    assert wanted not in _stack(deployer)["Tags"]

    deployer.deploy("orders", "customers")

    assert wanted in _stack(deployer)["Tags"]
    text = deployer.clients.cloudformation.get_template(StackName=deployer.stack_name)
    assert "AirflowDdbMigrate" in text["TemplateBody"]


def _broken(template: str) -> str:
    """Add a resource that cannot be made: a second version of the same code."""
    broken = """
  Broken:
    Type: AWS::Lambda::Version
    DependsOn: StateMachine
    Properties:
      FunctionName: !Ref Function

Outputs:
"""
    return template.replace("\nOutputs:\n", broken, 1)


def _stack(deployer: Deployer) -> dict:
    return describe_stack(deployer.clients.cloudformation, deployer.stack_name) or {}


def _without_metadata(template: str) -> str:
    start, end = template.index("Metadata:"), template.index("# The first deployment")
    return template[:start] + template[end:]


def _shop(name: str) -> dict:
    table = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    orders = {"Type": "AWS::DynamoDB::Table", "Properties": table}
    return {"Resources": {"Orders": orders}, "Outputs": {"Bucket": {"Value": "theirs"}}}


def _bucket(deployer: Deployer) -> str:
    return stack_outputs(_stack(deployer))["Bucket"]


def _knows(deployer: Deployer, stack: Stack, transform: str) -> bool:
    answer = deployer.clients.lambda_.invoke(
        FunctionName=stack.function_arn,
        Payload=json.dumps({"action": "describe", "transform": transform}),
    )
    return bool(json.loads(answer["Payload"].read())["ok"])


def _definition(deployer: Deployer, stack: Stack) -> str:
    answer = deployer.clients.stepfunctions.describe_state_machine(
        stateMachineArn=stack.state_machine_arn
    )
    return str(answer["definition"])


def _function_statements(deployer: Deployer) -> dict[str, dict[str, object]]:
    return _statements(deployer, "FunctionRole", "migrate")


def _statements(deployer: Deployer, role_id: str, policy: str) -> dict[str, dict[str, object]]:
    document = _policy(deployer, role_id, policy)
    return {statement["Sid"]: statement for statement in document["Statement"]}


def _policy(deployer: Deployer, role_id: str, policy: str) -> dict:
    cloudformation = deployer.clients.cloudformation
    role = cloudformation.describe_stack_resource(
        StackName=deployer.stack_name, LogicalResourceId=role_id
    )["StackResourceDetail"]["PhysicalResourceId"]
    iam = deployer.clients._make("iam")
    return iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
