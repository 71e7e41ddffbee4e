"""What ``ddb-migrate policy`` prints. An integration test shows that it is enough, and needed."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.permissions import policy as policies
from airflow_ddb_migrate.permissions.policy import Audience, policy, policy_chars, policy_text
from airflow_ddb_migrate.permissions.provisioning import PROVISIONING
from airflow_ddb_migrate.permissions.rows import Feature
from airflow_ddb_migrate.permissions.scope import ALARMS, Scope, made_bucket, roles
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
    r"elasticfilesystem:\w+",
    r"s3files:\w+",
    r"s3tables:\w+",
    r"firehose:\w+",
    r"s3:REST\.PUT\.OBJECT",
    r"iam:(Attach|Detach)RolePolicy",
    r"lambda:(Put|Delete|Get)\w*(CodeSigning|Concurrency|Recursion|Scaling|RuntimeManagement)\w*",
    r"lambda:(AssociateRuntimeAlias|GetLayerVersion|PassCapacityProvider)",
    r"logs:(Create|Describe)LogStreams?",
    r"logs:PutLogEvents",
    r"logs:\w*(DataProtection|IndexPolicy|LogDelivery|BearerToken|ResourcePolicy|DeletionProtection)\w*",
    r"logs:DeleteRetentionPolicy",
    r"s3:(Create|Put|Delete|Update)\w*(Accelerate|Analytics|Abac|Acl|ACL|CORS|Cors|Inventory|Logging)\w*",
    r"s3:(Create|Put|Delete|Update)\w*(Metadata|Metrics|Notification|ObjectLock|OwnershipControls)\w*",
    r"s3:(Create|Put|Delete|Update)\w*(Replication|Tiering|Website)\w*",
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
    """It reads back each property of a type, set or not."""
    ours = {action for row in PROVISIONING for action in row.actions}

    assert set() == handlers()["read"] - ours


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


# What only some options of deploy need

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234"
OWN = "arn:aws:iam::111122223333:role/own"


def statements(audience: Audience, service_role: str = "", **parameters: str) -> dict[str, Any]:
    scope = replace(PLACE, parameters=parameters, service_role=service_role)
    return {row["Sid"]: row for row in policy(audience, scope)["Statement"]}


def test_who_passes_a_service_role_needs_nothing_of_what_it_does() -> None:
    """But to pass it, to CloudFormation alone."""
    rows = statements(Audience.DEPLOYER, service_role=OWN)

    passing = rows["PassTheServiceRole"]
    assert (OWN, {"iam:PassedToService": "cloudformation.amazonaws.com"}) == (
        passing["Resource"],
        passing["Condition"]["StringEquals"],
    )
    assert set() == rows.keys() & {"Roles", "Functions", "LedgerTable", "PassRoles"}


@pytest.mark.parametrize("audience", Audience)
def test_a_key_of_one_s_own_is_used_by_all_who_use_ledger_or_bucket(audience: Audience) -> None:
    """Through DynamoDB and S3, but for CloudFormation, which gives it to its resources."""
    assert "kms:" not in str(statements(audience))
    rows = [row for row in statements(audience, KmsKeyArn=KEY).values() if "kms:" in str(row)]

    assert [KEY] == [*{row["Resource"] for row in rows}]
    bound = [row["Sid"] for row in rows if "kms:ViaService" in str(row.get("Condition"))]
    assert (audience is not Audience.CLOUDFORMATION) == bool(bound)


def test_who_looks_may_only_decrypt() -> None:
    key = statements(Audience.VIEWER, KmsKeyArn=KEY)["KeyOfLedgerAndBucket"]

    assert ["kms:Decrypt", "kms:DescribeKey"] == key["Action"]


def test_roles_are_those_that_are_made_and_others_are_only_passed() -> None:
    """By their names, where they have one."""
    rows = statements(
        Audience.CLOUDFORMATION,
        RolePath="/data/",
        RolePrefix="acme-",
        RestoreRoleArn=OWN,
        PermissionsBoundary="arn:aws:iam::111122223333:policy/b",
    )

    root = "arn:aws:iam::111122223333:role/data/acme-ddb-migrate-eu-central-1"
    made = [f"{root}-transform", f"{root}-machine"]
    assert made == rows["Roles"]["Resource"] == rows["Boundary"]["Resource"]
    assert [*made, OWN] == rows["PassRoles"]["Resource"]


def test_without_roles_to_make_none_is_made() -> None:
    names = ("FunctionRoleArn", "StateMachineRoleArn", "RestoreRoleArn")

    rows = statements(Audience.CLOUDFORMATION, **dict.fromkeys(names, OWN))

    assert ("Roles" not in rows, OWN) == (True, rows["PassRoles"]["Resource"])


def test_a_vpc_is_looked_at() -> None:
    assert (
        "ec2:DescribeSubnets" in statements(Audience.DEPLOYER, SubnetIds="s")["Network"]["Action"]
    )
    assert "Network" not in statements(Audience.DEPLOYER)


def test_alarms_are_made_where_they_have_a_topic() -> None:
    """By their names: those of others are others'."""
    topic = "arn:aws:sns:eu-central-1:111122223333:ops"
    row = statements(Audience.DEPLOYER, AlarmTopicArn=topic)["Alarms"]

    root = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:ddb-migrate"
    assert [f"{root}-{name}" for name in ALARMS] == row["Resource"]
    assert {"cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"} < {*row["Action"]}
    assert "Alarms" not in statements(Audience.DEPLOYER)
