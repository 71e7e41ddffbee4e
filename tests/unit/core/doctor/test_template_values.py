"""CloudFormation's functions, as far as our template uses them."""

from typing import Any

import pytest
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.core.doctor.template_values import StackValues, UnresolvedError
from airflow_ddb_migrate.doctor.drift import template_from
from tests.support.policies import BUCKET, REGION, STACK, TABLES, rendered, states_arn, table_arn

STACK_ID = f"arn:aws:cloudformation:{REGION}:000000000000:stack/{STACK}/1"
TEMPLATE = {
    "Parameters": {"Arns": {"Type": "CommaDelimitedList"}, "Name": {"Type": "String"}},
    "Conditions": {
        "HasName": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
        "Both": {"Fn::And": [{"Condition": "HasName"}, {"Fn::Equals": ["a", "a"]}]},
        "Either": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Condition": "HasName"}]},
    },
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/team/"}},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Gone": {"Type": "AWS::S3::Bucket"},
    },
}


def values(**parameters: str) -> StackValues:
    return StackValues(
        template=TEMPLATE,
        stack_name=STACK,
        stack_id=STACK_ID,
        parameters={"Arns": "a,b", "Name": "x", **parameters},
        physical_ids={"Role": "role-1", "Bucket": "bucket-1"},
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Ref": "Arns"}, ["a", "b"]),
        ({"Ref": "Bucket"}, "bucket-1"),
        ({"Ref": "AWS::StackName"}, STACK),
        ({"Fn::GetAtt": "Role.Arn"}, "arn:aws:iam::000000000000:role/team/role-1"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::bucket-1"),
        ({"Fn::Sub": "${Bucket.Arn}/${Name}/${!Kept}"}, "arn:aws:s3:::bucket-1/x/${!Kept}"),
        ({"Fn::Sub": ["${One}-${Name}", {"One": {"Ref": "Name"}}]}, "x-x"),
        ({"Fn::Join": ["/", {"Ref": "Arns"}]}, "a/b"),
        ({"Fn::Split": [",", "c,d"]}, ["c", "d"]),
        ({"Fn::If": ["Both", 1, 2]}, 1),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"a": [{"Fn::If": ["HasName", {"Ref": "AWS::NoValue"}, 1]}, 2]}, {"a": [2]}),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
    ],
    ids=str,
)
def test_a_function_is_resolved_as_cloudformation_does(given: Any, expected: Any) -> None:
    assert expected == values().resolve(given)


@pytest.mark.parametrize(
    "given",
    [{"Ref": "Nobody"}, {"Fn::ImportValue": "x"}, {"Fn::GetAtt": "Bucket.Url"}, {"Ref": "Gone"}],
    ids=str,
)
def test_what_cannot_be_resolved_is_said_and_not_guessed(given: Any) -> None:
    with pytest.raises(UnresolvedError):
        values().resolve(given)


def test_a_condition_follows_its_parameter() -> None:
    assert 2 == values(Name="").resolve({"Fn::If": ["Both", 1, 2]})


@pytest.mark.parametrize("role", ["FunctionRole", "StateMachineRole", "RestoreRole"])
def test_our_roles_are_resolved_as_the_emulator_does(role: str) -> None:
    """Two readers of one template agree on every statement."""
    body = (resources.folder("deploy") / "template.yaml").read_text()
    found = StackValues(
        template=template_from(body),
        stack_name=STACK,
        stack_id=STACK_ID,
        parameters=_parameters(template_from(body)),
        physical_ids={
            "Bucket": BUCKET,
            "LedgerTable": f"{STACK}-ledger",
            "Function": f"{STACK}-transform",
            "FunctionLogGroup": f"/aws/lambda/{STACK}-transform",
            "RestoreLogGroup": f"/aws/lambda/{STACK}-restore",
            "StateMachine": states_arn("stateMachine", STACK),
        },
    )

    assert rendered(role)["Policies"] == found.properties(role)["Policies"]


def _parameters(template: Any) -> dict[str, str]:
    defaults = {n: str(row.get("Default", "")) for n, row in template["Parameters"].items()}
    given = {"CodeKey": "code/0.zip", "Tables": ",".join(TABLES), "PackageVersion": "0"}
    return {**defaults, **given, "TableArns": ",".join(map(table_arn, TABLES))}
