"""What ``ddb-migrate policy`` prints. An integration test shows that it is enough, and needed."""

import re
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.permissions import policy as policies
from airflow_ddb_migrate.permissions.policy import Audience, policy, policy_chars, policy_text
from airflow_ddb_migrate.permissions.provisioning import PROVISIONING
from airflow_ddb_migrate.permissions.rows import Feature
from airflow_ddb_migrate.permissions.scope import Scope, made_bucket, roles
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from tests.support.policies import listed

DOCS = Path(__file__).parents[2] / "docs"
PLACE = Scope(partition="aws", region="eu-central-1", account="111122223333", bucket="a-bucket")

# What the handlers of CloudFormation may call for properties that the template does not set.
_UNSET = (
    r"dynamodb:.*(Replica|Import|ContributorInsights|KinesisStreamingDestination|ResourcePolicy)\w*",
    r"dynamodb:(Scan|Query|\w+Item)",
    r"kinesis:\w+",
    r"iam:CreateServiceLinkedRole",
    r"kms:\w+",
    r"ec2:\w+",
    r"elasticfilesystem:\w+",
    r"s3files:\w+",
    r"s3tables:\w+",
    r"firehose:\w+",
    r"s3:REST\.PUT\.OBJECT",
    r"iam:(Attach|Detach)RolePolicy",
    r"iam:(Put|Delete)RolePermissionsBoundary",
    r"lambda:(Put|Delete|Get)\w*(CodeSigning|Concurrency|Recursion|Scaling|RuntimeManagement)\w*",
    r"lambda:(AssociateRuntimeAlias|GetLayerVersion|PassCapacityProvider)",
    r"logs:(Create|Describe)LogStreams?",
    r"logs:PutLogEvents",
    r"logs:(Associate|Disassociate)KmsKey",
    r"logs:\w*(DataProtection|IndexPolicy|LogDelivery|BearerToken|ResourcePolicy|DeletionProtection)\w*",
    r"logs:DeleteRetentionPolicy",
    r"s3:(Create|Put|Delete|Update)\w*(Accelerate|Analytics|Abac|Acl|ACL|CORS|Cors|Inventory|Logging)\w*",
    r"s3:(Create|Put|Delete|Update)\w*(Metadata|Metrics|Notification|ObjectLock|OwnershipControls)\w*",
    r"s3:(Create|Put|Delete|Update)\w*(Replication|Tiering|Versioning|Website)\w*",
    r"s3:(DeleteBucketTagging|DeleteBucketEncryption|DeleteBucketLifecycle|DeleteObject|GetBucketAcl)",
    r"s3:(GetObjectMetadata|GetObjectVersion)",
)


def handlers() -> dict[str, set[str]]:
    """Return what CloudFormation's registry says of each type: ``read`` and ``all`` actions."""
    template = (resources.folder("deploy") / "template.yaml").read_text()
    found: dict[str, set[str]] = {"read": set(), "all": set()}
    for kind in set(re.findall(r"Type: (AWS::\w+::\w+)", template)):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        by_verb = schema["handlers"]
        found["read"] |= set(by_verb["read"]["permissions"])
        for verb in ("create", "read", "update", "delete"):
            found["all"] |= set(by_verb.get(verb, {}).get("permissions", ()))
        found["all"] |= set((schema.get("tagging") or {}).get("permissions") or ())
    return found


def actions(document: dict[str, Any]) -> set[str]:
    return {action for row in document["Statement"] for action in listed(row["Action"])}


def test_the_documented_policy_is_what_the_command_prints() -> None:
    """Run: ddb-migrate policy --for airflow > docs/airflow-policy.json."""
    printed = policy_text(policy(Audience.AIRFLOW, Scope()))

    assert printed + "\n" == (DOCS / "airflow-policy.json").read_text()


