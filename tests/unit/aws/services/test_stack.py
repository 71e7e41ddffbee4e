"""The stack as its outputs describe it, and the words for a stack that cannot be used."""

from typing import Any

import boto3
import pytest
from airflow_ddb_migrate.aws.services.stack import Stack, find_stack
from airflow_ddb_migrate.core.errors import AccessDeniedError, StackNotFoundError
from botocore.stub import Stubber

OUTPUTS = {
    "StateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:ddb-migrate",
    "LedgerTable": "ddb-migrate-ledger",
    "Bucket": "ddb-migrate-bucket",
    "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:ddb-migrate-transform:3",
    "FunctionName": "ddb-migrate-transform",
    "LogGroup": "/aws/lambda/ddb-migrate-transform",
    "Tables": "orders,customers",
    "Transforms": "add_updated_at",
    "CodeHash": "0123456789abcdef",
    "PackageVersion": "0.1.0",
    "CodeSha256": "c2hhMjU2",
}


@pytest.fixture
def cloudformation() -> Any:
    return boto3.client("cloudformation", region_name="eu-west-1")


def make_stack(**changes: Any) -> Stack:
    fields = {
        "name": "ddb-migrate",
        "region": "eu-west-1",
        "state_machine_arn": OUTPUTS["StateMachineArn"],
        "ledger_table": OUTPUTS["LedgerTable"],
        "bucket": OUTPUTS["Bucket"],
        "function_arn": OUTPUTS["FunctionArn"],
        "function_name": OUTPUTS["FunctionName"],
        "log_group": OUTPUTS["LogGroup"],
        "tables": ("orders", "customers"),
        "transforms": ("add_updated_at",),
        "code_hash": OUTPUTS["CodeHash"],
        "version": OUTPUTS["PackageVersion"],
        "code_sha256": OUTPUTS["CodeSha256"],
    }
    return Stack(**{**fields, **changes})


def find(cloudformation: Any, outputs: dict[str, str], status: str = "CREATE_COMPLETE") -> Stack:
    stack = {
        "StackName": "ddb-migrate",
        "StackStatus": status,
        "CreationTime": "2026-01-01T00:00:00Z",
        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
    }
    with Stubber(cloudformation) as stub:
        stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "ddb-migrate"})
        return find_stack(cloudformation, "ddb-migrate")


def find_refused(cloudformation: Any, code: str, message: str) -> Stack:
    with Stubber(cloudformation) as stub:
        stub.add_client_error("describe_stacks", code, message)
        return find_stack(cloudformation, "ddb-migrate")


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_is_read_from_its_outputs(cloudformation: Any, status: str) -> None:
    """A rolled back update left the former stack, which works."""
    assert make_stack() == find(cloudformation, OUTPUTS, status)


def test_a_stack_that_is_not_there_says_region_and_command(cloudformation: Any) -> None:
    """The usual reasons are another region, another name, or nobody deployed yet."""
    with pytest.raises(StackNotFoundError) as caught:
        find_refused(cloudformation, "ValidationError", "Stack with id ddb-migrate does not exist")

    assert (
        "Stack 'ddb-migrate' is not deployed in eu-west-1. Check stack name and region, or run: "
        "ddb-migrate deploy --stack-name ddb-migrate --region eu-west-1 --table TABLE"
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("outputs", "status", "message"),
    [
        ({"Bucket": "b"}, "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS and it lacks CodeHash, "),
        ({}, "ROLLBACK_COMPLETE", "its status is ROLLBACK_COMPLETE"),
        (OUTPUTS, "DELETE_IN_PROGRESS", "its status is DELETE_IN_PROGRESS"),
    ],
    ids=["first-deployment", "failed", "being-deleted"],
)
def test_a_stack_that_is_not_complete_says_what_is_missing(
    cloudformation: Any, outputs: dict[str, str], status: str, message: str
) -> None:
    """Between the two steps of a first deployment there is only the bucket."""
    with pytest.raises(StackNotFoundError, match=message):
        find(cloudformation, outputs, status)


def test_access_denied_is_not_taken_for_a_missing_stack(cloudformation: Any) -> None:
    """The message names the permission."""
    with pytest.raises(AccessDeniedError, match="cloudformation:DescribeStacks on stack ddb-migr"):
        find_refused(cloudformation, "AccessDenied", "no")


@pytest.mark.parametrize(
    ("tables", "expected"),
    [(("orders",), True), (("order",), False), (("*",), True), ((), False)],
)
def test_a_stack_allows_the_tables_it_was_deployed_for(
    tables: tuple[str, ...], expected: bool
) -> None:
    """Names are compared whole; '*' is every table."""
    assert expected == make_stack(tables=tables).allows("orders")
