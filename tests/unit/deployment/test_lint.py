"""The template and every policy before AWS's own rules: cfn-lint, which knows IAM's actions."""

import json
from typing import Any

import pytest
import yaml
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.permissions.policy import Audience
from cfnlint.api import ManualArgs, lint
from tests.support.policies import function_arn, policy_for, table_arn

# One of each partition, and one that lacks much.
REGIONS = ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"]
# That of a resource an action is about is only told when it is asked for.
_RESOURCES = "I3510"
# An empty default is no value at all: conditions keep it out of every resource.
_OF_EMPTY_DEFAULTS = {"W1030", "W1033"}
_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_ROLE = "arn:aws:iam::123456789012:role/migrations"
GIVEN = {
    "CodeBucket": "code-of-all-teams",
    "CodeKey": "code/0.zip",
    "CodeHash": "0" * 64,
    "CodeSha256": "Zm9v",
    "DefinitionKey": "code/1.json",
    "Tables": "orders,users",
    "TableArns": [table_arn(), table_arn("users")],
    "Transforms": "add_updated_at",
    "KeptLedger": "",
    "KeptBucket": "",
    "Republished": "",
    "PackageVersion": "1.0.0",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/bound",
    "RolePath": "/teams/data/",
    "RolePrefix": "data-",
    "FunctionRoleArn": "",
    "StateMachineRoleArn": "",
    "RestoreRoleArn": "",
    "SubnetIds": ["subnet-0123456789abcdef0"],
    "SecurityGroupIds": ["sg-0123456789abcdef0"],
    "KmsKeyArn": _KEY,
    "TableKmsKeyArns": [_KEY],
    "LogRetentionDays": 90,
    "UndoRetentionDays": 90,
    "BreakGlassArn": "",
    "Architecture": "arm64",
    "Metrics": "migration",
    "AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:ops",
}
KEPT = {
    **GIVEN,
    "Tables": "*",
    "TableArns": ["*"],
    "CodeBucket": "",
    "KeptLedger": "ddb-migrate-ledger",
    "KeptBucket": "ddb-migrate-bucket",
    "FunctionRoleArn": _ROLE,
    "StateMachineRoleArn": _ROLE,
    "RestoreRoleArn": _ROLE,
}


def template_text() -> str:
    return (resources.folder("deploy") / "template.yaml").read_text()


def parameters() -> set[str]:
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor("!", lambda *_: None)
    return set(yaml.load(template_text(), loader)["Parameters"])


def found(text: str, given: dict[str, Any] | None = None) -> list[str]:
    """Return what cfn-lint says in any of the regions."""
    known = (
        [{name: value for name, value in given.items() if name in parameters()}] if given else []
    )
    asked = ManualArgs(regions=REGIONS, include_checks=[_RESOURCES], parameters=known)
    matches = lint(text, config=asked)
    return [f"{m.rule.id} {m.message}" for m in matches if m.rule.id not in _OF_EMPTY_DEFAULTS]


@pytest.mark.parametrize("given", [None, GIVEN, KEPT], ids=["defaults", "all given", "all kept"])
def test_the_template_is_valid_in_every_partition(given: dict[str, Any] | None) -> None:
    """As it is, and with its parameters filled in: types, properties, references, policies."""
    assert [] == found(template_text(), given)


def test_every_parameter_is_filled_in_here() -> None:
    """One without a value here would be linted with its default alone."""
    assert set() == parameters() - GIVEN.keys()


@pytest.mark.story
@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("dynamodb:Scan", "dynamodb:ScanX", "W3037"),
        ("MemorySize", "MemorySiz", "E3002"),
        ("!Ref TableArns", '"arn:aws:s3:::orders"', _RESOURCES),
    ],
)
def test_a_mistake_would_be_found(right: str, wrong: str, rule: str) -> None:
    """An unknown action, an unknown property, an action on a resource of another service."""
    assert rule in " ".join(found(template_text().replace(right, wrong, 1), GIVEN))


@pytest.mark.parametrize("audience", Audience)
def test_the_policies_for_people_and_programs_are_valid(audience: Audience) -> None:
    """Their actions exist, and are about the resources that stand beside them."""
    assert [] == found(_as_template(policy_for(audience).document))


def test_a_mistake_in_a_policy_would_be_found() -> None:
    """An action that IAM does not know, and one of another service than its resource."""
    rows = [
        {"Effect": "Allow", "Action": "dynamodb:Skan", "Resource": table_arn()},
        {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": function_arn("orders")},
    ]
    rules = found(_as_template({"Version": "2012-10-17", "Statement": rows}))

    assert {"W3037", _RESOURCES} == {rule.partition(" ")[0] for rule in rules}


def _as_template(document: Any) -> str:
    properties = {"PolicyDocument": document}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    return json.dumps({"Resources": {"Policy": policy}})