def test_cloudformation_may_call_what_its_handlers_call_for_our_template() -> None:
    """Whatever else they list belongs to a property that we do not set, and is known as such."""
    ours = {action for row in PROVISIONING for action in row.actions}
    listed_by_aws = handlers()["all"]

    assert set() == ours - listed_by_aws
    left = listed_by_aws - ours
    assert [] == [each for each in sorted(left) if not any(re.fullmatch(p, each) for p in _UNSET)]


def test_what_is_left_out_has_a_reason_that_is_still_true() -> None:
    """A pattern that matches nothing any more is none."""
    left = handlers()["all"] - {action for row in PROVISIONING for action in row.actions}

    assert [] == [p for p in _UNSET if not any(re.fullmatch(p, each) for each in left)]


def test_cloudformation_may_read_all_that_it_makes() -> None:
    """It reads back each property of a type, set or not; a key's only if there is one."""
    ours = {action for row in PROVISIONING for action in row.actions}

    assert {"kms:Decrypt"} == handlers()["read"] - ours


def test_who_deploys_may_do_what_cloudformation_does() -> None:
    """Without a service role it acts with the rights of who called it."""
    deployer, service = (policy(each, PLACE) for each in (Audience.DEPLOYER, "cloudformation"))

    assert actions(service) < actions(deployer)


@pytest.mark.parametrize("audience", Audience)
def test_no_statement_is_wider_than_it_has_to_be(audience: Audience) -> None:
    """No action has a star; all resources only where AWS knows no other."""
    document = policy(audience, PLACE)

    assert [] == [action for action in actions(document) if "*" in action]
    anywhere = [row["Sid"] for row in document["Statement"] if "*" in listed(row["Resource"])]
    assert {*anywhere} <= {"LookAtScaling", "ScalingOfTables", "Plan", "FindLogGroups"}
    names = [row["Sid"] for row in document["Statement"]]
    assert len(names) == len(set(names))


def test_roles_can_be_passed_to_lambda_and_step_functions_only() -> None:
    """A role that could go to EC2 would be a way to use its rights for something else."""
    rows = [row for row in policy(Audience.DEPLOYER, PLACE)["Statement"] if "PassRole" in str(row)]

    (row,) = rows
    assert {"iam:PassRole"} == {*listed(row["Action"])}
    passed = row["Condition"]["StringEquals"]["iam:PassedToService"]
    assert ["lambda.amazonaws.com", "states.amazonaws.com"] == passed
    assert [*roles(PLACE)] == row["Resource"]


def test_each_table_is_named() -> None:
    scope = Scope(tables=("orders", "customers"), account="111122223333")

    rows = {row["Sid"]: row for row in policy(Audience.AIRFLOW, scope)["Statement"]}

    assert [
        "arn:${Partition}:dynamodb:${Region}:111122223333:table/orders",
        "arn:${Partition}:dynamodb:${Region}:111122223333:table/customers",
    ] == rows["LookAtTheTable"]["Resource"]


def test_features_that_are_not_used_leave_nothing_behind() -> None:
    """Neither an action nor a statement."""
    document = policy(Audience.AIRFLOW, PLACE, [Feature.VERIFY])

    assert "dynamodb:UpdateTable" not in actions(document)
    left = {row["Sid"] for row in document["Statement"]}
    assert set() == left & {"ItsCapacity", "Backups", "Plan", "LookAtScaling", "FindThem"}


@pytest.mark.parametrize(
    ("stack", "pattern"),
    [
        ("ddb-migrate", "ddb-migrate-bucket-*"),
        ("Orders", "orders-bucket-*"),
        ("a" * 30, f"{'a' * 24}*-bucket-*"),
    ],
)
def test_the_bucket_is_known_by_how_cloudformation_will_name_it(stack: str, pattern: str) -> None:
    """A long name of a stack is cut in it."""
    assert pattern == made_bucket(stack)


def test_iam_counts_no_white_space() -> None:
    assert len('{"Version":"2012-10-17","Statement":[]}') == policy_chars(
        {"Version": "2012-10-17", "Statement": []}
    )
    assert policy_chars(policy(Audience.AIRFLOW, PLACE)) < policies.MANAGED_POLICY_CHARS
