"""The template's functions, as CloudFormation has them."""

import json
from typing import Any

import pytest
from airflow_ddb_migrate import resources
from airflow_ddb_migrate.deployment.rendering import Rendering, StackPlace
from tests.support.policies import (
    ACCOUNT,
    BUCKET,
    REGION,
    STACK,
    TABLES,
    rendered,
    states_arn,
    table_arn,
)

PLACE = StackPlace("aws", REGION, ACCOUNT, STACK)
TEMPLATE = {
    "Parameters": {"Arns": {"Type": "CommaDelimitedList"}, "Name": {"Type": "String"}},
    "Conditions": {
        "HasName": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
        "Both": {"Fn::And": [{"Condition": "HasName"}, {"Fn::Equals": ["a", "a"]}]},
        "Neither": {"Fn::Not": [{"Condition": "Either"}]},
        "Either": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Condition": "HasName"}]},
    },
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/team/"}},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Absent": {"Type": "AWS::S3::Bucket", "Condition": "Neither"},
    },
}


def properties(given: Any, **parameters: str) -> Any:
    """Return a property of a resource as it is rendered."""
    resources_ = {**TEMPLATE["Resources"], "Asked": {"Type": "T", "Properties": {"It": given}}}
    rendering = Rendering(
        json.dumps({**TEMPLATE, "Resources": resources_}),
        {"Arns": "a,b", "Name": "x", **parameters},
        PLACE,
        {"Role": "role-1", "Bucket": "bucket-1"},
    )
    return rendering.made("T")["Asked"].get("It", "nothing")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Ref": "Arns"}, ["a", "b"]),
        ({"Ref": "Bucket"}, "bucket-1"),
        ({"Ref": "AWS::StackName"}, STACK),
        ({"Ref": "AWS::NoValue"}, "nothing"),
        ({"Fn::GetAtt": "Role.Arn"}, f"arn:aws:iam::{ACCOUNT}:role/team/role-1"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::bucket-1"),
        ({"Fn::Sub": "${Bucket.Arn}/${Name}/${!Kept}"}, "arn:aws:s3:::bucket-1/x/${!Kept}"),
        ({"Fn::Sub": ["${One}-${Name}", {"One": {"Ref": "Name"}}]}, "x-x"),
        ({"Fn::Join": ["/", {"Ref": "Arns"}]}, "a/b"),
        ({"Fn::Split": [",", "c,d"]}, ["c", "d"]),
        ({"Fn::Select": [1, {"Ref": "Arns"}]}, "b"),
        ({"Fn::If": ["Both", 1, 2]}, 1),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"a": [{"Fn::If": ["HasName", {"Ref": "AWS::NoValue"}, 1]}, 2]}, {"a": [2]}),
    ],
    ids=str,
)
def test_a_function_is_rendered_as_cloudformation_does(given: Any, expected: Any) -> None:
    assert expected == properties(given)


@pytest.mark.parametrize(
    "given", [{"Ref": "Nobody"}, {"Fn::GetAtt": "Bucket.Url"}, {"Fn::GetAtt": "No.Arn"}], ids=str
)
def test_what_cannot_be_rendered_is_not_guessed(given: Any) -> None:
    with pytest.raises(KeyError):
        properties(given)


def test_a_condition_follows_its_parameter() -> None:
    assert 2 == properties({"Fn::If": ["Both", 1, 2]}, Name="")


@pytest.mark.parametrize("role", ["FunctionRole", "StateMachineRole", "RestoreRole"])
def test_our_roles_are_rendered_as_the_emulator_does(role: str) -> None:
    """Two readers of one template agree on every statement."""
    given = {"CodeKey": "code/0.zip", "Tables": ",".join(TABLES), "PackageVersion": "0"}
    rendering = Rendering(
        (resources.folder("deploy") / "template.yaml").read_text(),
        {**given, "TableArns": ",".join(map(table_arn, TABLES))},
        PLACE,
        {"Bucket": BUCKET, "StateMachine": states_arn("stateMachine", STACK)},
    )

    found = rendering.made("AWS::IAM::Role")[role]
    assert rendered(role)["Policies"] == found["Policies"]
